"""Who decided what became of messages that went wrong, when and why: the log's own words, in their order."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from dispatcher.database.tables.log import log_entries

DECIDED = ("released", "cancelled", "resolved", "acknowledged")
CANCELLED_TOO_LATE = "unknown"  # what had been tried before somebody cancelled it; only theirs says why


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """One decision of a person about a message."""

    entry_id: int
    what: str
    at: datetime
    actor: str
    why: str


def of_messages(connection: Connection, message_ids: Collection[str]) -> dict[str, list[Resolution]]:
    """By message, what people decided, oldest first."""
    query = (
        select(log_entries.c.id, log_entries.c.at, log_entries.c.message_id, log_entries.c.entry)
        .where(
            log_entries.c.message_id.in_(list(message_ids)),
            log_entries.c.event.in_((*DECIDED, CANCELLED_TOO_LATE)),
        )
        .order_by(log_entries.c.id)
    )
    found: dict[str, list[Resolution]] = {}
    for row in connection.execute(query):
        document = json.loads(row.entry)
        why = str(document.get("details", {}).get("why", ""))
        if document["event"] == CANCELLED_TOO_LATE and not why:
            continue
        found.setdefault(row.message_id, []).append(
            Resolution(
                entry_id=row.id,
                what=document["event"],
                at=row.at,
                actor=document["actor"],
                why=why,
            )
        )
    return found
