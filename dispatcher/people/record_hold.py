"""Records what keeps a person or a debt from being written to: disputes, promises, attorneys, complaints and more."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.people.recording import Recorded, RecordError, Said, recording
from dispatcher.people.storage import people_facts

# kind -> what it means, for help and errors; docs/recorded_facts.md says which fact each becomes.
KINDS = {
    "manual": "a person decided to wait",
    "attorney": "a lawyer represents the debtor",
    "cease": "the debtor asked to stop all contact",
    "refusal": "the debtor refuses to pay",
    "dispute": "the debtor disputes the debt",
    "promise": "the debtor promised to pay by a day",
    "original_creditor_request": "the debtor asked for the original creditor's name",
    "bankruptcy": "a bankruptcy case is pending",
    "deceased": "the debtor has died",
    "breathing_space": "a moratorium protects the debtor until a day",
    "complaint": "a complaint waits for its answer",
    "unclear_reply": "an answer waits to be read",
    "legal": "records must be kept; contact goes on",
}
_NEED_A_DAY = {"promise", "breathing_space"}


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
) -> Recorded:
    """A hold on the debts named, or on the person; one that stands already is not added twice."""
    if kind not in KINDS:
        raise RecordError(f"{kind!r} is no kind of hold; there are: {', '.join(KINDS)}")
    if kind in _NEED_A_DAY and until is None:
        raise RecordError(f"{kind.replace('_', ' ')}: say with a date until when it holds")
    starts_on = since or said.now.date()
    if until is not None and until < starts_on:
        raise RecordError(f"the hold would end on {until}, before it begins on {starts_on}")
    noted = dict(details or {})
    with recording(database, who, said, debts=debts) as record:
        fresh = [
            debt_id
            for debt_id in record.debt_ids
            if people_facts.standing_hold(record.connection, record.debtor.id, debt_id, kind, until) is None
        ]
        shared = {"kind": kind, "starts_on": starts_on, "until": until, "details": noted, **said.columns}
        for debt_id in fresh:
            people_facts.add_hold(
                record.connection, {"debtor_id": record.debtor.id, "debt_id": debt_id, **shared}
            )
        dates = {"since": starts_on.isoformat(), "until": until.isoformat() if until else None}
        report = {"hold": kind, **dates, **noted}
        if fresh:
            public = {
                key: value for key, value in report.items() if value is not None and key not in _PERSONAL
            }
            private = {key: noted[key] for key in _PERSONAL if noted.get(key)}
            record.log("hold_recorded", public, **private)
        return Recorded(
            fact=kind,
            debtor=record.debtor.full_reference,
            debts=record.debt_references,
            details=report,
            already=not fresh,
        )


_PERSONAL = ("name", "text")  # words that must be erasable
