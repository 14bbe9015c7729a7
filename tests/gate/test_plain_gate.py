"""The gate agrees with a slow, plain second gate on calendars and caps."""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.gate.decision import Outcome
from dispatcher.gate.facts import Action, ContactFacts
from dispatcher.gate.gate import decide
from dispatcher.gate.rules import RulePack
from dispatcher.rulebook.packs import load_rule_packs
from tests.gate import plain_gate
from tests.gate.facts_made_up import QUARTER, candidates, histories, quarters
from tests.shared import ROOT

DEEP = os.environ.get("DEEP") == "1"
RULES = ROOT / "config" / "rules"
BOOK = load_rule_packs(RULES)
PLAIN = {
    name: rules for name in BOOK.packs if (rules := plain_gate.simple_rules(RULES / f"{name.lower()}.yaml"))
}
HORIZON = timedelta(days=12)


def _same_rules(name: str) -> RulePack:
    """The pack with just the rules that the plain gate reads too."""
    pack = BOOK.pack(name)
    wanted = {rule["id"] for rule in PLAIN[name]}
    return replace(
        pack, rules=tuple(rule for rule in pack.rules if rule.id in wanted), digest=f"plain {pack.digest}"
    )


SAME = {name: _same_rules(name) for name in PLAIN}


@st.composite
def _questions(draw: st.DrawFn) -> ContactFacts:
    now = draw(quarters)
    return ContactFacts(
        now=now,
        action=Action(
            channel=draw(st.sampled_from(("call", "sms", "email", "letter", "voicemail"))),
            kind=draw(st.sampled_from(("collection", "collection", "courtesy", "consent_request"))),
            debts=draw(st.sampled_from(((), ("D1",), ("D1", "D2")))),
        ),
        zones=draw(candidates),
        history=draw(histories(now)),
        holidays=draw(
            st.lists(st.integers(0, 9).map(lambda n: (now + timedelta(days=n)).date()), max_size=2).map(tuple)
        ),
    )


def test_the_plain_gate_reads_most_calendars_and_caps() -> None:
    families = {rule["family"] for rules in PLAIN.values() for rule in rules}
    assert families == set(plain_gate.FAMILIES)
    assert len(PLAIN) >= 25


@settings(
    max_examples=1_500 if DEEP else 60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not DEEP,
)
@given(_questions(), st.lists(st.sampled_from(sorted(PLAIN)), min_size=1, max_size=3, unique=True))
def test_both_gates_say_the_same(asked: ContactFacts, names: list[str]) -> None:
    rules: list[dict[str, Any]] = [rule for name in names for rule in PLAIN[name]]
    decision = decide(asked, tuple(SAME[name] for name in names))
    plain = plain_gate.earliest(rules, asked, HORIZON)
    if decision.outcome is Outcome.ALLOW:
        assert plain == asked.now
        if decision.not_after is not None and decision.not_after < asked.now + HORIZON:
            assert not plain_gate.allows(rules, asked, decision.not_after)
            assert plain_gate.allows(rules, asked, decision.not_after - QUARTER)
    elif decision.not_before is None or decision.not_before > asked.now + HORIZON:
        assert plain is None
    else:
        assert plain == decision.not_before


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_both_gates_read_the_same_rules(name: str) -> None:
    assert [rule.id for rule in SAME[name].rules] == [rule["id"] for rule in PLAIN[name]]
