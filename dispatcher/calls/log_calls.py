"""Writes what becomes of calls to the log: a number of the task for good, who and about what erasable."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from dispatcher.calls.domain.call import Call
from dispatcher.database.engine import Connection
from dispatcher.gate.decision import Reason, reasons_json
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.domain.person import PersonFile


def log_call(
    connection: Connection,
    event: Event,
    call: Call,
    person: PersonFile,
    debts: Sequence[str],
    *,
    now: datetime,
    actor: str,
    reasons: Sequence[Reason] = (),
    **details: Any,
) -> None:
    """One entry about a call; `debts` are `creditor/reference`."""
    values = {"debtor": call.debtor, "debts": list(debts), "address": call.address}
    [(personal_id, commitment)] = delivery_log.keep_personal(connection, [(person.person, values)])
    entry = LogEntry(
        event=event,
        at=now,
        actor=actor,
        as_of=call.as_of,
        person=person.person,
        creditor=person.creditor,
        strategy=call.strategy,
        step=call.step,
        kind="collection",
        channel="call",
        reasons=tuple(reasons_json(reasons)),
        personal_id=personal_id,
        commitment=commitment,
        details={"call": call.id, **details},
    )
    delivery_log.append(connection, [entry])


def log_put_off(
    connection: Connection,
    strategy: str,
    step: str,
    person: PersonFile,
    debts: Sequence[str],
    reasons: Sequence[Reason],
    *,
    as_of: date,
    now: datetime,
    actor: str,
) -> None:
    """One entry, the first day that a call finds no room; `debts` are `creditor/reference`."""
    values = {"debtor": person.full_reference, "debts": list(debts)}
    [(personal_id, commitment)] = delivery_log.keep_personal(connection, [(person.person, values)])
    entry = LogEntry(
        event=Event.CALL_PUT_OFF,
        at=now,
        actor=actor,
        as_of=as_of,
        person=person.person,
        creditor=person.creditor,
        strategy=strategy,
        step=step,
        kind="collection",
        channel="call",
        reasons=tuple(reasons_json(reasons)),
        personal_id=personal_id,
        commitment=commitment,
    )
    delivery_log.append(connection, [entry])
