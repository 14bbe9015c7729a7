"""Reads sealed entries of some events, for the tables that a regulator asks for."""

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.record import sealed_entries


def sealed_documents(
    connection: Connection, events: Collection[str], *, since: datetime, until: datetime, creditor: str = ""
) -> Iterator[dict[str, Any]]:
    """The entries of these events in the sealed order, as they were sealed; simulated ones left out."""
    query = (
        select(log_entries.c.entry)
        .join(sealed_entries, sealed_entries.c.entry_id == log_entries.c.id)
        .where(log_entries.c.event.in_(list(events)), log_entries.c.at >= since, log_entries.c.at < until)
        .order_by(sealed_entries.c.position)
    )
    if creditor:
        query = query.where(log_entries.c.creditor == creditor)
    for text in connection.scalars(query):
        document: dict[str, Any] = json.loads(text)
        if not document.get("simulated"):
            yield document
