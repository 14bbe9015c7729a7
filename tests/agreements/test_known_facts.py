"""What counts for an arrangement: the same however facts were numbered, and what was taken back or written down late."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.agreements.domain.agreed import Agreed, AgreedDebt, Base, DebtBase, Party
from dispatcher.agreements.domain.arrangement import Standing, State, Terms, fold
from dispatcher.agreements.domain.known_facts import Payment, facts_since
from dispatcher.agreements.domain.offer_terms import Watch
from dispatcher.agreements.domain.schedules import Instalment
from dispatcher.values.money import Money

ON = date(2026, 3, 10)
LEDGER = ON - timedelta(days=3)


def day(number: int) -> date:
    return ON + timedelta(days=number)


def agreement(*, known: Any = (), before: int = 0, last_payment: int = 0) -> Agreed:
    """Two payments of 30.00 on one debt whose ledger of three days before says 80.00."""
    schedule = tuple(Instalment(due_on=day(10 * n), amount=Money(3_000, "USD")) for n in (1, 2))
    opened = frozenset(known or ())
    return Agreed(
        id=1,
        creditor="acme",
        parties=(Party(id=1, person="p", reference="acme/A1"),),
        debts=(AgreedDebt(id=7, reference="acme/R1"),),
        total=Money(6_000, "USD"),
        agreed_at=datetime(2026, 3, 10, 12, tzinfo=UTC),
        terms=Terms(kind="plan", agreed_on=ON, schedule=schedule, watch=Watch(broken_after_days=10)),
        standing=Standing(state=State.ACTIVE, instalments=()),
        base=Base(
            known=None if known is None else opened,
            last_payment=last_payment,
            debts={7: DebtBase(day=LEDGER, balance=8_000, before=before, open=opened)},
        ),
    )


def stands(agreed: Agreed, payments: list[Payment], ledgers: Sequence[tuple[date, int]] = ()) -> list[int]:
    return [
        one.paid.minor
        for one in fold(agreed.terms, facts_since(agreed, {7: payments}, {7: ledgers})).instalments
    ]


payments_since = st.lists(st.tuples(st.integers(-6, 40), st.integers(1, 4_000)), max_size=6)


@given(payments_since, st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8_000)), max_size=4), st.data())
def test_the_numbers_of_rows_decide_nothing(
    paid: list[tuple[int, int]], ledgers: list[tuple[int, int]], data: st.DataObject
) -> None:
    agreed = agreement(known={5}, before=2_000)
    on_file = Payment(id=5, day=day(-1), minor=2_000)
    numbers = [
        *range(1, 5),
        *range(6, 9),
    ]  # numbered before the one on file, or after: seen later all the same
    one, other = (data.draw(st.permutations(numbers)) for _ in range(2))
    balances = [(day(number), minor) for number, minor in ledgers]
    standings = [
        fold(agreed.terms, facts_since(agreed, {7: rows}, {7: balances}))
        for ids in (one, other)
        for rows in [
            [on_file, *(Payment(id=key, day=day(n), minor=m) for key, (n, m) in zip(ids, paid, strict=False))]
        ]
    ]
    assert standings[0] == standings[1]


def test_a_payment_numbered_before_the_newest_and_seen_after_it_counts() -> None:
    assert stands(agreement(known={5}, before=2_000), [Payment(id=4, day=day(1), minor=3_000)]) == [3_000, 0]


def test_an_older_agreement_still_goes_by_the_number_of_the_newest_payment() -> None:
    agreed = agreement(known=None, last_payment=5)
    assert stands(agreed, [Payment(id=5, day=day(1), minor=3_000)]) == [0, 0]
    assert stands(agreed, [Payment(id=6, day=day(1), minor=3_000)]) == [3_000, 0]


@pytest.mark.parametrize(
    ("payments", "ledgers", "expected"),
    [
        # what was on file explains the next ledger's fall
        ([Payment(id=5, day=day(-1), minor=2_000)], [(day(2), 6_000)], [0, 0]),
        # taken back since: the fall is a payment of the plan
        ([Payment(id=5, day=day(-1), minor=2_000, reversed=True)], [(day(2), 6_000)], [2_000, 0]),
        # taken back and written down anew, of a day before: the same money, which the plan's total left out
        (
            [Payment(id=5, day=day(-1), minor=2_000, reversed=True), Payment(id=9, day=day(-1), minor=2_000)],
            [(day(2), 8_000)],
            [0, 0],
        ),
        # and what is beyond it counts
        (
            [Payment(id=5, day=day(-1), minor=2_000, reversed=True), Payment(id=9, day=day(-1), minor=2_500)],
            [],
            [500, 0],
        ),
        # it came with another between two ledgers: one fall, of which the rise takes just its part back
        (
            [Payment(id=8, day=day(1), minor=2_500), Payment(id=9, day=day(1), minor=500, reversed=True)],
            [(day(2), 3_000), (day(4), 3_500)],
            [2_500, 0],
        ),
        # two of them in one rise
        (
            [Payment(id=8, day=day(1), minor=n, reversed=True) for n in (500, 700)],
            [(day(2), 4_800), (day(4), 6_000)],
            [0, 0],
        ),
        # what nobody took back here is a charge, and no payment back
        ([Payment(id=8, day=day(1), minor=500)], [(day(2), 3_000), (day(4), 3_500)], [3_000, 0]),
    ],
)
def test_what_is_taken_back_or_written_down_late_counts_once(
    payments: list[Payment], ledgers: list[tuple[date, int]], expected: list[int]
) -> None:
    assert stands(agreement(known={5}, before=2_000), payments, ledgers) == expected
