"""Mappings that operators made on the pages: every text that was ever saved, with who and when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from dispatcher.database.tables.portfolio import mappings


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedMapping:
    """One text of a mapping."""

    name: str
    text: str
    saved_by: str
    saved_at: datetime


def add(connection: Connection, mapping: SavedMapping) -> None:
    """Keep a text; from now on it is what the name means."""
    row = {
        "name": mapping.name,
        "text": mapping.text,
        "saved_by": mapping.saved_by,
        "saved_at": mapping.saved_at,
    }
    connection.execute(insert(mappings).values(row))


def in_use(connection: Connection) -> list[SavedMapping]:
    """The newest text of each name, by name."""
    newest = select(func.max(mappings.c.id)).group_by(mappings.c.name).scalar_subquery()
    rows = connection.execute(select(mappings).where(mappings.c.id.in_(newest)).order_by(mappings.c.name))
    return [
        SavedMapping(name=row.name, text=row.text, saved_by=row.saved_by, saved_at=row.saved_at)
        for row in rows
    ]


def texts(connection: Connection) -> dict[str, str]:
    """Name -> the newest text."""
    return {mapping.name: mapping.text for mapping in in_use(connection)}
