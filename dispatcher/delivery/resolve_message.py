"""A person says what became of a message whose end is unknown."""

from datetime import datetime
from typing import Any

from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.intervene import CannotIntervene
from dispatcher.delivery.log_offers import log_offers
from dispatcher.delivery.reconcile_messages import UNKNOWN_END
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, entry_of
from dispatcher.messages.storage import outbox
from dispatcher.people.storage import tasks
from dispatcher.planning.storage import ladder


def resolve_message(
    database: Database, message_id: str, *, sent: bool, why: str, actor: str, now: datetime
) -> State:
    """Resolve an unknown end; returns the state that follows.

    Sent: accepted. Not sent: queued again while it is valid (the gate is asked first), else expired.
    """
    if not why.strip():
        raise CannotIntervene("say why with --why: the log keeps who decided and on what ground")
    with database.writing() as connection:
        message = _unknown(connection, message_id)
        state = State.ACCEPTED if sent else _unsent_state(message, now)
        outbox.change(connection, [_row(message, state, sent=sent, now=now)])
        details = {"sent": sent, "state": state.value, "why": why}
        delivery_log.append(
            connection, [entry_of(message, Event.RESOLVED, at=now, actor=actor, details=details)]
        )
        tasks.finish_for_message(connection, message.id, kind=UNKNOWN_END, by=actor, at=now, outcome=why)
        if state is State.ACCEPTED:
            log_offers(connection, [(message, now)], actor=actor)
        if state is State.EXPIRED:
            ladder.give_back(connection, [message.id])
    return state


def _unknown(connection: Connection, message_id: str) -> Message:
    outbox.lock_people(connection, [message_id])
    found = outbox.read(connection, [message_id], lock=True)
    if not found:
        raise CannotIntervene(
            f"no message {message_id}; `dispatcher messages list --state unknown` shows which"
        )
    if found[0].state is not State.UNKNOWN:
        raise CannotIntervene(f"message {message_id} is {found[0].state}: only unknown ones can be resolved")
    return found[0]


def _unsent_state(message: Message, now: datetime) -> State:
    if message.expires_at <= now:
        return State.EXPIRED
    return State.QUEUED if message.content_sha256 else State.PLANNED


def _row(message: Message, state: State, *, sent: bool, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {"id": message.id, "state": state, "next_try_at": None, "updated_at": now}
    return row if sent else row | {"sent_at": None}
