"""What providers told us, each event once, whatever order it came in."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.database.tables.delivery import provider_events
from dispatcher.database.tables.messages import messages

# Words that prove that the provider had taken the message.
TAKEN = (
    "queued",
    "sent",
    "deferred",
    "delivered",
    "opened",
    "clicked",
    "complained",
    "unsubscribed",
    "mailed",
    "in_transit",
    "bounced",
    "returned",
)


def keep(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """Store events; returns the (provider, event_id) that were not there before."""
    if not rows:
        return set()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(provider_events)
        .on_conflict_do_nothing()
        .returning(provider_events.c.provider, provider_events.c.event_id)
    )
    return {(row[0], row[1]) for one in rows for row in connection.execute(statement, one)}


def event_row(event: Any, *, message_id: str | None, kind: str, received_at: datetime) -> dict[str, Any]:
    """The columns of an event (its `raw` holds JSON values)."""
    return {
        "provider": event.provider,
        "event_id": event.event_id,
        "message_id": message_id,
        "kind": kind,
        "at": event.at,
        "received_at": received_at,
        "raw": dict(event.raw),
    }


def evidence(connection: Connection, message_ids: Collection[str]) -> dict[str, str]:
    """Message -> the provider's id, of those that the provider has told us it had taken."""
    query = (
        select(provider_events.c.message_id, messages.c.provider_id)
        .join(messages, messages.c.id == provider_events.c.message_id)
        .where(provider_events.c.message_id.in_(message_ids), provider_events.c.kind.in_(TAKEN))
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def message_ids(connection: Connection, provider_ids: Collection[str]) -> dict[str, str]:
    """A provider's id -> our message."""
    wanted = [key for key in provider_ids if key]
    if not wanted:
        return {}
    query = select(messages.c.provider_id, messages.c.id).where(messages.c.provider_id.in_(wanted))
    return {row[0]: row[1] for row in connection.execute(query)}
