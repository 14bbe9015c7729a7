"""Counts entries of the log by event, up to a bound: numbers beside the search, not a census."""

from datetime import datetime

from sqlalchemy import Connection, func, literal, select, union_all

from dispatcher.storage.tables import log_entries

COUNTED_UP_TO = 10_000


def events(
    connection: Connection, *, since: datetime | None = None, until: datetime | None = None
) -> list[tuple[str, int]]:
    """(event, entries), the most frequent first; each count stops at COUNTED_UP_TO."""
    known = _kinds(connection)
    if not known:
        return []
    period = [log_entries.c.at >= since] if since else []
    period += [log_entries.c.at < until] if until else []
    bounded = [
        select(literal(event).label("event"), func.count().label("n")).select_from(
            select(log_entries.c.id)
            .where(log_entries.c.event == event, *period)
            .limit(COUNTED_UP_TO)
            .subquery()
        )
        for event in known
    ]
    rows = connection.execute(union_all(*bounded)).all()
    return sorted(((row[0], row[1]) for row in rows if row[1]), key=lambda row: (-row[1], row[0]))


def _kinds(connection: Connection) -> list[str]:
    """Every event there is, by skipping along its index: a look-up an event, whatever the log's length."""
    found: list[str] = []
    while True:
        query = select(func.min(log_entries.c.event))
        if found:
            query = query.where(log_entries.c.event > found[-1])
        event = connection.scalar(query)
        if event is None:
            return found
        found.append(event)
