"""Every question of a file has its answer, whatever becomes of one of them."""

from dataclasses import dataclass, replace
from typing import Any

from dispatcher.gate.act import Act
from dispatcher.gate.guards.guard import Guard, Refusal
from dispatcher.gate.rule_book import RuleBook
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.rulebook.questions import answer_json
from tests.shared import ROOT

FACTS: dict[str, Any] = {
    "packs": ["US-WA"],
    "now_utc": "2026-11-04T20:00:00Z",
    "tz_candidates": [{"source": "residence", "tz": "America/Los_Angeles"}],
    "action": {"channel": "sms"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Miscounting(Guard):
    """A guard with a fault in its reckoning."""

    def refuse(self, act: Act) -> Refusal | None:
        """Never comes to an end of it."""
        raise ZeroDivisionError(f"at {act.at}")


def test_a_fault_in_a_rule_holds_its_question_alone() -> None:
    words = load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")
    pack = load_rule_packs(ROOT / "config" / "rules").pack("US-WA")
    faulty = replace(pack, digest="faulty", rules=(replace(pack.rules[0], guard=Miscounting()),))
    answers = [
        answer_json({"id": n, "facts": FACTS}, RuleBook(packs={"US-WA": one}), words)
        for n, one in enumerate((faulty, pack))
    ]
    assert [(answer["id"], answer["decision"]) for answer in answers] == [(0, "hold"), (1, "allow")]
    assert "ZeroDivisionError" in answers[0]["reasons"][0]["detail"]
