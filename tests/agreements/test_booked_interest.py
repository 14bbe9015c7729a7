"""However a creditor books a plan's interest, whoever pays in time is never told of a miss, and nobody of more than they paid."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dispatcher.agreements.domain.arrangement import Facts, State, Terms, fold
from dispatcher.agreements.domain.ledger_falls import DebtLedger, Inflow
from dispatcher.agreements.domain.offer_terms import Watch
from dispatcher.agreements.domain.plan_interest import PlanInterest, plan_schedule
from dispatcher.agreements.domain.schedules import Frequency, Schedule
from dispatcher.values.interest import DayCount
from dispatcher.values.money import Money
from tests.conftest import DEEP

AGREED = date(2026, 3, 2)
WAYS = ["as it falls due", "beforehand", "on the day before", "on the day after"]


@st.composite
def plans(draw: st.DrawFn) -> Terms:
    """A plan that bears interest, of two to six payments, watched strictly."""
    every = draw(st.sampled_from(list(Frequency)))
    interest = PlanInterest(
        yearly_percent=draw(st.decimals("0.5", "40", places=2)), day_count=draw(st.sampled_from(list(DayCount))),
        from_on=AGREED, booked_by="Acme",
    )  # fmt: skip
    schedule = plan_schedule(
        Money(draw(st.integers(30_000, 10**7)), "USD"), draw(st.integers(2, 6)), every,
        AGREED + timedelta(days=draw(st.integers(5, 30))), interest=interest,
    )  # fmt: skip
    watch = Watch(grace_days=draw(st.integers(1, 6)), threshold_percent=Decimal(100))
    return Terms(kind="plan", agreed_on=AGREED, schedule=schedule, watch=watch)


def booked(schedule: Schedule, way: str) -> dict[date, int]:
    """Day -> what the ledger adds, by a creditor who books in one way all through."""
    each = {one.due_on: one.interest.minor for one in schedule if one.interest}
    if way == "beforehand":
        return {AGREED + timedelta(days=1): sum(each.values())}
    shift = {"on the day before": -1, "on the day after": 1}.get(way, 0)
    return {on + timedelta(days=shift): minor for on, minor in each.items()}


def ledger(
    terms: Terms, way: str, paid: dict[date, int], days: set[int], written: list[Inflow]
) -> DebtLedger:
    principal = sum(one.amount.minor - (one.interest.minor if one.interest else 0) for one in terms.schedule)
    added = booked(terms.schedule, way)
    balances = {AGREED: principal}
    for number in sorted(days):
        on = AGREED + timedelta(days=number)
        held = sum(minor for day, minor in added.items() if day <= on)
        balances[on] = principal + held - sum(minor for day, minor in paid.items() if day <= on)
    return DebtLedger(balances=balances, explained=written)


many = st.sets(st.integers(1, 260), max_size=60)


@hypothesis_settings(max_examples=2_000 if DEEP else 150)
@given(plans(), st.sampled_from(WAYS), many, st.data())
def test_whoever_pays_in_time_is_never_told_of_a_miss(
    terms: Terms, way: str, days: set[int], data: st.DataObject
) -> None:
    paid: dict[date, int] = {}
    for one in terms.schedule:
        on = one.due_on + timedelta(days=data.draw(st.integers(-2, terms.watch.grace_days - 1)))
        paid[on] = paid.get(on, 0) + one.amount.minor
    written = [Inflow(day=on, minor=minor) for on, minor in paid.items() if data.draw(st.booleans())]
    standing = fold(terms, Facts(payments=written, ledgers={1: ledger(terms, way, paid, days, written)}))
    assert standing.state in (State.ACTIVE, State.KEPT)
    assert not any(one.missed_on for one in standing.instalments)
    after = {*days, 400}  # a ledger after the end shows everything
    last = fold(terms, Facts(payments=written, ledgers={1: ledger(terms, way, paid, after, written)}))
    assert last.state is State.KEPT


@hypothesis_settings(max_examples=2_000 if DEEP else 150)
@given(plans(), st.sampled_from(WAYS), st.data())
def test_nobody_is_told_of_more_than_they_paid_where_a_ledger_comes_each_day(
    terms: Terms, way: str, data: st.DataObject
) -> None:
    """Whatever they pay, and when; what a payment is short of its interest is never made up for by the fold."""
    paid: dict[date, int] = {}
    for one in data.draw(st.lists(st.sampled_from(terms.schedule), max_size=6)):
        interest = one.interest.minor if one.interest else 0
        on = one.due_on + timedelta(days=data.draw(st.integers(-4, 4)))
        amount = one.amount.minor + data.draw(
            st.sampled_from([0, -interest, -1, 1, interest, -one.amount.minor // 2])
        )
        paid[max(on, AGREED + timedelta(days=2))] = max(1, amount)
    lenient = replace(terms, watch=replace(terms.watch, grace_days=400))
    standing = fold(lenient, Facts(ledgers={1: ledger(lenient, way, paid, set(range(1, 260)), [])}))
    assert standing.paid <= sum(paid.values())
