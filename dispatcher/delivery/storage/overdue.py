"""Finds messages whose time to be sent has passed."""

from datetime import datetime

from sqlalchemy import Connection, select

from dispatcher.database.tables.messages import messages
from dispatcher.messages.domain.message import UNSENT
from dispatcher.messages.storage.outbox import unleased


def past_validity(connection: Connection, *, now: datetime, real_now: datetime, limit: int) -> list[str]:
    """Ids of unsent messages past their validity that nobody holds, locked."""
    query = (
        select(messages.c.id)
        .where(
            messages.c.state.in_([state.value for state in UNSENT]),
            messages.c.expires_at <= now,
            unleased(real_now),
        )
        .order_by(messages.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(connection.scalars(query))
