"""Ends messages that were not sent within their validity, instead of letting them go out late."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.domain.verdict import TOO_LATE
from dispatcher.delivery.storage import due
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, entry_of
from dispatcher.messages.hold_for_guard import PACK
from dispatcher.messages.storage import outbox, planned
from dispatcher.planning.storage import ladder

CHUNK = 500
DOUBT = "an earlier attempt may have been sent, and its validity has passed"


def expire_messages(
    database: Database, *, now: datetime, real_now: datetime, actor: str = "dispatcher"
) -> int:
    """Expire what is past its validity and held by nobody; returns how many messages.

    One of which an earlier attempt may have arrived becomes unknown: expired would deny that.
    """
    total = 0
    while True:
        with database.writing() as connection:
            ids = due.past_validity(connection, now=now, real_now=real_now, limit=CHUNK)
            _expire(connection, outbox.read(connection, ids, lock=True), now, actor)
        total += len(ids)
        if len(ids) < CHUNK:
            return total


def _expire(connection: Connection, messages: list[Message], now: datetime, actor: str) -> None:
    unanswered = _unanswered(connection, messages)
    outbox.change(
        connection,
        [
            {
                "id": m.id,
                "state": State.UNKNOWN if m.is_in_doubt else State.EXPIRED,
                "reasons": [TOO_LATE.as_json(), *unanswered.get(m.id, ())],
                "lease_owner": None,
                "lease_until": None,
                "updated_at": now,
            }
            for m in messages
        ],
    )
    delivery_log.append(
        connection,
        [
            entry_of(m, Event.UNKNOWN, at=now, actor=actor, details={"reason": DOUBT})
            if m.is_in_doubt
            else entry_of(
                m, Event.EXPIRED, at=now, actor=actor, decision="block", reasons=(TOO_LATE.as_json(),)
            )
            for m in messages
        ],
    )
    gone = [m.id for m in messages if not m.is_in_doubt]
    if gone:
        ladder.give_back(connection, gone)


def _unanswered(connection: Connection, messages: list[Message]) -> dict[str, list[Mapping[str, Any]]]:
    """Why a guard held each, where nobody ever answered: expiry is no permission to send it in the next run."""
    held = [message.id for message in messages if message.state is State.HELD]
    reasons = planned.planned_reasons(connection, held) if held else {}
    return {key: [one for one in listed if one.get("pack") == PACK] for key, listed in reasons.items()}
