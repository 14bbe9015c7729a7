"""Saves a mapping that somebody made on a page, and writes into the log who, when and the whole of it."""

from datetime import datetime

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.portfolio.storage import mappings
from dispatcher.portfolio.storage.mappings import SavedMapping


def save_mapping(database: Database, name: str, text: str, *, actor: str, now: datetime) -> bool:
    """Keep the text under its name; False where that is what the name means already. `now` on the real clock."""
    with database.writing() as connection:
        if mappings.texts(connection).get(name) == text:
            return False
        mappings.add(connection, SavedMapping(name=name, text=text, saved_by=actor, saved_at=now))
        details = {"name": name, "text": text}
        delivery_log.append(
            connection, [LogEntry(event=Event.MAPPING_SAVED, at=now, actor=actor, details=details)]
        )
    return True
