"""Reads sealed entries in the sealer's order, as the events that a creditor's system may see."""

import json

from sqlalchemy import Connection, func, or_, select

from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.record import sealed_entries
from dispatcher.log.domain.events import Event
from dispatcher.wire.domain.wire_event import TOLD, WireEvent, wire_event


def events_after(connection: Connection, position: int, creditor: str, limit: int) -> list[WireEvent]:
    """Events behind a position, oldest first: those of one creditor, of all where none is named, and finished runs.

    Commits come out of order, positions never do: whoever has read up to one has missed nothing before it.
    """
    query = (
        select(sealed_entries.c.position, log_entries.c.entry, personal_values.c["values"])
        .join(log_entries, log_entries.c.id == sealed_entries.c.entry_id)
        .outerjoin(personal_values, personal_values.c.id == log_entries.c.personal_id)
        .where(sealed_entries.c.position > position, log_entries.c.event.in_(sorted(TOLD)))
        .order_by(sealed_entries.c.position)
        .limit(limit)
    )
    if creditor:
        everybodys = log_entries.c.event == Event.RUN_SUMMARY.value
        query = query.where(or_(log_entries.c.creditor == creditor, everybodys))
    rows = connection.execute(query)
    return [wire_event(row[0], json.loads(row[1]), row[2] or {}) for row in rows]


def last_position(connection: Connection) -> int:
    """The newest sealed position; -1 before the first."""
    newest = connection.scalar(select(func.max(sealed_entries.c.position)))
    return -1 if newest is None else newest


def is_anything_unsealed(connection: Connection) -> bool:
    """Whether an entry was written since the newest seal."""
    written = connection.scalar(select(func.max(log_entries.c.id))) or 0
    sealed = connection.scalar(select(func.max(sealed_entries.c.entry_id))) or 0
    return written > sealed
