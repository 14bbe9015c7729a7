"""What was decided can be judged again from the export of the log alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from dispatcher.gate.decision import Outcome
from dispatcher.gate.gate import decide
from dispatcher.gate.grounds import grounds
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
