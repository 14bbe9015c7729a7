"""Where entries stand in the sealed order, for proving one of them without exporting anything."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.record import sealed_entries


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedEntry:
    """An entry with its place; `position` None while no seal covers it."""

    entry_id: int
    event: str
    entry: str
    position: int | None
    seal: int | None
    leaf: str | None
    salt: str | None
    values: dict[str, Any] | None


def entries_of_message(connection: Connection, message_id: str) -> list[PlacedEntry]:
    """The entries of one message, in order of writing."""
    return _read(connection, log_entries.c.message_id == message_id)


def entry_at(connection: Connection, entry_id: int) -> PlacedEntry | None:
    """One entry by the id it was written under."""
    return next(iter(_read(connection, log_entries.c.id == entry_id)), None)


def _read(connection: Connection, condition: Any) -> list[PlacedEntry]:
    query = (
        select(
            log_entries.c.id,
            log_entries.c.event,
            log_entries.c.entry,
            sealed_entries.c.position,
            sealed_entries.c.seal,
            sealed_entries.c.leaf,
            personal_values.c.salt,
            personal_values.c["values"],
        )
        .outerjoin(sealed_entries, sealed_entries.c.entry_id == log_entries.c.id)
        .outerjoin(personal_values, personal_values.c.id == log_entries.c.personal_id)
        .where(condition)
        .order_by(log_entries.c.id)
    )
    return [
        PlacedEntry(
            entry_id=row[0],
            event=row[1],
            entry=row[2],
            position=row[3],
            seal=row[4],
            leaf=row[5],
            salt=row[6],
            values=row[7],
        )
        for row in connection.execute(query)
    ]
