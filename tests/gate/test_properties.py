"""What holds of every decision, whatever the facts: deferrals are exact, more rules never allow more, order is nothing."""

import os
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.gate.decision import Decision, Outcome
from dispatcher.gate.facts import ContactFacts, InconvenientTime
from dispatcher.gate.gate import decide
from dispatcher.rulebook.packs import load_rule_packs
from tests.gate.facts_made_up import facts, wishes
from tests.shared import ROOT

DEEP = os.environ.get("DEEP") == "1"
BOOK = load_rule_packs(ROOT / "config" / "rules")
thorough = settings(
    max_examples=5_000 if DEEP else 100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not DEEP,
)
packs = st.lists(st.sampled_from(sorted(BOOK.packs)), min_size=1, max_size=3, unique=True).map(tuple)
PROBES = 40
T = TypeVar("T")
Names = tuple[str, ...]


def asked_of(asked: ContactFacts, law: Names) -> Decision:
    """The decision under the packs named."""
    return decide(asked, BOOK.named(law))


@thorough
@given(facts(), packs, st.randoms(use_true_random=False))
def test_a_deferral_is_allowed_at_its_instant_and_at_none_before(
    asked: ContactFacts, law: Names, chance: random.Random
) -> None:
    decision = asked_of(asked, law)
    if decision.outcome is not Outcome.DEFER:
        return
    until = _instant(decision.not_before)
    assert asked_of(_at(asked, until), law).outcome is Outcome.ALLOW
    for probe in _probes(asked.now, until, chance):
        assert asked_of(_at(asked, probe), law).outcome is not Outcome.ALLOW, probe


@thorough
@given(facts(), packs, st.randoms(use_true_random=False))
def test_what_is_allowed_stays_so_until_its_end_and_no_longer(
    asked: ContactFacts, law: Names, chance: random.Random
) -> None:
    decision = asked_of(asked, law)
    if decision.outcome is not Outcome.ALLOW or decision.not_after is None:
        return
    assert decision.not_after > asked.now
    assert asked_of(_at(asked, decision.not_after), law).outcome is not Outcome.ALLOW
    for probe in _probes(asked.now, decision.not_after, chance):
        assert asked_of(_at(asked, probe), law).outcome is Outcome.ALLOW, probe


@thorough
@given(facts(), packs, st.sampled_from(sorted(BOOK.packs)))
def test_another_pack_never_allows_more(asked: ContactFacts, law: Names, other: str) -> None:
    _assert_no_softer(asked_of(asked, law), asked_of(asked, (*law, other)))


@thorough
@given(facts(), packs, wishes)
def test_another_wish_never_allows_more(
    asked: ContactFacts, law: Names, more: tuple[InconvenientTime, ...]
) -> None:
    wished = replace(asked, inconvenient_times=(*asked.inconvenient_times, *more))
    _assert_no_softer(asked_of(asked, law), asked_of(wished, law))


@thorough
@given(facts(), packs, st.randoms(use_true_random=False))
def test_the_order_of_the_facts_decides_nothing(
    asked: ContactFacts, law: Names, chance: random.Random
) -> None:
    shuffled = replace(
        asked,
        zones=_shuffled(asked.zones, chance),
        history=_shuffled(asked.history, chance),
        opt_outs=_shuffled(asked.opt_outs, chance),
        inconvenient_times=_shuffled(asked.inconvenient_times, chance),
        holidays=_shuffled(asked.holidays, chance),
    )
    assert decide(shuffled, _shuffled(BOOK.named(law), chance)) == asked_of(asked, law)


@thorough
@given(facts(), packs)
def test_every_refusal_says_why_and_by_what_rule(asked: ContactFacts, law: Names) -> None:
    decision = asked_of(asked, law)
    assert bool(decision.reasons) == (decision.outcome is not Outcome.ALLOW)
    assert all(reason.detail and reason.reference for reason in decision.reasons)
    worst = max((reason.outcome.precedence for reason in decision.reasons), default=0)
    assert decision.outcome.precedence == worst


def _assert_no_softer(before: Decision, after: Decision) -> None:
    assert after.outcome.precedence >= before.outcome.precedence
    if before.not_before is not None and after.not_before is not None:
        assert after.not_before >= before.not_before


def _probes(start: datetime, end: datetime, chance: random.Random) -> list[datetime]:
    """Both ends of every quarter of an hour near them (where windows begin and end), and minutes between."""
    first = start.replace(minute=start.minute - start.minute % 15, second=0, microsecond=0)
    edges = [
        first + timedelta(minutes=15 * n) for n in range(1, int((end - start) / timedelta(minutes=15)) + 2)
    ]
    near = edges if len(edges) <= PROBES else [*edges[:10], *chance.sample(edges, PROBES - 20), *edges[-10:]]
    before = [edge - timedelta(seconds=1) for edge in near]
    between = [start + (end - start) * chance.random() for _ in range(20)]
    return [probe for probe in (*near, *before, *between, end - timedelta(seconds=1)) if start <= probe < end]


def _at(asked: ContactFacts, moment: datetime) -> ContactFacts:
    return replace(asked, now=moment)


def _instant(moment: datetime | None) -> datetime:
    assert moment is not None
    assert moment.tzinfo is UTC
    return moment


def _shuffled(values: tuple[T, ...], chance: random.Random) -> tuple[T, ...]:
    return tuple(chance.sample(values, len(values)))
