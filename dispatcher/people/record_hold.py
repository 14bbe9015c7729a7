"""Records what keeps a person or a debt from being written to: disputes, promises, attorneys, complaints and more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.hold_facts import HOLD
from dispatcher.people.domain.person import word_of
from dispatcher.people.recording import Recorded, Said, parted, recording
from dispatcher.people.storage import care_notes
from dispatcher.people.take_care import CARE

_NEED_A_DAY = frozenset({"breathing_space"})


def record_hold(
    database: Database,
    who: str,
    kind: str,
    said: Said,
    *,
    debts: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    details: Mapping[str, Any] | None = None,
    unsaid: Mapping[str, Any] | None = None,
) -> Recorded:
    """A hold on the debts named, or on the person; one that stands already gets what this one says besides.

    `unsaid` are the details that a new hold gets because nobody said anything else.
    """
    HOLD.field("kind").read([kind])
    if kind in _NEED_A_DAY and until is None:
        raise RecordError(f"{kind.replace('_', ' ')}: say with a date until when it holds")
    starts_on, noted = since or said.now.date(), dict(details or {})
    if until is not None and until < starts_on:
        raise RecordError(f"the hold would end on {until}, before it begins on {starts_on}")
    row = {"kind": kind, "starts_on": starts_on, "until": until}
    words, said = (said.note, replace(said, note="")) if kind == CARE else ("", said)
    with recording(database, who, said, debts=debts) as record:
        if words:  # why somebody is in care stands apart, for few to read
            care_notes.add(
                record.connection,
                record.debtor.id,
                words,
                at=said.now,
                source=said.source or "record",
                category="vulnerability",
            )
        kept = [
            record.keep(HOLD, {"debt_id": debt_id, **row}, noted, unsaid=unsaid, dated=since is not None)
            for debt_id in record.debt_ids
        ]
        fresh = any(each.fresh for each in kept)
        added = {name: value for each in kept for name, value in each.added.items()}
        dates = {"since": starts_on.isoformat(), "until": until.isoformat() if until else None}
        report = {"hold": kind, **dates, **(unsaid or {}), **noted}
        if fresh:
            public, private = parted(report)
            record.log(Event.HOLD_RECORDED, {**public, "hold": word_of(kind)}, **private)
        if added:
            record.log_added({"hold": word_of(kind)}, added)
        return Recorded(
            fact=kind,
            debtor=record.debtor.full_reference,
            debts=record.debt_references,
            details=report if fresh else {"hold": kind, **dates, **noted},
            already=not fresh,
            added=added,
        )
