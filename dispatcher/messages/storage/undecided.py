"""Messages that nobody has decided about yet, and the note that somebody has been told."""

from datetime import datetime

from sqlalchemy import Connection, or_, select, text, update

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.messages.domain.message import State

# In words, so that SQLite sees that the partial index serves.
undecided = text(
    "messages.state IN ('held', 'unknown', 'failed', 'expired') AND messages.acknowledged_at IS NULL"
)


def take_note_of_expired(connection: Connection, *, mode: str, now: datetime) -> None:
    """The expired ones have been told: they are not told again."""
    of_mode = select(runs.c.id).where(runs.c.mode == mode)
    condition = or_(messages.c.run_id.is_(None), messages.c.run_id.in_(of_mode))
    connection.execute(
        update(messages)
        .where(undecided, messages.c.state == State.EXPIRED, condition)
        .values(acknowledged_at=now)
    )
