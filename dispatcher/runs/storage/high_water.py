"""Remembers outside of the database until when it had sent: a restored copy knows less, a wrong clock is earlier."""

import json
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from channels.durable_file import write_durably
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.operations import marks

_ACCEPTED_LOSS = "accepted-high-water"
_LIVE = text(
    "messages.provider NOT IN ('', 'folder')"
)  # what reached a real provider; the index says the same


def newest_live_send(connection: Connection) -> datetime | None:
    """The newest instant (business clock) at which something was handed to a real provider."""
    found: datetime | None = connection.scalar(
        select(func.max(messages.c.sent_at, type_=messages.c.sent_at.type)).where(_LIVE)
    )
    return found


def read_mark(path: Path) -> datetime | None:
    """The newest send that this machine remembers."""
    try:
        return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["newest_live_send"])
    except FileNotFoundError:
        return None


def write_mark(path: Path, at: datetime) -> None:
    """Remember it, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, json.dumps({"newest_live_send": at.isoformat()}).encode())


def accepted_loss(connection: Connection) -> str:
    """The trouble that a person has looked at and let pass."""
    return str(connection.scalar(select(marks.c.value).where(marks.c.name == _ACCEPTED_LOSS)) or "")


def accept_loss(connection: Connection, trouble: str) -> None:
    """Remember the trouble as told, so that it stops us once."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(marks)
        .values(name=_ACCEPTED_LOSS, value=trouble)
        .on_conflict_do_update(index_elements=[marks.c.name], set_={"value": trouble})
    )
