"""Counts entries of the log by event, up to a bound: numbers beside the search, not a census."""

from datetime import datetime

from sqlalchemy import Connection, func, literal, select, union_all

from dispatcher.database.tables.log import log_entries
from dispatcher.log.storage import log_facets

COUNTED_UP_TO = 10_000


def events(
    connection: Connection, *, since: datetime | None = None, until: datetime | None = None
) -> list[tuple[str, int]]:
    """(event, entries), the most frequent first; each count stops at COUNTED_UP_TO."""
    kinds: dict[str, list[int]] = {}
    for key, facet in log_facets.every(connection).items():
        kinds.setdefault(facet.event, []).append(key)
    if not kinds:
        return []
    period = [log_entries.c.at >= since] if since else []
    period += [log_entries.c.at < until] if until else []
    bounded = [
        select(literal(event).label("event"), func.count().label("n")).select_from(
            select(log_entries.c.id)
            .where(log_entries.c.facet.in_(facets), *period)
            .limit(COUNTED_UP_TO)
            .subquery()
        )
        for event, facets in kinds.items()
    ]
    rows = connection.execute(union_all(*bounded)).all()
    return sorted(((row[0], row[1]) for row in rows if row[1]), key=lambda row: (-row[1], row[0]))
