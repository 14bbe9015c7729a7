"""Flat instalment plans: no interest, exact to the smallest unit, the last one takes the rounding."""

from dataclasses import dataclass
from datetime import date

from dispatcher.values.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Instalment:
    """One payment of a plan."""

    due_on: date
    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalmentPlan:
    """An offer: equal monthly payments that add up to the debt, at no extra cost.

    Every message carries its offers and few texts show them, so the payments are worked out when asked for.
    """

    number: int  # 1, 2, 3 … as the debtor names it when accepting
    total: Money
    count: int
    first_on: date

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        """Monthly payments from `first_on`; a month without that day pays on its last day."""
        each, rest = divmod(self.total.minor, self.count)
        amounts = [each] * (self.count - 1) + [each + rest]
        return tuple(
            Instalment(due_on=_months_later(self.first_on, i), amount=Money(minor, self.total.currency))
            for i, minor in enumerate(amounts)
        )


def flat_plan(number: int, total: Money, count: int, first_on: date) -> InstalmentPlan:
    """The plan of `count` payments; raises ValueError where not even one unit would fall on each."""
    if count < 1 or total.minor < count:
        raise ValueError(f"{total} cannot be split into {count} payments")
    return InstalmentPlan(number=number, total=total, count=count, first_on=first_on)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(last, day.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
