"""Schedules of payments: exact to the smallest unit, equal parts of which the last takes the rounding."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from dispatcher.values.money import Money

MOST_PAYMENTS = 600  # fifty years of months: beyond it a schedule is a slip of the keyboard


class ScheduleError(ValueError):
    """Payments that cannot be worked out; the text says why."""


class Frequency(StrEnum):
    """How far apart payments lie."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"

    def after(self, first_on: date, count: int) -> date:
        """The day `count` intervals after the first; months keep its number where they have it (31, 28, 31)."""
        if self is Frequency.MONTHLY:
            return _months_later(first_on, count)
        return first_on + timedelta(days=count * (7 if self is Frequency.WEEKLY else 14))


EVERY = {"week": Frequency.WEEKLY, "fortnight": Frequency.FORTNIGHTLY, "month": Frequency.MONTHLY}
PERIODS_A_YEAR = {Frequency.WEEKLY: 52, Frequency.FORTNIGHTLY: 26, Frequency.MONTHLY: 12}


@dataclass(frozen=True, kw_only=True, slots=True)
class Instalment:
    """One payment that is due on a day."""

    due_on: date
    amount: Money


Schedule = tuple[Instalment, ...]


def flat_schedule(
    total: Money, count: int, frequency: Frequency, first_on: date, *, down: Money | None = None
) -> Schedule:
    """`count` equal payments from `first_on`; a down payment stands first, on that day, and they follow it.

    Raises ScheduleError where not even one unit would fall on each.
    """
    rest = total - down if down else total
    _check(rest, count)
    if down is None:
        return _paid_on(_equal_parts(rest, count), frequency, first_on)
    if down.minor <= 0:
        raise ScheduleError(f"a down payment of {down} is none")
    return _paid_on((down, *_equal_parts(rest, count)), frequency, first_on)


def amortised_schedule(
    principal: Money, yearly_percent: Decimal, count: int, frequency: Frequency, first_on: date
) -> Schedule:
    """Level payments that bear interest from one interval before `first_on`; the last takes the rounding.

    Each period bears a 12th (26th, 52nd) of the yearly rate on what is left, rounded half to even to the unit.
    """
    _check(principal, count)
    if yearly_percent < 0:
        raise ScheduleError(f"a rate of {yearly_percent} per cent is below nothing")
    rate = yearly_percent / 100 / PERIODS_A_YEAR[frequency]
    if rate == 0:
        return flat_schedule(principal, count, frequency, first_on)
    level = rounded(principal.minor * rate / (1 - (1 + rate) ** -count))
    return _paid_on(_amortised(principal, rate, level, count), frequency, first_on)


def total_of(schedule: Iterable[Instalment], currency: str) -> Money:
    """What all payments come to."""
    return Money(sum(instalment.amount.minor for instalment in schedule), currency)


def rounded(minor: Decimal) -> int:
    """To the currency's unit, half to even."""
    return int(minor.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def _check(total: Money, count: int) -> None:
    if not 1 <= count <= MOST_PAYMENTS:
        raise ScheduleError(f"{count} payments: there must be from 1 to {MOST_PAYMENTS}")
    if total.minor < count:
        raise ScheduleError(f"{total} cannot be split into {count} payments")


def _equal_parts(total: Money, count: int) -> tuple[Money, ...]:
    each, rest = divmod(total.minor, count)
    return tuple(
        Money(each + rest if number == count else each, total.currency) for number in range(1, count + 1)
    )


def _amortised(principal: Money, rate: Decimal, level: int, count: int) -> Iterator[Money]:
    left = principal.minor
    for number in range(1, count + 1):
        owed = left + rounded(left * rate)
        paid = owed if number == count else min(level, owed)
        left = owed - paid
        yield Money(paid, principal.currency)


def _paid_on(amounts: Iterable[Money], frequency: Frequency, first_on: date) -> Schedule:
    return tuple(
        Instalment(due_on=frequency.after(first_on, number), amount=amount)
        for number, amount in enumerate(amounts)
    )


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(last, day.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
