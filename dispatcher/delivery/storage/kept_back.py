"""What the log says, from an entry on, of messages that did not go, and why."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from dispatcher.database.tables.log import log_entries as log

_KEPT_BACK = ("cancelled", "deferred", "expired", "held", "outdated", "rejected", "unknown")
Why = tuple[str, str, str]
"""(event, pack/rule, its source), or (event, the reason in words, "")."""


def newest_entry(connection: Connection) -> int:
    """The number of the newest entry, 0 for none."""
    return connection.scalar(select(func.max(log.c.id))) or 0


def kept_back_since(connection: Connection, entry_id: int) -> Counter[Why]:
    """How often each reason kept a message back in later entries; a message has its first reason alone."""
    query = select(log.c.event, log.c.entry).where(log.c.id > entry_id, log.c.event.in_(_KEPT_BACK))
    return Counter(_why(row.event, json.loads(row.entry)) for row in connection.execute(query))


def _why(event: str, entry: Mapping[str, Any]) -> Why:
    reasons, details = entry.get("reasons") or [], entry.get("details") or {}
    if reasons:
        first = reasons[0]
        return event, f"{first['pack']}/{first['rule']}", str(first.get("reference") or "")
    return event, str(details.get("reason") or details.get("why") or "no reason was written down"), ""
