"""What was decided can be judged again from the export of the log alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from dispatcher.gate.decision import Outcome
from dispatcher.gate.gate import decide
from dispatcher.gate.grounds import grounds, same_grounds
from dispatcher.people.domain.optout_words import OptOutTable
from dispatcher.rulebook.contact_facts import UnknownKeys, parse_facts
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.rulebook.questions import answer
from tests.command import dispatcher
from tests.gate.facts_made_up import facts as any_facts
from tests.shared import ROOT

BOOK = load_rule_packs(ROOT / "config" / "rules")
WORDS: OptOutTable = load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")


@given(any_facts())
def test_facts_written_and_read_again_are_decided_alike(facts: Any) -> None:
    packs = BOOK.named(["default", "us-regf", "us-tcpa", "mx-condusef"])
    written = json.loads(json.dumps(grounds(facts, [pack.stamp for pack in packs])))
    read = parse_facts(written, WORDS)
    assert not isinstance(read, UnknownKeys), read.detail
    first, second = decide(facts, packs), decide(read, packs)
    assert (second.outcome, second.not_before) == (first.outcome, first.not_before)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The log of the sample's day, planned and not yet delivered."""
    home: Path = tmp_path_factory.mktemp("grounds")
    for words in (
        ("portfolio", "sample", "--out", home / "sample.csv"),
        ("portfolio", "import", home / "sample.csv", "--as-of", "2026-11-16"),
        ("plan", "--as-of", "2026-11-16", "--now", "2026-11-16T14:30:00Z"),
        ("log", "export", "--out", home / "log.jsonl"),
    ):
        done = dispatcher(*words, home=home)
        assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in (home / "log.jsonl").read_text().splitlines()]


def test_every_message_of_a_run_is_judged_alike_from_the_export_alone(exported: list[dict[str, Any]]) -> None:
    planned = [line for line in exported if line.get("event") == "planned" and line.get("message_id")]
    assert len(planned) > 100
    for line in planned:
        [facts] = line["personal"]["grounds"]
        decision = answer(facts, BOOK, WORDS)
        assert decision.outcome.value == line["decision"], line
        assert [reason.to_json() for reason in decision.reasons] == [
            {key: each[key] for key in reason.to_json()}
            for each, reason in zip(line["reasons"] or (), decision.reasons, strict=True)
        ]


def test_a_refusal_keeps_what_each_try_and_the_file_said(exported: list[dict[str, Any]]) -> None:
    refused = [
        line for line in exported if line.get("event") in {"blocked", "deferred"} and not line["message_id"]
    ]
    assert len(refused) > 30
    for line in refused:
        assert line["personal"]["inputs"]["debts"]
        outcomes = {answer(facts, BOOK, WORDS).outcome for facts in line["personal"]["grounds"]}
        assert Outcome.ALLOW not in outcomes


SAMPLE = "2026-11-16"


@pytest.fixture(scope="module")
def run_of_two_days(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The log of the sample's run; between its plan and its attempts somebody recorded what does not keep it back."""
    home: Path = tmp_path_factory.mktemp("attempts")
    wish = ("record", "wish", "acme/00009", "--no-contact", "SU 00:00-24:00")
    for words in (
        ("portfolio", "sample", "--out", home / "sample.csv"),
        ("portfolio", "import", home / "sample.csv", "--as-of", SAMPLE),
        ("plan", "--as-of", SAMPLE, "--now", f"{SAMPLE}T14:30:00Z"),
        (*wish, "--now", f"{SAMPLE}T14:31:00Z"),
        ("run", "--as-of", SAMPLE, "--now", f"{SAMPLE}T14:40:00Z"),
        ("log", "export", "--out", home / "log.jsonl"),
    ):
        done = dispatcher(*words, home=home)
        assert done.returncode in (0, 1), done.stdout + done.stderr
    return [json.loads(line) for line in (home / "log.jsonl").read_text().splitlines()]


def test_every_attempt_of_a_run_is_judged_alike_from_the_export_alone(
    run_of_two_days: list[dict[str, Any]],
) -> None:
    attempts = [line for line in run_of_two_days if line.get("event") == "attempting"]
    assert len(attempts) > 100
    for line in attempts:
        [facts] = line["personal"]["grounds"]
        assert line["details"]["grounds"] == line["commitment"]
        assert answer({**facts, "now_utc": line["at"]}, BOOK, WORDS).outcome is Outcome.ALLOW, line


def test_what_the_rules_read_anew_stands_with_the_attempt_and_what_is_the_same_stands_once(
    run_of_two_days: list[dict[str, Any]],
) -> None:
    """Another: that the person spoke, or that a message counted as sent in the plan goes out after this one."""
    planned = {
        line["message_id"]: line
        for line in run_of_two_days
        if line.get("event") == "planned" and line["message_id"]
    }
    changed = [
        line
        for line in run_of_two_days
        if line.get("event") == "attempting"
        and line["commitment"] != planned[line["message_id"]]["commitment"]
    ]
    attempts = [line for line in run_of_two_days if line.get("event") == "attempting"]
    assert 0 < len(changed) < len(attempts) / 2
    for line in changed:
        [now], [then] = line["personal"]["grounds"], planned[line["message_id"]]["personal"]["grounds"]
        assert not same_grounds(then, now)
    [told] = [line for line in changed if line["debtor"] == "acme/00009"]
    assert "inconvenient_times" in told["personal"]["grounds"][0]
