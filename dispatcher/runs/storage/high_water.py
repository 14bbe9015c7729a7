"""Until when live messages were sent: a clock that says an earlier time is wrong."""

from datetime import datetime

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.operations import marks

_ACCEPTED = "accepted-high-water"
_LIVE = text(
    "messages.provider NOT IN ('', 'folder')"
)  # what reached a real provider; the index says the same


def newest_live_send(connection: Connection) -> datetime | None:
    """The newest instant (business clock) at which something was handed to a real provider."""
    found: datetime | None = connection.scalar(
        select(func.max(messages.c.sent_at, type_=messages.c.sent_at.type)).where(_LIVE)
    )
    return found


def accepted_trouble(connection: Connection) -> str:
    """The trouble that a person has looked at and let pass."""
    return str(connection.scalar(select(marks.c.value).where(marks.c.name == _ACCEPTED)) or "")


def accept_trouble(connection: Connection, trouble: str) -> None:
    """Remember the trouble as told, so that it stops us once."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(marks)
        .values(name=_ACCEPTED, value=trouble)
        .on_conflict_do_update(index_elements=[marks.c.name], set_={"value": trouble})
    )
