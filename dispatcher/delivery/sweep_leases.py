"""Finds messages whose worker died: what had not begun is free again, what had begun is asked again or unknown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.kind import ChannelKind
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.channel_delivery import OpenProvider
from dispatcher.delivery.storage import attempts
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, entry_of
from dispatcher.messages.storage import outbox

LOST = "the worker that had begun this attempt is gone; whether the provider took it is not known"
ASK_AGAIN = (
    "the worker that had begun this attempt is gone; the provider takes the same message again harmlessly"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """What a sweep did. `freed` had not begun, `asked_again` may be repeated, `unknown` may not."""

    freed: int = 0
    asked_again: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """Messages that were moved."""
        return self.freed + self.asked_again + self.unknown


def sweep_leases(
    database: Database,
    channels: OpenProvider,
    *,
    now: datetime,
    real_now: datetime,
    is_dead: Callable[[str], bool] = lambda owner: False,  # noqa: ARG005  the port's shape
    actor: str = "dispatcher",
) -> Swept:
    """Sweep once. `is_dead` says of an owner on this machine that it is gone before its lease ends."""
    with database.reading() as connection:
        owners = outbox.owners(connection)
    lost = [owner for owner, until in owners if until <= real_now or is_dead(owner)]
    swept = Swept()
    for owner in lost:
        with database.writing() as connection:
            swept = _add(swept, _sweep_owner(connection, channels, owner, now=now, actor=actor))
    return swept


def _sweep_owner(
    connection: Connection,
    channels: OpenProvider,
    owner: str,
    *,
    now: datetime,
    actor: str,
) -> Swept:
    freed = outbox.free(connection, owner=owner)
    begun = outbox.begun_by(connection, owner=owner)
    safe = {m.id for m in begun if _may_ask_again(channels, m)}
    outbox.change(connection, [_row(m, safe, now) for m in begun])
    attempts.end(connection, [_attempt(m, now) for m in begun])
    delivery_log.append(connection, [_entry(m, safe, now, actor) for m in begun])
    return Swept(freed=freed, asked_again=len(safe), unknown=len(begun) - len(safe))


def _may_ask_again(channels: OpenProvider, message: Message) -> bool:
    channel = channels(ChannelKind(message.channel), message.provider)
    return channel.repeat_is_safe and channel.provider == message.provider


def _row(message: Message, safe: set[str], now: datetime) -> Mapping[str, Any]:
    return {
        "id": message.id,
        "state": State.QUEUED if message.id in safe else State.UNKNOWN,
        "lease_owner": None,
        "lease_until": None,
        "updated_at": now,
    }


def _attempt(message: Message, now: datetime) -> Mapping[str, Any]:
    return {
        "message_id": message.id,
        "number": message.attempts,
        "outcome": "unknown",
        "ended_at": now,
        "provider_id": "",
        "code": "",
        "reason": LOST,
    }


def _entry(message: Message, safe: set[str], now: datetime, actor: str) -> LogEntry:
    again = message.id in safe
    details = {"attempt": message.attempts, "reason": ASK_AGAIN if again else LOST}
    return entry_of(message, Event.RETRY if again else Event.UNKNOWN, at=now, actor=actor, details=details)


def _add(one: Swept, other: Swept) -> Swept:
    return Swept(
        freed=one.freed + other.freed,
        asked_again=one.asked_again + other.asked_again,
        unknown=one.unknown + other.unknown,
    )
