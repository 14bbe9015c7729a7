"""Keeps the facets that entries of the log have: some hundreds of rows that searches choose from.

Derived from the entries: `rebuild` makes it anew. A facet may stand here twice where two writers met it first at
the same moment; a unique key would let one of them wait for the other.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, select

from dispatcher.database.bulk import insert_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.log import log_facets
from dispatcher.log.domain.facet import Facet, facet

_KNOWN = select(log_facets.c.facet).where(one_of(log_facets.c.facet, "ids"))
_ALL = select(*(column for column in log_facets.c if column.name != "id"))


def keep(connection: Connection, facets: Iterable[Facet]) -> None:
    """Add those that are not yet there."""
    wanted = {each.id: each for each in facets}
    known = set(connection.scalars(_KNOWN, {"ids": list(wanted)}))
    insert_rows(connection, log_facets, [_row(each) for key, each in wanted.items() if key not in known])


def every(connection: Connection) -> dict[int, Facet]:
    """Return all facets by their id."""
    return {row.facet: _facet(row) for row in connection.execute(_ALL)}


def of_events(connection: Connection, events: Collection[str]) -> list[int]:
    """List the ids of the facets with one of these events."""
    query = select(log_facets.c.facet).distinct().where(log_facets.c.event.in_(events))
    return list(connection.scalars(query))


def rebuild(connection: Connection, facets: Iterable[Facet]) -> int:
    """Replace all by these; returns how many there are."""
    rows = [_row(each) for each in {each.id: each for each in facets}.values()]
    connection.execute(delete(log_facets))
    insert_rows(connection, log_facets, rows)
    return len(rows)


def altered(connection: Connection) -> Iterator[tuple[int, str]]:
    """Yield (row, event) of every row that is not what its id says."""
    for row in connection.execute(select(log_facets)):
        if _facet(row).id != row.facet:
            yield row.id, row.event


def _row(each: Facet) -> dict[str, Any]:
    values = asdict(each)
    return {"facet": values.pop("id"), **values, "terms": list(each.terms)}


def _facet(row: Any) -> Facet:
    return facet(
        row.event,
        row.channel,
        row.creditor,
        row.template,
        row.template_version,
        of_message=bool(row.of_message),
        with_body=bool(row.with_body),
        terms=tuple(row.terms),
    )
