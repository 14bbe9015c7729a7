"""What was known of closed debts on the day each is looked at, and whether it was paid in the days after.

The same facts as `storage/facts.py` asks of today, worked out for a day that is past: the amounts are the original
ones, since nobody wrote down what was left of a debt on each day.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from dispatcher.treatment.domain.facts import Fact
from dispatcher.values.money import Money

LOOKED_BACK = 365  # days, where a fact counts what happened
ISSUED, DUE = "issued", "due"
Value = Decimal | int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PastDebt:
    """A debt as it was made. `paid_on`: the day it was settled, or the last payment ended it; None: open."""

    id: int
    debtor: str  # creditor/reference
    amount: Money
    due: date
    issued: date | None
    paid_on: date | None

    def is_open(self, on: date) -> bool:
        """Issued and not paid on a day."""
        return (self.issued is None or self.issued <= on) and (self.paid_on is None or self.paid_on > on)


@dataclass(frozen=True, kw_only=True, slots=True)
class PastBook:
    """All debts, and by fact and debtor the days of what happened. `known_until`: the last day it speaks of."""

    debts: tuple[PastDebt, ...]
    days: Mapping[Fact, Mapping[str, Sequence[date]]] = field(default_factory=dict)
    known_until: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """A debt on the day it is looked at. `paid_after`: days until it was paid; None: not by the last day known."""

    debt: PastDebt
    on: date
    values: Mapping[Fact, Value]
    paid_after: int | None

    def paid_within(self, days: int) -> bool:
        """Whether it was paid in so many days."""
        return self.paid_after is not None and self.paid_after <= days


def observe(book: PastBook, begins: str, first: date, last: date, *, days: int) -> Iterator[Observation]:
    """Each debt once, on the day it was issued or the first after its due date, where it was open then.

    Debts whose `days` after that are not over by the last day known are left out: nobody knows yet what became of
    them. Of other debts only what was known on that day is read.
    """
    theirs: dict[str, list[PastDebt]] = defaultdict(list)
    for debt in book.debts:
        theirs[debt.debtor].append(debt)
    for debt in book.debts:
        on = debt.issued if begins == ISSUED else debt.due + timedelta(days=1)
        if on is None or not first <= on <= last or not debt.is_open(on):
            continue
        if on + timedelta(days=days) > book.known_until:
            continue
        paid = None if debt.paid_on is None or debt.paid_on > book.known_until else (debt.paid_on - on).days
        values = _values(debt, theirs[debt.debtor], book, on)
        yield Observation(debt=debt, on=on, values=values, paid_after=paid)


def _values(debt: PastDebt, theirs: Sequence[PastDebt], book: PastBook, on: date) -> dict[Fact, Value]:
    since = on - timedelta(days=LOOKED_BACK)
    unpaid = [each for each in theirs if each.is_open(on) and each.amount.minor > 0]
    settled = [each for each in theirs if each.paid_on is not None and since < each.paid_on <= on]
    late = sum(each.paid_on is not None and each.paid_on > each.due for each in settled)
    same = [each for each in unpaid if each.amount.currency == debt.amount.currency]
    owed = Money(sum(each.amount.minor for each in same), debt.amount.currency)
    return {
        Fact.DAYS_PAST_DUE: (on - debt.due).days,
        Fact.BALANCE: debt.amount.amount,
        Fact.OWED: owed.amount,
        Fact.OLDEST_DAYS_PAST_DUE: max(((on - each.due).days for each in unpaid), default=None),
        Fact.OVERDUE_DEBTS: sum(each.due < on for each in unpaid),
        Fact.PAID_LATE: late,
        Fact.PAID_ON_TIME: len(settled) - late,
        Fact.LATE_SHARE: 100 * late // len(settled) if settled else None,
        **{fact: _count(days.get(debt.debtor, ()), since, on) for fact, days in book.days.items()},
    }


def _count(days: Sequence[date], since: date, on: date) -> int:
    """Of ascending days those after the first and up to the last."""
    return bisect_right(days, on) - bisect_right(days, since)
