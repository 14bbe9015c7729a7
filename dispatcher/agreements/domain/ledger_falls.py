"""What a row of ledgers says was paid: falls that no recorded payment explains."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise


@dataclass(frozen=True, kw_only=True, slots=True)
class Inflow:
    """Money that came in on a day, in minor units. `seen`: by a ledger's fall alone, of interest it may have booked."""

    day: date
    minor: int
    seen: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtLedger:
    """One debt's ledgers since it was agreed on, the first of them the one it was agreed by.

    `explained`: payments recorded here, before and since, that may account for a fall; `before` is the sum of
    those that the first ledger did not hold yet. `bounced`: recorded here and taken back, which explains a rise.
    """

    balances: Mapping[date, int]  # minor units, by the ledger's own day
    explained: Sequence[Inflow] = ()
    before: int = 0
    bounced: Sequence[Inflow] = ()

    @property
    def days(self) -> tuple[date, ...]:
        """The ledgers' days in order, the first left out."""
        return tuple(sorted(self.balances)[1:])

    def balance_on(self, day: date) -> int:
        """By the newest ledger of that day or before it."""
        known = [each for each in self.balances if each <= day]
        return self.balances[max(known)] if known else max(self.balances.values(), default=0)

    def speaks_on(self, day: date) -> bool:
        """Whether the ledger of that day holds this debt, or an earlier one said that nothing is left of it."""
        return day in self.balances or self.balance_on(day) <= 0


def unexplained(ledger: DebtLedger) -> Iterator[Inflow]:
    """Each fall beyond what was recorded is one payment, on the ledger's day.

    A payment recorded with a day that a ledger covers explains its fall, or a later one's: a ledger may be behind.
    A rise by just what an earlier fall was takes that one back, one by just what was taken back here takes that part of
    a fall back; other rises are charges, and no payment.
    """
    falls = _net_falls(ledger)
    counted = 0
    total = 0
    for day, fall in falls:
        total += fall
        recorded = ledger.before + sum(inflow.minor for inflow in ledger.explained if inflow.day <= day)
        beyond = total - recorded - counted
        if beyond > 0:
            counted += beyond
            yield Inflow(day=day, minor=beyond, seen=True)


def rises(ledger: DebtLedger) -> list[tuple[date, int]]:
    """(day, minor units) of every rise that takes no fall back: what the ledger charged."""
    return _changes(ledger)[1]


def _net_falls(ledger: DebtLedger) -> list[tuple[date, int]]:
    return _changes(ledger)[0]


def _changes(ledger: DebtLedger) -> tuple[list[tuple[date, int]], list[tuple[date, int]]]:
    falls: list[tuple[date, int]] = []
    charged: list[tuple[date, int]] = []
    bounced = sorted((one.day, one.minor) for one in ledger.bounced)
    days = sorted(ledger.balances)
    for earlier, day in pairwise(days):
        change = ledger.balances[earlier] - ledger.balances[day]
        if change > 0:
            falls.append((day, change))
        elif change < 0 and _take_back(falls, -change):
            for one in _taken_back_by(bounced, day, -change):
                bounced.remove(one)
        elif change < 0 and not _bounce(falls, bounced, day, -change):
            charged.append((day, -change))
    return falls, charged


def _bounce(falls: list[tuple[date, int]], bounced: list[tuple[date, int]], day: date, rise: int) -> bool:
    """Whether a rise is one payment that was taken back here, or all of them: then the fall that held it was less."""
    parts = _taken_back_by(bounced, day, rise)
    for place, (fell_on, fall) in enumerate(falls):
        if parts and fell_on >= parts[0][0] and fall > rise:
            falls[place] = (fell_on, fall - rise)
            for one in parts:
                bounced.remove(one)
            return True
    return False


def _taken_back_by(bounced: Sequence[tuple[date, int]], day: date, rise: int) -> Sequence[tuple[date, int]]:
    known = [one for one in bounced if one[0] <= day]
    alone = next(([one] for one in known if one[1] == rise), known)
    return alone if sum(minor for _, minor in alone) == rise else ()


def _take_back(falls: list[tuple[date, int]], rise: int) -> bool:
    for place in range(len(falls) - 1, -1, -1):
        if falls[place][1] == rise:
            del falls[place]
            return True
    return False
