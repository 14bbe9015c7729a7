"""Writes down what users do about their own sign-in."""

from datetime import datetime

from dispatcher.database.engine import Connection
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log


def append_audit(connection: Connection, event: Event, user: str, at: datetime, **details: object) -> None:
    """An entry about a user's own doing; `details` hold no debtor's data."""
    said = {key: value for key, value in details.items() if value not in ("", None)}
    delivery_log.append(connection, [LogEntry(event=event, at=at, actor=f"user:{user}", details=said)])
