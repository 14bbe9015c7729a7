"""An arrangement's state: against a second, plain reading, and the same for the same facts in any order."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dispatcher.agreements.domain.arrangement import Facts, Paid, State, Terms, fold
from dispatcher.agreements.domain.ledger_falls import DebtLedger, Inflow, unexplained
from dispatcher.agreements.domain.offer_terms import Watch
from dispatcher.agreements.domain.paid_in_time import is_paid_in_time
from dispatcher.agreements.domain.plan_interest import PlanInterest, plan_schedule
from dispatcher.agreements.domain.schedules import Frequency, Instalment
from dispatcher.values.interest import DayCount
from dispatcher.values.money import Money
from tests.agreements.plain_watch import Plain
from tests.conftest import DEEP

AGREED = date(2026, 3, 2)


def day(number: int) -> date:
    return AGREED + timedelta(days=number)


bounces = st.one_of(st.none(), st.none(), st.none(), st.integers(1, 60))
WAYS = ["never", "as it falls due", "beforehand", "on the day before", "on the day after", "monthly"]


@st.composite
def a_story(draw: st.DrawFn) -> dict[str, Any]:
    """One debt, its agreement, some recorded payments, and ledgers that show them or others with some delay.

    Some plans bear interest, which the creditor books in a way of its own; some payments bounce.
    """
    kind = draw(st.sampled_from(["promise", "plan", "settlement"]))
    balance = draw(st.integers(300, 20_000))
    count = draw(st.integers(1, 5)) if kind == "plan" else 1
    total = balance if kind == "plan" else draw(st.integers(count, balance))
    every = draw(st.sampled_from(list(Frequency)))
    bears = kind == "plan" and balance > 2_000 and draw(st.booleans())
    interest = PlanInterest(
        yearly_percent=draw(st.decimals("1", "60", places=1)), day_count=DayCount.ACT_365, from_on=AGREED, booked_by="A"
    )  # fmt: skip
    first_on = day(draw(st.integers(0, 20)))
    schedule = plan_schedule(
        Money(total, "USD"), count, every, first_on, interest=interest if bears else None
    )
    watch = Watch(
        grace_days=draw(st.integers(0, 6)),
        threshold_percent=Decimal(draw(st.sampled_from(["100", "95", "80"]))),
        broken_after_days=draw(st.integers(0, 15)),
    )
    near = [one.amount.minor for one in schedule]
    amounts = st.one_of(
        st.integers(1, balance),
        st.sampled_from(
            [
                *near,
                *(max(1, n * 95 // 100) for n in near),
                *(max(1, one.amount.minor - born(one)) for one in schedule),
            ]
        ),
    )
    paid = draw(st.lists(st.tuples(st.integers(0, 170), amounts, st.booleans(), bounces), max_size=8))
    ledger_days = draw(st.sets(st.integers(1, 180), max_size=12))
    return {"kind": kind, "balance": balance, "schedule": schedule, "watch": watch, "paid": paid, "way": draw(st.sampled_from(WAYS)),
            "ledger_days": ledger_days, "lag": draw(st.integers(0, 3))}  # fmt: skip


def born(one: Instalment) -> int:
    return one.interest.minor if one.interest else 0


def booked_by(story: dict[str, Any], on: date) -> int:
    """What of the plan's interest the creditor has added by a day."""
    each = [(one.due_on, born(one)) for one in story["schedule"]]
    match story["way"]:
        case "never":
            return 0
        case "beforehand":
            return sum(minor for _, minor in each) if on > AGREED else 0
        case "monthly":
            return sum(minor for _, minor in each) * min(5, (on - AGREED).days // 30) // 5
        case way:
            shift = timedelta(days={"on the day before": -1, "on the day after": 1}.get(way, 0))
            return sum(minor for due_on, minor in each if due_on + shift <= on)


def facts_of(story: dict[str, Any]) -> tuple[Facts, dict[date, list[int]], dict[date, int], list[Inflow]]:
    recorded: dict[date, list[int]] = {}
    bounced: list[Inflow] = []
    for number, amount, is_recorded, bounce in story["paid"]:
        if is_recorded and bounce is None:
            recorded.setdefault(day(number), []).append(amount)
        elif is_recorded:
            bounced.append(Inflow(day=day(number), minor=amount))
    ledgers = {}
    for number in sorted(story["ledger_days"]):
        until = number - story["lag"]
        known = sum(
            amount for on, amount, _, bounce in story["paid"] if on <= until and (bounce is None or on + bounce > until)
        )  # fmt: skip
        ledgers[day(number)] = max(0, story["balance"] + booked_by(story, day(until)) - known)
    inflows = [Inflow(day=on, minor=amount) for on, amounts in recorded.items() for amount in amounts]
    base = {AGREED - timedelta(days=1): story["balance"]}
    debt = DebtLedger(balances=base | ledgers, explained=inflows, bounced=bounced)
    return Facts(payments=inflows, ledgers={1: debt}), recorded, ledgers, bounced


@hypothesis_settings(max_examples=2_000 if DEEP else 300)
@given(a_story())
def test_a_story_ends_as_a_plain_reading_of_it_does(story: dict[str, Any]) -> None:
    facts, recorded, ledgers, bounced = facts_of(story)
    terms = Terms(kind=story["kind"], agreed_on=AGREED, schedule=story["schedule"], watch=story["watch"])
    plain = Plain(
        kind=story["kind"],
        dues=[(one.due_on, one.amount.minor) for one in story["schedule"]],
        agreed_on=AGREED,
        balance=story["balance"],
        grace=story["watch"].grace_days,
        threshold=story["watch"].threshold_percent,
        after=story["watch"].broken_after_days,
        interest=[born(one) for one in story["schedule"]],
        bounced=[(one.day, one.minor) for one in bounced],
    ).live([day(n) for n in range(400)], recorded, ledgers)
    standing = fold(terms, facts)
    assert (standing.state.value, standing.since) == (plain.state, plain.since)
    assert [one.paid.minor for one in standing.instalments] == plain.paid
    assert [one.paid_on for one in standing.instalments] == plain.done
    assert [one.missed_on for one in standing.instalments] == plain.missed


@hypothesis_settings(max_examples=2_000 if DEEP else 150)
@given(a_story(), st.integers(1, 30), st.sampled_from(["0.97", "0.9", "0.5"]), st.data())
def test_a_discount_is_kept_by_what_came_in_time_and_stayed(
    story: dict[str, Any], within: int, part: str, data: st.DataObject
) -> None:
    """Said on a day to somebody who agreed on nothing: what came by the last day and its grace, and did not go back."""
    amount = max(1, int(story["balance"] * Decimal(part)))
    bounce = data.draw(st.one_of(st.none(), st.integers(1, 60)))
    paid = [*story["paid"][:1], (data.draw(st.integers(0, 40)), amount, data.draw(st.booleans()), bounce)]
    seen = data.draw(st.sets(st.integers(1, 100), min_size=2, max_size=9))
    facts, recorded, ledgers, bounced = facts_of({**story, "way": "never", "paid": paid, "ledger_days": seen})
    terms = Terms(
        kind="settlement", agreed_on=AGREED, watch=Watch(grace_days=story["watch"].grace_days),
        schedule=(Instalment(due_on=day(within), amount=Money(amount, "USD")),),
    )  # fmt: skip
    last = day(within + story["watch"].grace_days)
    first_after = min((on for on in ledgers if on > last), default=date.max)
    assume(not any(left <= 0 for on, left in ledgers.items() if on <= first_after))  # nothing is owed at all
    falls = Plain(
        kind="settlement", dues=[], agreed_on=AGREED, balance=story["balance"],
        bounced=[(one.day, one.minor) for one in bounced],
    ).read_all(ledgers)  # fmt: skip
    written = {on: sum(amounts) for on, amounts in recorded.items()}
    unwritten = [sum_until(falls, on) - sum_until(written, on) for on in falls if on <= first_after]
    assert is_paid_in_time(terms, facts) == (sum_until(written, last) + max([0, *unwritten]) >= amount)


def sum_until(by_day: dict[date, int], on: date) -> int:
    return sum(minor for at, minor in by_day.items() if at <= on)


@given(a_story(), st.randoms())
def test_the_order_in_which_facts_arrive_decides_nothing(story: dict[str, Any], chance: Any) -> None:
    facts, _, _, bounced = facts_of(story)
    terms = Terms(kind=story["kind"], agreed_on=AGREED, schedule=story["schedule"], watch=story["watch"])
    shuffled = [*facts.payments]
    chance.shuffle(shuffled)
    days = [*facts.ledgers[1].balances.items()]
    chance.shuffle(days)
    chance.shuffle(bounced)
    debt = DebtLedger(balances=dict(days), explained=shuffled, bounced=bounced)
    other = Facts(payments=shuffled, ledgers={1: debt})
    assert fold(terms, other) == fold(terms, facts)


@given(a_story())
def test_nothing_is_missed_without_a_ledger_of_a_day_after_grace(story: dict[str, Any]) -> None:
    facts, _, ledgers, _ = facts_of(story)
    terms = Terms(kind=story["kind"], agreed_on=AGREED, schedule=story["schedule"], watch=story["watch"])
    standing = fold(terms, facts)
    grace = timedelta(days=story["watch"].grace_days)
    for one in standing.instalments:
        assert one.missed_on is None or (one.missed_on in ledgers and one.missed_on > one.due_on + grace)
        assert 0 <= one.paid.minor <= one.amount.minor
    if standing.state is State.BROKEN:
        assert standing.since in ledgers
    without = Facts(payments=facts.payments, ledgers={})
    assert fold(terms, without).state is not State.BROKEN


def a_plan(*amounts: int, grace: int = 3, threshold: str = "100", after: int = 7) -> Terms:
    schedule = tuple(
        Instalment(due_on=day(10 * number), amount=Money(amount, "USD"))
        for number, amount in enumerate(amounts, start=1)
    )
    watch = Watch(grace_days=grace, threshold_percent=Decimal(threshold), broken_after_days=after)
    return Terms(kind="plan", agreed_on=AGREED, schedule=schedule, watch=watch)


def ledgers(balance: int, *falls: tuple[int, int], explained: Any = (), before: int = 0) -> DebtLedger:
    return DebtLedger(
        balances={day(-1): balance} | {day(number): left for number, left in falls},
        explained=explained,
        before=before,
    )


def test_a_payment_within_the_threshold_counts_and_each_instalment_by_itself() -> None:
    paid = [Inflow(day=day(10 * n), minor=3_900) for n in (1, 2, 3)]
    standing = fold(a_plan(4_000, 4_000, 4_000, threshold="95"), Facts(payments=paid))
    assert [one.paid.minor for one in standing.instalments] == [3_900, 3_900, 3_900]
    assert standing.state is State.KEPT


def test_what_is_over_goes_on_to_the_next() -> None:
    standing = fold(a_plan(4_000, 4_000), Facts(payments=[Inflow(day=day(9), minor=5_000)]))
    assert [one.paid.minor for one in standing.instalments] == [4_000, 1_000]


def test_a_payment_of_a_day_within_grace_that_is_written_down_late_undoes_a_miss() -> None:
    plan = a_plan(4_000, 4_000)
    seen = {1: ledgers(8_000, (14, 8_000))}
    assert fold(plan, Facts(ledgers=seen)).instalments[0].state is Paid.MISSED
    late = [Inflow(day=day(12), minor=4_000)]
    known = {1: ledgers(8_000, (14, 8_000), explained=late)}
    first = fold(plan, Facts(payments=late, ledgers=known)).instalments[0]
    assert (first.state, first.missed_on) == (Paid.PAID, None)


def test_a_break_is_undone_by_a_corrected_ledger() -> None:
    plan = a_plan(4_000, threshold="95", after=0)
    assert fold(plan, Facts(ledgers={1: ledgers(4_000, (14, 4_000))})).state is State.BROKEN
    assert fold(plan, Facts(ledgers={1: ledgers(4_000, (14, 10))})).state is not State.BROKEN


def test_one_creditor_s_ledger_proves_nothing_of_a_debt_that_it_does_not_hold() -> None:
    both = {1: ledgers(4_000, (14, 4_000)), 2: ledgers(4_000)}
    assert fold(a_plan(4_000), Facts(ledgers=both)).instalments[0].state is Paid.DUE


@pytest.mark.parametrize(
    ("falls", "recorded", "before", "expected"),
    [
        ([(5, 8_000)], [], 0, [(5, 2_000)]),  # a fall nobody recorded is a payment
        ([(5, 8_000)], [(3, 2_000)], 0, []),  # recorded: the fall is that payment
        ([(5, 10_000), (6, 8_000)], [(5, 2_000)], 0, []),  # the ledger was a day behind
        ([(5, 8_000)], [], 2_000, []),  # recorded before it was agreed, and only now in the ledger
        ([(5, 7_000)], [(3, 2_000)], 0, [(5, 1_000)]),
        ([(5, 8_000), (6, 10_000)], [], 0, []),  # it rose by what it fell: taken back
        ([(5, 8_000), (6, 8_500), (7, 8_000)], [], 0, [(5, 2_000), (7, 500)]),  # a charge is no payment back
    ],
)
def test_what_a_row_of_ledgers_says_was_paid(falls, recorded, before, expected) -> None:
    explained = [Inflow(day=day(number), minor=minor) for number, minor in recorded]
    found = unexplained(ledgers(10_000, *falls, explained=explained, before=before))
    assert [(inflow.day, inflow.minor) for inflow in found] == [(day(n), minor) for n, minor in expected]
