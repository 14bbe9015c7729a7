"""What a changed list of words to stop or of danger hears no more is said, however it is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dispatcher.people.domain.heard_less import heard_less
from dispatcher.people.domain.optout_words import OptOutTable
from dispatcher.rulebook.optout_words import load_optout_words
from tests.shared import ROOT

CONTENT = ROOT / "config" / "content"
NOW = load_optout_words(CONTENT / "optout_words.yaml")
Change = Callable[[str], str]


def read_with(folder: Path, name: str, change: Change) -> OptOutTable:
    for path in CONTENT.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        changed = change(text) if path.name == name else text
        assert (changed != text) == (path.name == name)
        (folder / path.name).write_text(changed, encoding="utf-8")
    return load_optout_words(folder / "optout_words.yaml")


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("optout_words.yaml", lambda text: text.replace("          - go away\n", "", 1), "'go away' stops nothing any more"),
        ("optout_words.yaml", lambda text: text.replace("[start, unstop,", "[start, quit, unstop,", 1).replace("          - quit\n", "", 1), "'quit' stops nothing any more"),
        ("optout_words.yaml", lambda text: text.replace("[wrong number, wrong person,", "[wrong person,", 1), "'wrong number' stops nothing any more"),
        ("care_words.yaml", lambda text: text.replace("suicide, suicidal,", "", 1), "'suicidal' is no word of danger any more"),
    ],
)  # fmt: skip
def test_a_word_that_is_lost_is_named(tmp_path: Path, name: str, change: Change, said: str) -> None:
    assert said in heard_less(NOW, read_with(tmp_path, name, change))


def test_a_word_more_takes_nothing_away(tmp_path: Path) -> None:
    more = read_with(
        tmp_path,
        "optout_words.yaml",
        lambda text: text.replace("          - quit\n", "          - quit\n          - begone\n", 1),
    )
    assert heard_less(NOW, more) == []
    assert heard_less(more, NOW) == ["'begone' stops nothing any more"]


def test_every_word_of_the_list_in_force_is_heard_by_itself() -> None:
    assert heard_less(NOW, NOW) == []
