"""What a person does with messages that wait: hold them, release them, cancel them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.database.engine import Connection, Database
from dispatcher.gate.decision import Outcome, reported
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, entry_of
from dispatcher.messages.storage import outbox

_HOLDABLE = frozenset({State.PLANNED, State.QUEUED, State.DEFERRED})
_CANCELLABLE = _HOLDABLE | {State.HELD}
_OUTCOMES = {
    "held": Outcome.HOLD,
    "released": Outcome.ALLOW,
    "cancelled": Outcome.BLOCK,
    "unknown": Outcome.HOLD,
}


class CannotIntervene(ValueError):  # noqa: N818  it reads as the sentence it is
    """The message is not there, or where it stands nothing can be done with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Intervention:
    """Who does it, when (business clock), and why."""

    actor: str
    now: datetime
    why: str = ""


def hold_messages(database: Database, ids: Collection[str], by: Intervention) -> list[str]:
    """Keep waiting messages until a person releases them; returns the ids held."""
    with database.writing() as connection:
        messages = messages_in(connection, ids, _HOLDABLE, "held")
        _move(connection, messages, Event.HELD, by, {m.id: State.HELD for m in messages})
    return [m.id for m in messages]


def release_messages(database: Database, ids: Collection[str], by: Intervention) -> list[str]:
    """Let held messages go on; the gate is asked again before they are sent."""
    with database.writing() as connection:
        messages = messages_in(connection, ids, frozenset({State.HELD}), "released")
        states = {m.id: State.QUEUED if m.content_sha256 else State.PLANNED for m in messages}
        _move(connection, messages, Event.RELEASED, by, states)
    return [m.id for m in messages]


def cancel_messages(database: Database, ids: Collection[str], by: Intervention) -> list[str]:
    """End waiting messages for good: their step counts as done and is not planned again."""
    with database.writing() as connection:
        messages = messages_in(connection, ids, _CANCELLABLE, "cancelled")
        doubtful = {m.id: State.UNKNOWN if m.is_in_doubt else State.CANCELLED for m in messages}
        _move(connection, [m for m in messages if not m.is_in_doubt], Event.CANCELLED, by, doubtful)
        _move(connection, [m for m in messages if m.is_in_doubt], Event.UNKNOWN, by, doubtful)
    return [m.id for m in messages]


def messages_in(
    connection: Connection, ids: Collection[str], from_states: frozenset[State], what: str
) -> list[Message]:
    """The messages, locked with their people; raises CannotIntervene where one is missing or elsewhere."""
    outbox.lock_people(connection, ids)
    found = outbox.read(connection, ids, lock=True)
    missing = set(ids) - {m.id for m in found}
    if missing:
        raise CannotIntervene(
            f"no message {', '.join(sorted(missing))}; `dispatcher messages list` shows their ids"
        )
    for message in found:
        if message.state not in from_states:
            states = ", ".join(sorted(state.value for state in from_states))
            raise CannotIntervene(
                f"message {message.id} is {message.state}: only {states} ones can be {what}"
            )
    return found


def _move(
    connection: Connection,
    messages: list[Message],
    event: Event,
    by: Intervention,
    states: Mapping[str, State],
) -> None:
    outbox.change(connection, [_row(m, states[m.id], event, by) for m in messages])
    details = {"why": by.why} if by.why else {}
    delivery_log.append(
        connection,
        [
            entry_of(m, event, at=by.now, actor=by.actor, details={**details, "state": states[m.id].value})
            for m in messages
        ],
    )


def _row(message: Message, state: State, event: str, by: Intervention) -> Mapping[str, Any]:
    row: dict[str, Any] = {
        "id": message.id,
        "state": state,
        "lease_owner": None,
        "lease_until": None,
        "held_owner": by.actor if event == "held" else "",
        "updated_at": by.now,
    }
    if by.why:
        row["reasons"] = [reported("person", event, _OUTCOMES[event], by.actor, by.why).as_json()]
    return row
