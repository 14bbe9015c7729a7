"""Records a notice that the law wants before or beside a contact, and what it answers."""

from collections.abc import Sequence
from datetime import date

from dispatcher.database.engine import Database
from dispatcher.people.recording import Recorded, RecordError, Said, recording
from dispatcher.people.storage import people_facts

KINDS = {
    "validation": "the validation notice (12 CFR 1006.34)",
    "first_written": "the written notice that must come before the first contact",
    "transfer": "the notice that the debt was sold or passed on",
    "verification": "the answer to a dispute",
    "original_creditor_answer": "the answer to a request for the original creditor",
}
# A notice that answers a hold says so in the hold: kind -> (hold, detail).
_ANSWERS = {
    "verification": ("dispute", "verification_sent"),
    "original_creditor_answer": ("original_creditor_request", "answered"),
}


def record_notice(
    database: Database,
    who: str,
    kind: str,
    said: Said,
    *,
    debts: Sequence[str] = (),
    sent_on: date | None = None,
    validation_period_end: date | None = None,
) -> Recorded:
    """A notice sent on a day, about the debts named or about all."""
    if kind not in KINDS:
        raise RecordError(f"{kind!r} is no kind of notice; there are: {', '.join(KINDS)}")
    day = sent_on or said.now.date()
    details = {"validation_period_end": validation_period_end.isoformat()} if validation_period_end else {}
    with recording(database, who, said, debts=debts) as record:
        answered = 0
        for debt_id in record.debt_ids:
            values = {"debtor_id": record.debtor.id, "debt_id": debt_id, "kind": kind, "sent_on": day}
            people_facts.add_notice(record.connection, {**values, "details": details, **said.columns})
            if kind in _ANSWERS:
                hold, detail = _ANSWERS[kind]
                noted = {detail: day.isoformat()}
                answered += people_facts.detail_holds(
                    record.connection, record.debtor.id, hold, debt_id, noted
                )
        report: dict[str, str | int] = {"notice": kind, "sent_on": day.isoformat(), **details}
        record.log("notice_recorded", report)
        report = {**report, "answers": answered} if kind in _ANSWERS else report
        return Recorded(
            fact="notice", debtor=record.debtor.full_reference, debts=record.debt_references, details=report
        )
