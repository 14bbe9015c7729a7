"""A segment: a name for debts that one treatment fits, by plain conditions on what is known of debt and person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dispatcher.treatment.domain.facts import Fact
from dispatcher.treatment.domain.scorecard import Scorecard

COLUMNS = ("creditor", "debt_type", "country", "currency", "ledger_segment", "debtor_kind", "sender_role")
ANY = "*"  # the currency of a limit that counts in each currency's main unit

_SAYS = {
    Fact.DAYS_PAST_DUE: "{range} days past due",
    Fact.BALANCE: "{range} owed on this debt",
    Fact.OWED: "{range} owed in all",
    Fact.OLDEST_DAYS_PAST_DUE: "the oldest debt {range} days past due",
    Fact.OVERDUE_DEBTS: "{range} debts past due",
    Fact.SHARE_OF_BOOK: "{range} % of what the creditor is owed",
    Fact.PAYMENTS: "{range} payments",
    Fact.PAID_LATE: "{range} debts paid late",
    Fact.PAID_ON_TIME: "{range} debts paid on time",
    Fact.LATE_SHARE: "{range} % of paid debts paid late",
    Fact.ARRANGEMENTS_KEPT: "{range} arrangements kept",
    Fact.ARRANGEMENTS_BROKEN: "{range} arrangements broken",
    Fact.BOUNCES: "{range} messages came back",
    Fact.SCORE: "a score of {range}",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """From `least` to `most`, both included; by currency (or ANY) where the fact is money, else under ANY."""

    least: Mapping[str, Decimal] = field(default_factory=dict)
    most: Mapping[str, Decimal] = field(default_factory=dict)

    def __str__(self) -> str:
        least, most = _amounts(self.least), _amounts(self.most)
        if least and most:
            return f"{least} to {most}"
        return f"at least {least}" if least else f"at most {most}"


def _amounts(by_currency: Mapping[str, Decimal]) -> str:
    return " or ".join(
        f"{amount:f}" if currency == ANY else f"{amount:f} {currency}"
        for currency, amount in by_currency.items()
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One fact within limits; `within_days` days back from the day asked about, None: ever.

    `card`: what a score is worked out by; None: nobody has one.
    """

    fact: Fact
    limit: Limit
    within_days: int | None = None
    card: Scorecard | None = None

    def __str__(self) -> str:
        since = "" if self.within_days is None else f" in the last {self.within_days} days"
        return _SAYS[self.fact].format(range=self.limit) + since


@dataclass(frozen=True, kw_only=True, slots=True)
class ByHand:
    """Who works these debts instead of the automatic run, and within how many days of the task."""

    owner: str
    within_days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A name and what a debt must be to bear it: every column one of its values, every condition met."""

    name: str
    equals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    by_hand: ByHand | None = None

    @property
    def because(self) -> str:
        """Its conditions in words, with the limits and without anybody's figures: they may stand in the log."""
        columns = [f"{name.replace('_', ' ')} {' or '.join(values)}" for name, values in self.equals.items()]
        return "; ".join([*columns, *map(str, self.conditions)]) or "every other debt"

    def asks_for_the_book(self) -> bool:
        """Whether it needs to know what the creditor is owed in all."""
        return any(condition.fact is Fact.SHARE_OF_BOOK for condition in self.conditions)

    def asks_for_a_score(self) -> bool:
        """Whether it takes companies alone: for a private person it only adds to what may be offered."""
        return any(condition.fact is Fact.SCORE for condition in self.conditions)


Segments = Sequence[Segment]  # the first whose conditions are met takes the debt
