"""Keeps what somebody in need said, apart from everything that others read; it goes sooner than the rest."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from dispatcher.database.tables.people import care_notes

SELF_HARM = "self_harm"


def add(
    connection: Connection, debtor_id: int | None, words: str, *, at: datetime, source: str, category: str
) -> int:
    """Keep words; returns the number by which a task names them."""
    row = {
        "debtor_id": debtor_id,
        "category": category,
        "words": words,
        "source": source,
        "recorded_at": at,
    }
    key: int = connection.scalars(insert(care_notes).values(row).returning(care_notes.c.id)).one()
    return key


def read(connection: Connection, ids: Collection[int]) -> dict[int, Any]:
    """Notes by their numbers; one that has gone by now is left out."""
    rows = connection.execute(select(care_notes).where(care_notes.c.id.in_(ids)))
    return {row.id: row for row in rows}


def not_told(connection: Connection) -> list[int]:
    """Notes of which the desk has not been told yet."""
    query = select(care_notes.c.id).where(
        care_notes.c.alerted_at.is_(None), care_notes.c.category == SELF_HARM
    )
    return list(connection.scalars(query.order_by(care_notes.c.id)))


def told(connection: Connection, ids: Collection[int], *, at: datetime) -> None:
    """The desk has been told of these."""
    connection.execute(update(care_notes).where(care_notes.c.id.in_(ids)).values(alerted_at=at))


def forget_before(connection: Connection, moment: datetime) -> int:
    """Erase what was written before an instant; returns how many notes."""
    return connection.execute(delete(care_notes).where(care_notes.c.recorded_at < moment)).rowcount
