"""Gathers all about one message: its row, debts, attempts, entries and text."""

import json
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.messages.storage import message_view


class NoSuchMessageError(LookupError):
    """There is no message of that id."""


def show_message(database: Database, message_id: str) -> dict[str, Any]:
    """`message` (columns, debtor, debts), `attempts`, `entries` in order of writing, `text`, `body_sha256`."""
    with database.reading() as connection:
        message = message_view.message_row(connection, message_id)
        if message is None:
            raise NoSuchMessageError(
                f"there is no message {message_id}; `dispatcher messages list` shows their ids"
            )
        entries = [json.loads(entry) for entry in message_view.entries_of(connection, message_id)]
        attempts = message_view.attempts_of(connection, message_id)
        text = message_view.text_of(connection, message["content_sha256"])
    return {"message": message, "attempts": attempts, "entries": entries, "text": text}
