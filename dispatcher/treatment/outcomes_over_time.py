"""Counts what messages of a period brought in, a day or a week at a time: the figures of `outcomes`, put in a row."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.treatment.domain.outcomes import By, Prices, count_outcomes
from dispatcher.treatment.domain.over_time import RATES, Point, stretches
from dispatcher.treatment.storage import outcomes as stored


@dataclass(frozen=True, kw_only=True, slots=True)
class OverTime:
    """The row. `until` is the last day of which payments are known."""

    first: date
    last: date
    until: date
    points: tuple[Point, ...]

    def rows(self) -> list[dict[str, Any]]:
        """A row a stretch, each share beside what it is of, for files and the table behind the charts."""
        return [row_of(point) for point in self.points]


def outcomes_over_time(
    database: Database, prices: Prices, *, first: date, last: date, as_of: date
) -> OverTime:
    """Messages that went out from `first` to `last` (UTC); payments are looked at until `as_of`."""
    with database.reading() as connection:
        sendings = stored.sendings(connection, first, last)
        debts = {debt for sending in sendings for debt in sending.debts}
        payments = list(stored.payments_for(connection, debts, first, last))
        told = stored.told(connection, first, last)
        until = min(as_of, stored.known_until(connection) or as_of)
    spans = list(stretches(first, last))
    of_day = {since + timedelta(days=more): since for since, days in spans for more in range(days)}
    dated = [
        replace(sending, groups={By.STEP: of_day[sending.at.date()].isoformat()}) for sending in sendings
    ]
    found = {
        outcome.group: outcome
        for outcome in count_outcomes(dated, payments, told, by=By.STEP, until=until, prices=prices)
    }
    back = [of_day[sending.at.date()] for sending in sendings if sending.came_back]
    points = tuple(
        Point(since=since, days=days, outcome=found.get(since.isoformat()), came_back=back.count(since))
        for since, days in spans
    )
    return OverTime(first=first, last=last, until=until, points=points)


def row_of(point: Point) -> dict[str, Any]:
    """One stretch as files write it: counts, and each share in percent."""
    outcome = point.outcome
    counts: dict[str, Any] = {
        "since": point.since.isoformat(),
        "days": point.days,
        "sent": outcome.sent if outcome else 0,
        "people": outcome.people if outcome else 0,
    }
    for rate in RATES:
        part, whole = rate.of(point)
        share = rate.share(point)
        counts |= {
            rate.name: part,
            f"{rate.name}_of": whole,
            f"{rate.name}_percent": f"{share:.2f}" if share is not None else None,
        }
    return counts
