"""Schedules add up to the cent for every currency, frequency, count and rate; months keep the first day's number."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.agreements.domain.schedules import (
    Frequency,
    ScheduleError,
    amortised_schedule,
    flat_schedule,
    total_of,
)
from dispatcher.values.money import Money

currencies = st.sampled_from(["USD", "EUR", "JPY", "CLP", "KWD", "CLF"])
frequencies = st.sampled_from(list(Frequency))
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@given(currencies, st.integers(1, 10**9), st.integers(1, 60), frequencies, days)
def test_a_flat_schedule_adds_up_and_its_parts_are_equal_but_for_the_last(
    currency: str, minor: int, count: int, every: Frequency, first_on: date
) -> None:
    total = Money(minor, currency)
    if minor < count:
        with pytest.raises(ScheduleError):
            flat_schedule(total, count, every, first_on)
        return
    schedule = flat_schedule(total, count, every, first_on)
    assert len(schedule) == count
    assert total_of(schedule, currency) == total
    assert len({one.amount for one in schedule[:-1]}) <= 1
    assert 0 <= schedule[-1].amount.minor - schedule[0].amount.minor < count
    assert schedule[0].due_on == first_on
    assert sorted({one.due_on for one in schedule}) == [one.due_on for one in schedule]


@given(st.integers(2, 10**7), st.integers(1, 24), st.data())
def test_a_down_payment_stands_first_and_the_others_follow_it_an_interval_apart(
    minor: int, count: int, data: st.DataObject
) -> None:
    down = data.draw(st.integers(1, max(1, minor - 1)))
    if minor - down < count:
        return
    schedule = flat_schedule(
        Money(minor, "USD"), count, Frequency.WEEKLY, date(2026, 3, 2), down=Money(down, "USD")
    )
    assert schedule[0].amount.minor == down
    assert len(schedule) == count + 1
    assert total_of(schedule, "USD").minor == minor
    assert [(one.due_on - date(2026, 3, 2)).days for one in schedule] == [7 * i for i in range(count + 1)]


@pytest.mark.parametrize("down", [0, -1])
def test_a_down_payment_of_nothing_is_none(down: int) -> None:
    with pytest.raises(ScheduleError, match="down payment"):
        flat_schedule(Money(10_000, "USD"), 4, Frequency.WEEKLY, date(2026, 3, 2), down=Money(down, "USD"))


@given(
    currencies,
    st.integers(1_000, 10**9),
    st.decimals("0", "60", places=2),
    st.integers(1, 60),
    frequencies,
    days,
)
def test_an_amortised_schedule_pays_principal_and_interest_off_to_the_unit(
    currency: str, minor: int, rate: Decimal, count: int, every: Frequency, first_on: date
) -> None:
    schedule = amortised_schedule(Money(minor, currency), rate, count, every, first_on)
    periods = {Frequency.WEEKLY: 52, Frequency.FORTNIGHTLY: 26, Frequency.MONTHLY: 12}[every]
    left = minor
    for one in schedule:  # by hand, from what each payment leaves
        left += _half_even(left * rate / 100 / periods) - one.amount.minor
    if rate:
        assert left == 0
    assert all(one.amount.minor >= 0 for one in schedule)
    assert total_of(schedule, currency).minor >= minor
    assert len(schedule) == count


def _half_even(value: Decimal) -> int:
    whole, part = divmod(value, 1)
    return int(whole) + (1 if part > Decimal("0.5") or (part == Decimal("0.5") and whole % 2) else 0)


def test_an_amortised_loan_is_the_textbook_s() -> None:
    schedule = amortised_schedule(Money(100_000, "USD"), Decimal(12), 12, Frequency.MONTHLY, date(2026, 2, 1))
    assert {one.amount.minor for one in schedule[:-1]} == {8885}  # 1,000.00 at 1 % a month: 88.85
    assert schedule[-1].amount.minor == 8884


def test_months_keep_the_first_day_s_number_where_they_have_it() -> None:
    schedule = flat_schedule(Money(400, "USD"), 4, Frequency.MONTHLY, date(2027, 1, 31))
    assert [one.due_on.isoformat() for one in schedule] == [
        "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"
    ]  # fmt: skip


def test_the_last_payment_takes_the_rounding() -> None:
    schedule = flat_schedule(Money(10_000, "USD"), 3, Frequency.FORTNIGHTLY, date(2026, 3, 2))
    assert [one.amount.minor for one in schedule] == [3333, 3333, 3334]
