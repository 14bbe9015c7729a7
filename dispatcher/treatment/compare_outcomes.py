"""Says what messages of a period brought in, group by group, and with what certainty one did better than another."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.treatment.domain.outcomes import (
    NOT_SAID,
    WINDOWS,
    By,
    Outcome,
    PaidWithin,
    Prices,
    Sign,
    count_outcomes,
)
from dispatcher.treatment.domain.statistics import (
    Interval,
    difference_of_means,
    difference_of_shares,
    people_needed,
    share,
)
from dispatcher.treatment.storage import outcomes as stored
from dispatcher.values.money import Money
from dispatcher.values.spreadsheet import to_cell

SEED = 20  # of the draws: the same figures give the same intervals on every machine
HOPED_FOR = 0.05  # the difference of shares that a trial is measured by
MOST_COMPARED = 12  # groups, the largest first


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeRequest:
    """Messages that went out from `first` to `last` (UTC); payments are looked at until `as_of`."""

    first: date
    last: date
    as_of: date
    by: By = By.STEP
    seed: int = SEED
    running: Mapping[str, date] = field(default_factory=dict)  # experiments whose last day has not passed


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """How a group did beside the largest one, by payments within some days. None: too few to say."""

    group: str
    base: str
    days: int
    paid: Interval | None
    brought: Mapping[str, Interval | None]  # minor units a person, by currency


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeReport:
    """The whole answer. `until` is the last day of which payments are known."""

    request: OutcomeRequest
    until: date
    outcomes: tuple[Outcome, ...]
    differences: tuple[Difference, ...]

    def of(self, group: str) -> Outcome:
        """The group of a name; raises StopIteration where there is none."""
        return next(outcome for outcome in self.outcomes if outcome.group == group)

    def as_json(self) -> dict[str, Any]:
        """As `dispatcher outcomes --json`, the page and the API write it: amounts as text, shares as numbers."""
        return {
            "from": self.request.first.isoformat(),
            "to": self.request.last.isoformat(),
            "by": self.request.by.value,
            "payments_known_until": self.until.isoformat(),
            "outcomes": [outcome_json(outcome) for outcome in self.outcomes],
            "differences": [difference_json(difference) for difference in self.differences],
            "still_running": still_running(self.request),
        }


def compare_outcomes(database: Database, request: OutcomeRequest, prices: Prices) -> OutcomeReport:
    """Count and compare; nothing is stored."""
    with database.reading() as connection:
        sendings = [
            *stored.sendings(connection, request.first, request.last),
            *stored.call_sendings(connection, request.first, request.last),
            *stored.trial_sendings(connection, request.first, request.last),
        ]
        debts = {debt for sending in sendings for debt in sending.debts}
        payments = list(stored.payments_for(connection, debts, request.first, request.last))
        told = stored.told(connection, request.first, request.last)
        until = min(request.as_of, stored.known_until(connection) or request.as_of)
    counted = count_outcomes(sendings, payments, told, by=request.by, until=until, prices=prices)
    outcomes = [
        one for one in counted if request.by is not By.ARM or experiment_of(one.group) not in request.running
    ]
    return OutcomeReport(
        request=request,
        until=until,
        outcomes=tuple(outcomes),
        differences=tuple(_differences(outcomes, request)),
    )


def experiment_of(group: str) -> str:
    """The experiment that an arm belongs to."""
    return group.partition(": ")[0]


def still_running(request: OutcomeRequest) -> list[str]:
    """A sentence for each experiment that still runs: whoever looked before its end would see a winner too often."""
    if request.by is not By.ARM:
        return []
    return [
        f"The trial {name} runs until {end}: what it shows is told then."
        for name, end in request.running.items()
    ]


def _differences(outcomes: Sequence[Outcome], request: OutcomeRequest) -> Iterator[Difference]:
    """Each group beside the largest; arms beside the largest arm of their own experiment."""
    largest: dict[str, Outcome] = {}
    named = [outcome for outcome in outcomes if outcome.group != NOT_SAID][:MOST_COMPARED]
    for other in named:
        base = largest.setdefault(experiment_of(other.group) if request.by is By.ARM else "", other)
        if base is not other:
            yield from _beside(base, other, request.seed)


def _beside(base: Outcome, other: Outcome, seed: int) -> Iterator[Difference]:
    for base_paid, paid in zip(base.paid, other.paid, strict=True):
        yield Difference(
            group=other.group,
            base=base.group,
            days=paid.days,
            paid=difference_of_shares((base_paid.people, base_paid.paid), (paid.people, paid.paid)),
            brought=_brought(base_paid, paid, seed),
        )


def _brought(base: PaidWithin, other: PaidWithin, seed: int) -> dict[str, Interval | None]:
    chance = random.Random(seed)  # noqa: S311 draws of a statistic, no secret
    return {
        currency: difference_of_means(
            base.amounts[currency],
            other.amounts[currency],
            lambda values, count: chance.choices(values, k=count),
        )
        for currency in sorted(base.amounts.keys() & other.amounts.keys())
    }


def volume_in_words(report: OutcomeReport, days: int, hoped_for: float = HOPED_FOR) -> str:
    """How long the volume of the largest group needs to show such a difference; empty where nothing can be said."""
    largest = report.outcomes[0] if report.outcomes else None
    paid = largest.within(days) if largest else None
    if largest is None or paid is None or not paid.people:
        return ""
    needed = people_needed(paid.paid / paid.people, hoped_for)
    a_day = largest.people / ((report.request.last - report.request.first).days + 1)
    return (
        f"To see a difference of {100 * hoped_for:.0f} points in who pays within {days} days beside {largest.group}, "
        f"two texts would need {needed:,} people each; at {a_day:.1f} people a day that takes "
        f"{math.ceil(2 * needed / a_day) + days:,} days, the {days} of waiting included."
    )


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """One group."""
    return {
        "group": outcome.group,
        "sent": outcome.sent,
        "delivered": outcome.delivered,
        "complained": outcome.complained,
        "people": outcome.people,
        **{sign.value: outcome.signs[sign] for sign in Sign},
        "paid": {str(paid.days): _paid_json(paid) for paid in outcome.paid},
        "cost": None if outcome.cost is None else {key: str(value) for key, value in outcome.cost.items()},
    }


def _paid_json(paid: PaidWithin) -> dict[str, Any]:
    interval = share(paid.people, paid.paid)
    return {
        "of": paid.people,
        "people": paid.paid,
        "share": round(interval.value, 4) if paid.people else None,
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
        "amounts": {currency: money(paid.total(currency), currency) for currency in paid.amounts},
    }


def difference_json(difference: Difference) -> dict[str, Any]:
    """One comparison, with its sentence."""
    return {
        "group": difference.group,
        "beside": difference.base,
        "days": difference.days,
        "paid": _interval_json(difference.paid, 1, 4),
        "brought": {
            currency: _interval_json(interval, Money.of(1, currency).minor, 2)
            for currency, interval in difference.brought.items()
        },
        "in_words": in_words(difference),
    }


def _interval_json(interval: Interval | None, per: int, digits: int) -> dict[str, float] | None:
    if interval is None:
        return None
    edges = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {name: round(edge / per, digits) for name, edge in edges.items()}


def in_words(difference: Difference) -> str:
    """What can be said of a difference, in a sentence; never more than its interval says."""
    said = [_share_in_words(difference)]
    said += [
        _money_in_words(currency, one) for currency, one in difference.brought.items() if one is not None
    ]
    return " ".join(said)


def _share_in_words(difference: Difference) -> str:
    of = f"{difference.group} beside {difference.base}, paid within {difference.days} days"
    interval = difference.paid
    if interval is None:
        return f"{of}: too few to say."
    edges = f"between {100 * interval.low:+.1f} and {100 * interval.high:+.1f} points"
    if not interval.clear:
        return f"{of}: no difference can be told; it may be anything {edges}."
    word = "more" if interval.value > 0 else "fewer"
    return f"{of}: {word} people paid, by {abs(100 * interval.value):.1f} points ({edges})."


def _money_in_words(currency: str, interval: Interval) -> str:
    low, high = (money(round(edge), currency) for edge in (interval.low, interval.high))
    if not interval.clear:
        return f"A person brought between {low} and {high} {currency} more: no difference can be told."
    word = "more" if interval.value > 0 else "less"
    value = money(abs(round(interval.value)), currency)
    return f"A person brought {value} {currency} {word} (between {low} and {high})."


def money(minor: int, currency: str) -> str:
    """`1234.50`."""
    amount: Decimal = Money(minor, currency).amount
    return str(amount)


def cost_in_words(outcome: Outcome) -> str:
    """What the messages of a group cost."""
    if outcome.cost is None:
        return "not known"
    return ", ".join(f"{amount} {currency}" for currency, amount in outcome.cost.items()) or "nothing"


def table_of(report: OutcomeReport) -> Iterator[list[str]]:
    """The report as lines of cells, the heading first; one line a group, and a currency where money came in several."""
    windows = [str(days) for days in WINDOWS]
    yield [
        report.request.by.value, "currency", "sent", "delivered", "complained", "people",
        *(sign.value for sign in Sign),
        *(f"{name}_within_{days}" for days in windows for name in ("people", "paid", "share", "low", "high", "amount")),
        "cost",
    ]  # fmt: skip
    for outcome in report.outcomes:
        yield from _lines(outcome)


def _lines(outcome: Outcome) -> Iterator[list[str]]:
    shown = outcome_json(outcome)
    cost = ", ".join(f"{amount} {currency}" for currency, amount in (outcome.cost or {}).items())
    counts = ("sent", "delivered", "complained", "people", *(sign.value for sign in Sign))
    for currency in sorted({currency for paid in outcome.paid for currency in paid.amounts}) or [""]:
        cells = [to_cell(outcome.group), currency, *(str(shown[name]) for name in counts)]
        for paid in outcome.paid:
            figures = shown["paid"][str(paid.days)]
            cells += [str(figures[name]) for name in ("of", "people")]
            cells += [
                "" if figures["share"] is None else str(figures[name]) for name in ("share", "low", "high")
            ]
            cells.append(figures["amounts"].get(currency, ""))
        yield [*cells, cost]
