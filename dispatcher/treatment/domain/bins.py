"""Cuts a fact into a few ranges along which the share of payers only rises or only falls, and weighs each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

MOST_BINS = 6
LEAST_SHARE = 0.05  # of the debts, in each range
LEAST_DEBTS = 20
_ROUND = (Decimal(1000), Decimal(100), Decimal(10), Decimal(1), Decimal("0.1"), Decimal("0.01"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Debts whose values lie from `least` to `most`; `below` is where the next range begins, None: nowhere."""

    least: Decimal
    most: Decimal
    debts: int
    paid: int
    below: Decimal | None = None

    @property
    def share(self) -> float:
        """Of payers."""
        return self.paid / self.debts

    def weight(self, debts: int, paid: int) -> float:
        """The logarithm of its odds over those of all (weight of evidence), half a debt added to each side."""
        return odds(self.paid, self.debts) - odds(paid, debts)


def odds(paid: int, debts: int) -> float:
    """Their logarithm; half a debt is added to each side so that none is endless."""
    return math.log((paid + 0.5) / (debts - paid + 0.5))


def as_bins(levels: Sequence[tuple[Decimal, float, bool]]) -> tuple[Bin, ...]:
    """Ranges from (value, its level, paid): values of one level are one range, and small ones join a neighbour.

    The levels rise or fall with the values; what joins neighbours keeps that.
    """
    bins: list[Bin] = []
    before: float | None = None
    for value, level, paid in sorted(levels):
        if bins and (level == before or value == bins[-1].most):
            bins[-1] = replace(bins[-1], most=value, debts=bins[-1].debts + 1, paid=bins[-1].paid + paid)
        else:
            bins.append(Bin(least=value, most=value, debts=1, paid=int(paid)))
        before = level
    least = max(LEAST_DEBTS, math.ceil(LEAST_SHARE * len(levels)))
    while len(bins) > 1 and min(each.debts for each in bins) < least:
        _join(bins, min(range(len(bins)), key=lambda i: bins[i].debts))
    while len(bins) > MOST_BINS:
        _join(bins, min(range(1, len(bins)), key=lambda i: abs(bins[i].share - bins[i - 1].share)))
    ends = [_between(one.most, two.least) for one, two in pairwise(bins)]
    return tuple(replace(each, below=end) for each, end in zip(bins, [*ends, None], strict=True))


def _join(bins: list[Bin], place: int) -> None:
    """Join a range with the neighbour whose share is nearer."""
    beside = [i for i in (place - 1, place + 1) if 0 <= i < len(bins)]
    other = min(beside, key=lambda i: abs(bins[i].share - bins[place].share))
    low, high = sorted((place, other))
    one, two = bins[low], bins.pop(high)
    bins[low] = Bin(least=one.least, most=two.most, debts=one.debts + two.debts, paid=one.paid + two.paid)


def _between(most: Decimal, least: Decimal) -> Decimal:
    """The roundest number above one and not above the other."""
    for unit in _ROUND:
        end = (least / unit).to_integral_value(rounding=ROUND_FLOOR) * unit
        if end > most:
            return end.normalize() if end == 0 else Decimal(f"{end.normalize():f}")
    return least
