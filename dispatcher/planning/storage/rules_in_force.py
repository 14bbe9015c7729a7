"""Keeps the text of the rule packs in force once, and finds it again by the stamp that entries carry."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from dispatcher.database.tables.log import log_entries
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log, log_facets
from dispatcher.messages.storage import contents
from dispatcher.messages.storage.contents import Content

EVENT = Event.RULES_IN_FORCE


def record_rules_in_force(
    connection: Connection, packs: Mapping[str, bytes], *, now: datetime, actor: str
) -> bool:
    """Log the packs (stamp -> exact file) and keep their text, unless the newest such entry says the same."""
    texts = {stamp: Content.of(text, "application/yaml", "") for stamp, text in sorted(packs.items())}
    told = [{"pack": stamp, "sha256": text.sha256} for stamp, text in texts.items()]
    if _newest(connection) == told:
        return False
    contents.keep(connection, texts.values(), now=now)
    entry = LogEntry(event=EVENT, at=now, actor=actor, rule_packs=tuple(texts), details={"packs": told})
    delivery_log.append(connection, [entry])
    return True


def texts_by_stamp(connection: Connection) -> dict[str, str]:
    """Map each stamp that was ever in force to the SHA-256 of its text."""
    entries = connection.scalars(select(log_entries.c.entry).where(_is_one(connection)))
    return {
        pack["pack"]: pack["sha256"] for entry in entries for pack in json.loads(entry)["details"]["packs"]
    }


def _newest(connection: Connection) -> object:
    query = select(log_entries.c.entry).where(_is_one(connection))
    entry = connection.scalar(query.order_by(log_entries.c.id.desc()).limit(1))
    return json.loads(entry)["details"]["packs"] if entry else None


def _is_one(connection: Connection) -> ColumnElement[bool]:
    return log_entries.c.facet.in_(log_facets.of_events(connection, [EVENT]))
