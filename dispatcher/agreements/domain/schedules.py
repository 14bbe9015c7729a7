"""Schedules of payments: exact to the smallest unit, equal parts of which the last takes the rounding."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum
from itertools import pairwise

from dispatcher.values.interest import SimpleInterest
from dispatcher.values.money import Money

MOST_PAYMENTS = 600  # fifty years of months: beyond it a schedule is a slip of the keyboard
_DIGITS = 50  # far beyond what six hundred roundings of the largest amount could use up


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
    """One payment that is due on a day; `interest`: the part of it that is interest, None where the plan bears none."""

    due_on: date
    amount: Money
    interest: Money | None = None


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
    principal: Money, interest: SimpleInterest, from_on: date, count: int, frequency: Frequency, first_on: date, *,
    down: Money | None = None,
) -> Schedule:  # fmt: skip
    """Level payments that pay off principal and interest; the last takes the rounding.

    Interest runs from `from_on` on what is left, by the rate's day count, each time rounded half to even to the unit; a
    payment pays the interest of its time first. A down payment stands first, on `first_on`, and they follow it. Raises
    ScheduleError where a payment would be nothing, or a down payment does not cover the interest until then.
    """
    _check(principal - down if down else principal, count)
    if interest.yearly_percent < 0:
        raise ScheduleError(f"a rate of {interest.yearly_percent} per cent is below nothing")
    if from_on > first_on:
        raise ScheduleError(f"interest from {from_on} would begin after the first payment on {first_on}")
    days = [frequency.after(first_on, number) for number in range(count + (1 if down else 0))]
    paid = list(_paid_down(principal, interest, from_on, first_on, down)) if down else []
    left = principal - Money(sum(_principal_of(one) for one in paid), principal.currency)
    since = first_on if down else from_on
    level = _level(left, interest, [since, *days[len(paid) :]])
    schedule = (*paid, *_amortised(left, interest, since, days[len(paid) :], level))
    if any(one.amount.minor <= 0 for one in schedule):
        raise ScheduleError(f"{principal} cannot be paid off in {count} payments that are each something")
    return schedule


def interest_of(schedule: Iterable[Instalment], currency: str) -> Money:
    """What of all payments is interest."""
    return Money(sum(one.interest.minor for one in schedule if one.interest), currency)


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


def _paid_down(
    principal: Money, interest: SimpleInterest, from_on: date, on: date, down: Money
) -> Iterator[Instalment]:
    borne = interest.accrued(principal, from_on, on)
    if down.minor <= borne.minor:
        raise ScheduleError(f"a down payment of {down} does not cover the interest until then, {borne}")
    yield Instalment(due_on=on, amount=down, interest=borne)


def _principal_of(one: Instalment) -> int:
    return one.amount.minor - (one.interest.minor if one.interest else 0)


def _level(principal: Money, interest: SimpleInterest, days: Sequence[date]) -> int:
    """The payment of which as many, each discounted to the first of these days, are worth the principal."""
    with localcontext(prec=_DIGITS):
        worth, factor = Decimal(0), Decimal(1)
        for start, end in pairwise(days):
            part = interest.day_count.fraction(start, end)
            factor /= 1 + interest.yearly_percent / 100 * part.numerator / part.denominator
            worth += factor
        return rounded(principal.minor / worth)


def _amortised(
    principal: Money, interest: SimpleInterest, since: date, days: Sequence[date], level: int
) -> Iterator[Instalment]:
    left, currency = principal.minor, principal.currency
    for number, day in enumerate(days, start=1):
        borne = interest.accrued(Money(left, currency), since, day).minor
        paid = left + borne if number == len(days) else min(level, left + borne)
        left, since = left + borne - paid, day
        yield Instalment(due_on=day, amount=Money(paid, currency), interest=Money(borne, currency))


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
