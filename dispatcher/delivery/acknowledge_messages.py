"""A person takes note of messages that failed or expired: they are told no longer."""

from collections.abc import Collection

from dispatcher.database.engine import Database
from dispatcher.delivery.intervene import CannotIntervene, Intervention, messages_in
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import State, entry_of
from dispatcher.messages.storage import outbox

_ENDED = frozenset({State.FAILED, State.EXPIRED})


def acknowledge_messages(database: Database, ids: Collection[str], by: Intervention) -> list[str]:
    """Take note; returns the ids. Raises CannotIntervene without a reason, or for messages in another state."""
    if not by.why.strip():
        raise CannotIntervene("say why with --why: the log keeps who took note and what was done about it")
    with database.writing() as connection:
        messages = messages_in(connection, ids, _ENDED, "acknowledged")
        outbox.change(connection, [{"id": m.id, "acknowledged_at": by.now} for m in messages])
        details = {"why": by.why}
        entries = [
            entry_of(m, Event.ACKNOWLEDGED, at=by.now, actor=by.actor, details=details) for m in messages
        ]
        delivery_log.append(connection, entries)
    return [m.id for m in messages]
