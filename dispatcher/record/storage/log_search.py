"""Searches the log: newest first by (instant, id), a page at a time, without scanning what an index can leave out.

What many entries share is chosen by their facets, whose places are merged. Where a filter leads to few entries
(one message, an address, rare words) those are looked up instead. What is left (a state that most messages have,
common words) is asked of each entry at hand, of no more of them than the caller allows.
"""

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.record import sealed_entries
from dispatcher.log.storage import log_facets
from dispatcher.record.storage.log_pointers import pointed, that_meet
from dispatcher.record.storage.log_query import LogQuery
from dispatcher.record.storage.log_streams import (
    Place,
    Stretch,
    cursor_of,
    place_of,
    places,
    places_of_facets,
)

__all__ = ["EXCEPTIONS", "FoundEntry", "LogQuery", "Page", "load", "sample", "search"]

ASKED_AT_FIRST = 100  # entries, then twice as many each time
ASKED_AT_ONCE = 800
EXCEPTIONS = ("bounced", "returned", "rejected", "complained", "unknown", "held", "expired")
_E = log_entries.c


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundEntry:
    """An entry with what may be shown of it; `values` are None where erased or never there."""

    id: int
    position: int | None
    document: dict[str, Any]
    values: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Entries, and the cursor that continues after them; "" at the end.

    `looked_back_to` is set where the search stopped before the page was full: the next page goes on from there.
    """

    entries: tuple[FoundEntry, ...]
    next: str
    looked_back_to: Place | None = None


def search(
    connection: Connection, query: LogQuery, *, limit: int = 50, cursor: str = "", at_most: int | None = None
) -> Page:
    """Return one page. `cursor` is a former page's `next`; raises ValueError for another text.

    `at_most` bounds the entries that are asked one by one, for pages that must come at once.
    """
    found: list[Place] = []
    asked = 0
    for chunk, met in _asked(connection, query, place_of(cursor), limit + 1):
        found += met
        asked += len(chunk)
        if len(found) > limit:
            return Page(entries=_entries(connection, found[:limit]), next=cursor_of(found[limit - 1]))
        if at_most is not None and asked >= at_most:
            return Page(
                entries=_entries(connection, found), next=cursor_of(chunk[-1]), looked_back_to=chunk[-1]
            )
    return Page(entries=_entries(connection, found), next="")


def sample(connection: Connection, query: LogQuery, *, size: int, seed: str, upto: int) -> list[FoundEntry]:
    """Draw sealed entries at random: the same for the same query, size, seed and last position, whoever asks."""
    numbered = _positions(connection, query, upto)
    drawn = heapq.nsmallest(size, numbered, key=lambda place: sha256(f"{seed}:{place[0]}".encode()).digest())
    return load(connection, [entry_id for _, entry_id in sorted(drawn)])


def load(connection: Connection, ids: Sequence[int]) -> list[FoundEntry]:
    """Read entries by id, in the order given."""
    rows = connection.execute(
        select(_E.id, sealed_entries.c.position, _E.entry, personal_values.c["values"])
        .select_from(
            log_entries.outerjoin(sealed_entries, sealed_entries.c.entry_id == _E.id).outerjoin(
                personal_values, personal_values.c.id == _E.personal_id
            )
        )
        .where(_E.id.in_(ids))
    )
    found = {
        row.id: FoundEntry(id=row.id, position=row.position, document=json.loads(row.entry), values=row[3])
        for row in rows
    }
    return [found[key] for key in ids if key in found]


def _entries(connection: Connection, found: Sequence[Place]) -> tuple[FoundEntry, ...]:
    return tuple(load(connection, [key for _, key in found]))


def _positions(connection: Connection, query: LogQuery, upto: int) -> Iterator[tuple[int, int]]:
    """Yield (position, entry id) of every sealed entry that matches, up to a position."""
    sealed = select(sealed_entries.c.position, sealed_entries.c.entry_id)
    sealed = sealed.where(sealed_entries.c.position <= upto)
    if query == LogQuery():
        yield from ((row.position, row.entry_id) for row in connection.execute(sealed))
        return
    for _, met in _asked(connection, query, None, ASKED_AT_ONCE):
        chosen = sealed.where(sealed_entries.c.entry_id.in_([key for _, key in met]))
        yield from ((row.position, row.entry_id) for row in connection.execute(chosen))


def _asked(
    connection: Connection, query: LogQuery, after: Place | None, step: int
) -> Iterator[tuple[list[Place], list[Place]]]:
    """Yield (places looked at, those of them that fit), newest first."""
    stretch = Stretch(since=query.since, until=query.until, after=after)
    told = pointed(connection, query)
    facets = _facets(connection, query)
    if told.few or query.persons:
        known = _looked_up(connection, query, told.few, facets, stretch)
    else:
        known = _streamed(connection, query, facets, stretch, step)
    size = ASKED_AT_FIRST if told.many else step
    while chunk := list(islice(known, size)):
        met = that_meet(connection, told.many, [key for _, key in chunk]) if told.many else None
        yield chunk, chunk if met is None else [place for place in chunk if place[1] in met]
        size = min(size * 2, ASKED_AT_ONCE)


def _facets(connection: Connection, query: LogQuery) -> list[int] | None:
    """Ids of the facets that fit; None where all do."""
    if not query.asks_of_facets:
        return None
    return [key for key, each in log_facets.every(connection).items() if query.fits(each)]


def _looked_up(
    connection: Connection,
    query: LogQuery,
    few: Sequence[ColumnElement[bool]],
    facets: Sequence[int] | None,
    stretch: Stretch,
) -> Iterator[Place]:
    """Entries that one of the filters leads to: all of them at once, sorted here."""
    conditions = [*few, *stretch.period()]
    if query.persons:
        conditions.append(_E.person.in_(query.persons))
    if query.run_id is not None:
        conditions.append(_E.run_id == query.run_id)
    wanted = None if facets is None else set(facets)
    rows = connection.execute(select(_E.at, _E.id, _E.facet).where(*conditions))
    found = [(row[0], row[1]) for row in rows if wanted is None or row[2] in wanted]
    after = stretch.after
    yield from sorted((each for each in found if after is None or each < after), reverse=True)


def _streamed(
    connection: Connection, query: LogQuery, facets: Sequence[int] | None, stretch: Stretch, step: int
) -> Iterator[Place]:
    if query.run_id is None and facets is None:
        return places(connection, [], stretch, step)
    fixed = [] if query.run_id is None else [_E.run_id == query.run_id]
    chosen = list(log_facets.every(connection)) if facets is None else facets
    return places_of_facets(connection, fixed, chosen, stretch, step)
