"""Writes down which texts of the pages a run works with, and keeps what they say, whenever that has changed."""

import json
from datetime import datetime

from sqlalchemy import Connection, select

from dispatcher.configuration.domain.config_version import Texts, stamp_of
from dispatcher.database.tables.log import log_entries
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log, log_facets
from dispatcher.messages.storage import contents
from dispatcher.messages.storage.contents import Content

EVENT = Event.CONFIG_IN_FORCE


def record_texts_in_force(connection: Connection, texts: Texts, *, now: datetime, actor: str) -> bool:
    """Log the digest of the whole and of each text, unless the newest such entry says the same; says whether it did."""
    digest = stamp_of(texts)
    if _newest(connection) == digest:
        return False
    kept = {
        f"{kind}/{name}": Content.of(text.encode(), "application/yaml", "")
        for kind, of in sorted(texts.items())
        for name, text in sorted(of.items())
    }
    contents.keep(connection, kept.values(), now=now)
    told = [{"text": name, "sha256": content.sha256} for name, content in kept.items()]
    entry = LogEntry(event=EVENT, at=now, actor=actor, details={"digest": digest, "texts": told})
    delivery_log.append(connection, [entry])
    return True


def _newest(connection: Connection) -> object:
    query = select(log_entries.c.entry).where(
        log_entries.c.facet.in_(log_facets.of_events(connection, [EVENT]))
    )
    entry = connection.scalar(query.order_by(log_entries.c.id.desc()).limit(1))
    return json.loads(entry)["details"]["digest"] if entry else None
