"""Holds messages for a guard against accidents, with its reason, until a person releases them."""

from collections.abc import Sequence
from datetime import datetime

from dispatcher.database.engine import Connection
from dispatcher.gate.decision import PROGRAM, Outcome, Reason, own_reason
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import WAITING, State, entry_of
from dispatcher.messages.storage import outbox

PACK = PROGRAM
VOLUME = "volume"  # the rule of the guard that holds whole runs
_HOLDABLE = WAITING | {State.PLANNED}


def guard_reason(rule: str, reference: str, detail: str) -> Reason:
    """Why a guard holds messages."""
    return own_reason(PACK, rule, Outcome.HOLD, reference, detail)


def hold_for_guard(connection: Connection, ids: Sequence[str], reason: Reason, *, now: datetime) -> int:
    """Hold those that wait; returns how many."""
    outbox.lock_people(connection, ids)
    messages = [m for m in outbox.read(connection, ids, lock=True) if m.state in _HOLDABLE]
    why = reason.as_json()
    row = {"state": State.HELD, "reasons": [why], "lease_owner": None, "lease_until": None, "updated_at": now}
    outbox.change(connection, [{"id": m.id, **row} for m in messages])
    delivery_log.append(
        connection,
        [entry_of(m, Event.HELD, at=now, actor=PACK, decision="hold", reasons=(why,)) for m in messages],
    )
    return len(messages)
