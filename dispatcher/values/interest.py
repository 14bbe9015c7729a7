"""Simple interest by counting days, as contracts and statutes name the counts, with what one more day costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from dispatcher.values.money import Money


class DayCount(StrEnum):
    """What part of a year lies between two days (ISDA 2006 Definitions, section 4.16)."""

    ACT_365 = "ACT/365"
    ACT_360 = "ACT/360"
    THIRTY_360 = "30/360"
    ACT_ACT = "ACT/ACT"

    def fraction(self, start: date, end: date) -> Fraction:
        """The part of a year from `start` to `end`, the first day counted and the last not; 0 where none passed."""
        return _FRACTIONS[self](start, end) if end > start else Fraction(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class SimpleInterest:
    """Interest on what is owed that never bears interest itself."""

    yearly_percent: Decimal
    day_count: DayCount = DayCount.ACT_365

    def accrued(self, principal: Money, start: date, end: date) -> Money:
        """What it comes to from `start` until `end`, half to even to the currency's unit."""
        exact = self._yearly(principal) * self.day_count.fraction(start, end)
        return Money(round(exact), principal.currency)

    def per_diem(self, principal: Money, on: date) -> Money:
        """What a day that begins on `on` adds."""
        days = _YEARS[self.day_count](on.year)
        return Money(round(self._yearly(principal) / days), principal.currency)

    def _yearly(self, principal: Money) -> Fraction:
        return Fraction(self.yearly_percent) * principal.minor / 100


def _thirty_360(start: date, end: date) -> Fraction:
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    days = 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first
    return Fraction(days, 360)


def _act_act(start: date, end: date) -> Fraction:
    """Each year's days by that year's own length."""
    part = Fraction(0)
    for year in range(start.year, end.year + 1):
        begins, ends = max(start, date(year, 1, 1)), min(end, date(year + 1, 1, 1))
        part += Fraction((ends - begins).days, _days_of(year))
    return part


def _days_of(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


_FRACTIONS: Mapping[DayCount, Callable[[date, date], Fraction]] = {
    DayCount.ACT_365: lambda start, end: Fraction((end - start).days, 365),
    DayCount.ACT_360: lambda start, end: Fraction((end - start).days, 360),
    DayCount.THIRTY_360: _thirty_360,
    DayCount.ACT_ACT: _act_act,
}
_YEARS: Mapping[DayCount, Callable[[int], int]] = {
    DayCount.ACT_365: lambda _year: 365,
    DayCount.ACT_360: lambda _year: 360,
    DayCount.THIRTY_360: lambda _year: 360,
    DayCount.ACT_ACT: _days_of,
}
