"""Instalment plans: equal, monthly, exact to the smallest unit, without a cent of extra cost."""

from calendar import monthrange
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.values.money import Money
from dispatcher.writing.domain.instalments import flat_plan

amounts = st.integers(60, 10**12)
counts = st.integers(1, 60)
dates = st.dates(date(2000, 1, 1), date(2090, 12, 31))


def money(minor: int, currency: str = "USD") -> Money:
    return Money(minor, currency)


@given(minor=amounts, count=counts, first=dates, currency=st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_plan_adds_up_to_the_debt_exactly(minor: int, count: int, first: date, currency: str) -> None:
    plan = flat_plan(1, money(minor, currency), count, first)
    assert sum(each.amount.minor for each in plan.instalments) == minor == plan.total.minor
    assert {each.amount.currency for each in plan.instalments} == {currency}


@given(minor=amounts, count=counts, first=dates)
def test_all_payments_are_equal_but_the_last_which_takes_the_rounding(
    minor: int, count: int, first: date
) -> None:
    *others, last = [each.amount.minor for each in flat_plan(1, money(minor), count, first).instalments]
    assert others == [minor // count] * (count - 1)
    assert 0 <= last - minor // count < count


@given(minor=amounts, count=counts, first=dates)
def test_payments_come_on_the_same_day_of_each_month_or_on_its_last(
    minor: int, count: int, first: date
) -> None:
    days = [each.due_on for each in flat_plan(1, money(minor), count, first).instalments]
    assert days[0] == first
    months = [day.year * 12 + day.month for day in days]
    assert months == list(range(months[0], months[0] + count))
    assert all(day.day == min(first.day, monthrange(day.year, day.month)[1]) for day in days)


def test_a_plan_from_the_end_of_january_goes_over_february() -> None:
    days = [each.due_on for each in flat_plan(1, money(400), 4, date(2028, 1, 31)).instalments]
    assert days == [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30)]


@pytest.mark.parametrize(("minor", "count"), [(5, 6), (100, 0), (0, 1), (-100, 2)])
def test_what_cannot_be_split_is_refused(minor: int, count: int) -> None:
    with pytest.raises(ValueError, match="cannot be split"):
        flat_plan(1, money(minor), count, date(2026, 1, 1))
