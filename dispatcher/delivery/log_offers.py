"""Writes down that an offer was made, with its terms, when the message that makes it has gone out."""

from collections.abc import Sequence
from datetime import datetime

from dispatcher.agreements.storage import sent_offers
from dispatcher.agreements.storage.sent_offers import terms_json
from dispatcher.database.engine import Connection
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, entry_of


def log_offers(connection: Connection, sent: Sequence[tuple[Message, datetime]], *, actor: str) -> None:
    """An entry for each of these messages (and when it went out) that offers something."""
    if not sent:
        return
    offers = sent_offers.of_messages(connection, {message.id for message, _ in sent})
    delivery_log.append(
        connection,
        [
            entry_of(
                message,
                Event.ARRANGEMENT_OFFERED,
                at=at,
                actor=actor,
                details=terms_json(offers[message.id]),
            )
            for message, at in sent
            if message.id in offers
        ],
    )
