"""Reads places of the log (instant, id) newest first, from one index or merged from several parts of one."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from dispatcher.database.tables.log import log_entries, log_facets

Place = tuple[datetime, int]  # an entry's instant and id; entries of one instant are ordered by id
MOST_READ = 2_000  # places read at once
FACETS_ASKED = 500  # in one statement
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_E = log_entries.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """The part of the log that is looked at: a period (`until` is outside), and what comes after a place."""

    since: datetime | None = None
    until: datetime | None = None
    after: Place | None = None

    def period(self) -> list[ColumnElement[bool]]:
        """Conditions on the instant."""
        told = [_E.at >= self.since] if self.since else []
        return [*told, _E.at < self.until] if self.until else told

    def coarse(self) -> list[ColumnElement[bool]]:
        """Conditions on the instant that leave nothing out, and little too much in."""
        return self.period() + ([_E.at <= self.after[0]] if self.after else [])


def cursor_of(place: Place) -> str:
    """Write a place as a cursor."""
    return f"{(place[0] - _EPOCH) // timedelta(milliseconds=1)}-{place[1]}"


def place_of(cursor: str) -> Place | None:
    """Read a cursor back; None for "", ValueError for another text."""
    if not cursor:
        return None
    at, _, key = cursor.partition("-")
    if not (at.isdecimal() and key.isdecimal() and len(at) < 15 and len(key) < 19):
        raise ValueError(f"{cursor!r} is not a cursor of this search")
    return _EPOCH + timedelta(milliseconds=int(at)), int(key)


def places(
    connection: Connection, fixed: Sequence[ColumnElement[bool]], stretch: Stretch, step: int
) -> Iterator[Place]:
    """Yield the places that meet fixed conditions, newest first; `step` is how many are read at first."""
    after = stretch.after
    while True:
        read = _read(connection, fixed, stretch, after, step)
        yield from read
        if len(read) < step:
            return
        after, step = read[-1], min(step * 2, MOST_READ)


def _read(
    connection: Connection,
    fixed: Sequence[ColumnElement[bool]],
    stretch: Stretch,
    after: Place | None,
    limit: int,
) -> list[Place]:
    """Two looks into the index: a pair compared as one is read by the first half alone on SQLite."""
    period = stretch.period()
    if after is None:
        return _newest(connection, [*fixed, *period], limit)
    same = _newest(connection, [*fixed, *period, _E.at == after[0], _E.id < after[1]], limit)
    older = limit - len(same)
    return same + (_newest(connection, [*fixed, *period, _E.at < after[0]], older) if older else [])


def _newest(connection: Connection, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[Place]:
    query = select(_E.at, _E.id).where(*conditions).order_by(_E.at.desc(), _E.id.desc()).limit(limit)
    return [(row[0], row[1]) for row in connection.execute(query)]


def places_of_facets(
    connection: Connection,
    fixed: Sequence[ColumnElement[bool]],
    facets: Sequence[int],
    stretch: Stretch,
    step: int,
) -> Iterator[Place]:
    """Merge the places of many facets; only those whose turn it is are read beyond their newest instant."""
    waiting: list[tuple[float, float, int, Place | None, Iterator[Place]]] = []
    for number, (facet, newest) in enumerate(_newest_of(connection, fixed, facets, stretch)):
        following = places(connection, [*fixed, _E.facet == facet], stretch, step)
        waiting.append((-newest.timestamp(), float("-inf"), number, None, following))
    heapq.heapify(waiting)
    while waiting:
        _, _, number, place, following = waiting[0]
        if place is not None:
            yield place
        coming = next(following, None)
        if coming is None:
            heapq.heappop(waiting)
        else:
            heapq.heapreplace(waiting, (-coming[0].timestamp(), -coming[1], number, coming, following))


def _newest_of(
    connection: Connection, fixed: Sequence[ColumnElement[bool]], facets: Sequence[int], stretch: Stretch
) -> Iterator[tuple[int, datetime]]:
    """Yield each facet that has something in the stretch, with its newest instant there."""
    newest: Any = (
        select(_E.at)
        .where(*fixed, _E.facet == log_facets.c.facet, *stretch.coarse())
        .order_by(_E.at.desc())
        .limit(1)
        .correlate(log_facets)
        .scalar_subquery()
    )
    for start in range(0, len(facets), FACETS_ASKED):
        chosen = log_facets.c.facet.in_(facets[start : start + FACETS_ASKED])
        found = {
            row[0]: row[1] for row in connection.execute(select(log_facets.c.facet, newest).where(chosen))
        }
        yield from ((facet, at) for facet, at in found.items() if at is not None)
