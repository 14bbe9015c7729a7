"""Stops that have ended, for people who look back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from dispatcher.database.tables.delivery import stops


def ended(connection: Connection, *, limit: int) -> Sequence[Any]:
    """The newest stops that somebody has resumed."""
    query = select(stops).where(stops.c.resumed_at.is_not(None)).order_by(stops.c.id.desc()).limit(limit)
    return connection.execute(query).all()
