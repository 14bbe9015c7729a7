"""Schedules add up to the cent for every currency, frequency, count and rate; months keep the first day's number."""

import calendar
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.agreements.domain.schedules import (
    Frequency,
    ScheduleError,
    amortised_schedule,
    flat_schedule,
    interest_of,
    total_of,
)
from dispatcher.values.interest import DayCount, SimpleInterest
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
    st.integers(10_000, 10**9),
    st.decimals("0", "60", places=2),
    st.integers(1, 60),
    frequencies,
    days,
    st.sampled_from(list(DayCount)),
    st.integers(0, 60),
    st.integers(0, 40),
)
def test_an_amortised_schedule_pays_principal_and_interest_off_to_the_unit(
    currency: str, minor: int, rate: Decimal, count: int, every: Frequency, first_on: date, counted: DayCount,
    before: int, down_percent: int,
) -> None:  # fmt: skip
    """Against a second, plain reckoning: what each payment leaves, with interest by the days that passed."""
    since, down = first_on - timedelta(days=before), minor * down_percent // 100
    interest = SimpleInterest(yearly_percent=rate, day_count=counted)
    schedule_of = partial(
        amortised_schedule, Money(minor, currency), interest, since, count, every, first_on,
        down=Money(down, currency) if down else None,
    )  # fmt: skip
    if down and down <= _half_even(minor * rate / 100 * _plain_part(counted, since, first_on)):
        with pytest.raises(ScheduleError, match="does not cover the interest"):
            schedule_of()
        return
    schedule = schedule_of()
    left = minor
    for one in schedule:
        borne = _half_even(left * rate / 100 * _plain_part(counted, since, one.due_on))
        assert one.interest == Money(borne, currency)
        left += borne - one.amount.minor
        since = one.due_on
    assert left == 0
    assert total_of(schedule, currency) == Money(minor, currency) + interest_of(schedule, currency)
    assert len(schedule) == count + (1 if down else 0)
    assert [one.due_on for one in schedule] == [every.after(first_on, i) for i in range(len(schedule))]
    assert all(one.amount.minor > 0 for one in schedule)
    level = schedule[1 if down else 0 :]
    assert len({one.amount for one in level[:-1]}) <= 1
    assert abs(level[-1].amount.minor - level[0].amount.minor) <= 2 * count + sum(
        (Decimal(1) + rate / 100) ** (i // 12 + 1) for i in range(count)
    )  # the rounding of each, grown by what it bears: the last is no balloon


def _plain_part(counted: DayCount, start: date, end: date) -> Decimal:
    """The part of a year between two days, day by day."""
    if counted is DayCount.THIRTY_360:
        day = 30 if end.day == 31 and min(start.day, 30) == 30 else end.day
        months = (end.year - start.year) * 12 + end.month - start.month
        return (Decimal(30 * months) + day - min(start.day, 30)) / 360
    each = [start + timedelta(days=i) for i in range((end - start).days)]
    if counted is DayCount.ACT_ACT:
        leap = sum(1 for day in each if calendar.isleap(day.year))
        return (Decimal(leap) * 365 + Decimal(len(each) - leap) * 366) / (365 * 366)
    return Decimal(len(each)) / (365 if counted is DayCount.ACT_365 else 360)


def _half_even(value: Decimal) -> int:
    whole, part = divmod(value, 1)
    return int(whole) + (1 if part > Decimal("0.5") or (part == Decimal("0.5") and whole % 2) else 0)


def test_an_amortised_loan_is_the_textbook_s() -> None:
    interest = SimpleInterest(yearly_percent=Decimal(12), day_count=DayCount.THIRTY_360)
    schedule = amortised_schedule(
        Money(100_000, "USD"), interest, date(2026, 1, 1), 12, Frequency.MONTHLY, date(2026, 2, 1)
    )
    assert {one.amount.minor for one in schedule[:-1]} == {8885}  # 1,000.00 at 1 % a month: 88.85
    assert schedule[-1].amount.minor == 8884
    assert [one.interest.minor for one in schedule[:2] if one.interest] == [1000, 921]


def test_months_that_bear_interest_end_where_the_month_does() -> None:
    interest = SimpleInterest(yearly_percent=Decimal("7.3"), day_count=DayCount.ACT_365)
    schedule = amortised_schedule(
        Money(30_000, "USD"), interest, date(2028, 1, 31), 3, Frequency.MONTHLY, date(2028, 1, 31)
    )
    assert [one.due_on.isoformat() for one in schedule] == ["2028-01-31", "2028-02-29", "2028-03-31"]
    assert [one.interest.minor for one in schedule if one.interest] == [0, 116, 62]  # 0, 29 and 31 days


@pytest.mark.parametrize(
    ("rate", "since", "minor", "count", "down", "why"),
    [
        ("-1", date(2026, 3, 2), 10_000, 4, None, "below nothing"),
        ("5", date(2026, 3, 3), 10_000, 4, None, "would begin after the first payment"),
        ("60", date(2025, 3, 2), 10_000, 4, 6_000, "does not cover the interest"),
        ("5", date(2026, 3, 2), 3, 4, None, "cannot be split"),
        ("0.01", date(2026, 3, 2), 70, 40, None, "cannot be paid off"),  # rounded up, 35 payments are enough
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(
    rate: str, since: date, minor: int, count: int, down: int | None, why: str
) -> None:
    interest = SimpleInterest(yearly_percent=Decimal(rate), day_count=DayCount.ACT_365)
    with pytest.raises(ScheduleError, match=why):
        amortised_schedule(
            Money(minor, "JPY"), interest, since, count, Frequency.WEEKLY, date(2026, 3, 2),
            down=Money(down, "JPY") if down else None,
        )  # fmt: skip


def test_months_keep_the_first_day_s_number_where_they_have_it() -> None:
    schedule = flat_schedule(Money(400, "USD"), 4, Frequency.MONTHLY, date(2027, 1, 31))
    assert [one.due_on.isoformat() for one in schedule] == [
        "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"
    ]  # fmt: skip


def test_the_last_payment_takes_the_rounding() -> None:
    schedule = flat_schedule(Money(10_000, "USD"), 3, Frequency.FORTNIGHTLY, date(2026, 3, 2))
    assert [one.amount.minor for one in schedule] == [3333, 3333, 3334]
