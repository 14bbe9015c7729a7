"""A text is tried once: what was found stays true until the text, its template's head or the house changes."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from dispatcher.rulebook import wording
from dispatcher.rulebook.wording import load_wordings
from dispatcher.writing import trial
from dispatcher.writing.trial import check_version
from tests.writing.desk import BODY, META, ROOT, a_version, house_style

GOOD = "This is {{ sender.name }}. " + BODY
BAD = GOOD + " Pay immediately or we will call the police."


pytestmark = pytest.mark.usefixtures("trials_start_as_the_programs_do")


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The texts that went into a process, a list a time."""
    monkeypatch.setattr(trial, "_TRIED", {})
    asked: list[list[str]] = []
    run = trial._run

    def watched(versions, house):
        asked.append([file for version in versions for file in version.files if file != "template.yaml"])
        return run(versions, house)

    monkeypatch.setattr(trial, "_run", watched)
    return asked


def test_only_the_text_that_changed_is_tried_again_and_what_was_found_in_the_others_is_still_said(
    tried,
) -> None:
    first = check_version(a_version(en_sms=BAD, es_sms="Hola. " + BODY), house_style())
    second = check_version(a_version(en_sms=BAD, es_sms="Hola de nuevo. " + BODY), house_style())
    assert _of_english(second) == _of_english(first) != []
    assert check_version(a_version(en_sms=BAD, es_sms="Hola. " + BODY), house_style()) == first
    assert tried == [["en/sms.txt", "es/sms.txt"], ["es/sms.txt"]]


def _of_english(problems):
    return [problem for problem in problems if problem.file == "en/sms.txt"]


def test_all_are_tried_again_under_another_head_or_another_house(tried) -> None:
    check_version(a_version(en_sms=GOOD), house_style())
    check_version(a_version(meta=META + "first_contact: never\n", en_sms=GOOD), house_style())
    check_version(a_version(en_sms=GOOD), replace(house_style(), digest="another"))
    assert len(tried) == 3


def test_a_fault_of_the_version_is_found_whatever_was_tried_before(tried) -> None:
    check_version(a_version(en_sms=GOOD), house_style())
    version = a_version(en_sms=GOOD)
    strange = replace(version, files={**version.files, "en/fax.txt": "Hello"})
    assert [problem.file for problem in check_version(strange, house_style())] == ["en/fax.txt"]
    without = replace(version, files={"en/sms.txt": version.files["en/sms.txt"]})
    assert "template.yaml" in [problem.file for problem in check_version(without, house_style())]


def test_expressions_are_compiled_where_they_are_used_and_travel_as_their_text() -> None:
    load_wordings.cache_clear()
    wording._READ.clear()
    read = load_wordings(ROOT / "config/content")
    italian = read["it"].families[0].patterns
    assert italian._compiled is None
    assert len(list(italian)) == len(italian) > 0
    travelled = pickle.loads(pickle.dumps(italian))
    assert travelled == italian
    assert travelled._compiled is None


def test_the_digest_of_a_house_is_the_same_in_every_process() -> None:
    """The order of a set of words is chance, another one in each process."""
    program = (
        "from dispatcher.writing.language.layouts import _read_out\n"
        "print(_read_out((frozenset({'is', 'the', 'of', 'a'}), {'b': 'x', 'a': 'y'})))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {"[[\"'a'\", \"'is'\", \"'of'\", \"'the'\"], [(\"'a'\", \"'y'\"), (\"'b'\", \"'x'\")]]\n"}
