"""A scorecard: points for plain facts of a debt and of who owes it, added up; readable by whoever is scored.

For private people a score orders work and offers more, and decides nothing else (GDPR article 22, ECOA): what asks
for one is `storage/segments.py`, `agreements/domain/offers.py` and the order of a day, and `tests/treatment` holds
that nothing else changes by it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dispatcher.treatment.domain.facts import MONEY, NAMES, PERCENT, Fact

ATTRIBUTES = tuple(fact for fact in Fact if fact not in (Fact.SCORE, Fact.SHARE_OF_BOOK))


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """Values from the range before up to `below`, which is not in it; None: all the rest."""

    below: Decimal | None
    points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One fact and its points; amounts in the main unit of `currency`, days and counts whole.

    `unknown`: the points where nothing is known, or an amount is in another currency.
    """

    fact: Fact
    ranges: tuple[Range, ...]  # ascending, the last without an end
    unknown: int = 0
    within_days: int | None = None
    currency: str = ""
    fair_because: str = ""
    approved_by: str = ""

    def points(self, value: Decimal | int | None) -> int:
        """What a value counts."""
        place = self.place(value)
        return self.unknown if place is None else self.ranges[place].points

    def place(self, value: Decimal | int | None) -> int | None:
        """The number of the range that holds a value; None: nothing is known."""
        if value is None:
            return None
        return next(i for i, each in enumerate(self.ranges) if each.below is None or value < each.below)

    @property
    def says(self) -> str:
        """The fact in words, with the days looked back."""
        since = "" if self.within_days is None else f" in the last {self.within_days} days"
        return NAMES[self.fact] + since

    def in_words(self, place: int | None) -> str:
        """A range: `below 10`, `10 to below 30`, `30 or more`."""
        if place is None:
            return "not known"
        least = self.ranges[place - 1].below if place else None
        below, unit = self.ranges[place].below, self._unit
        if below is None:
            return "whatever it is" if least is None else f"{least:f}{unit} or more"
        return f"below {below:f}{unit}" if least is None else f"{least:f} to below {below:f}{unit}"

    @property
    def _unit(self) -> str:
        if self.fact in MONEY:
            return f" {self.currency}"
        return " %" if self.fact in PERCENT else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A part of the scale with a name, from the band before up to `below`."""

    name: str
    below: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scorecard:
    """Points on top of `base`; `double` more of them double the odds that a debt is paid.

    `percent_at_base`: how many of a hundred debts with `base` points alone are paid. Nothing reads a card that is not
    `in_use`.
    """

    name: str
    version: str
    made_on: date
    base: int
    percent_at_base: Decimal
    double: int
    attributes: tuple[Attribute, ...]
    bands: tuple[Band, ...] = ()
    about: str = ""
    approved_by: str = ""
    approved_on: date | None = None
    in_use: bool = False

    @property
    def label(self) -> str:
        """As log and explanation name it."""
        return f"{self.name} {self.version} of {self.made_on}"

    def score(self, values: Mapping[int, Decimal | int | None]) -> int:
        """The sum for values by the number of their attribute."""
        return self.base + sum(each.points(values.get(i)) for i, each in enumerate(self.attributes))

    def chance(self, score: int | None) -> float:
        """How likely a debt of that score is paid, 0 to 1; without a score as with `base` alone."""
        at_base = float(self.percent_at_base) / 100
        odds = (
            at_base
            / (1 - at_base)
            * 2 ** (((self.base if score is None else score) - self.base) / self.double)
        )
        return odds / (1 + odds)

    def band(self, score: int) -> str:
        """The name of the band that holds a score; empty where the card has none."""
        return next((each.name for each in self.bands if each.below is None or score < each.below), "")

    @property
    def factor(self) -> float:
        """Points that multiply the odds by e."""
        return self.double / math.log(2)
