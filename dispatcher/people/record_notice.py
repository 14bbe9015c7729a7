"""Records a notice that the law wants before or beside a contact, and what it answers."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.messages.domain.evidence_file import EvidenceFile
from dispatcher.messages.storage.evidence_files import keep_evidence
from dispatcher.people.domain.fact_table import NOTICE
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Kept, Recorded, Recording, Said, recording
from dispatcher.people.storage import people_facts

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
    details: Mapping[str, Any] | None = None,
    proof: EvidenceFile | None = None,
) -> Recorded:
    """A notice sent on a day, about the debts named or about all; raises RecordError for days in a wrong order.

    `proof`: the file of its receipt, kept and sealed.
    """
    NOTICE.field("kind").read([kind])
    day = sent_on or said.now.date()
    details = dict(details or {}) | ({"proof": proof.name, "proof_sha256": proof.sha256} if proof else {})
    for later in ("received_on", "returned_on"):
        if details.get(later, "9999") < day.isoformat():
            raise RecordError(f"{details[later]} is before the notice was sent, {day}")
    with recording(database, who, said, debts=debts) as record:
        row = {"kind": kind, "sent_on": day}
        kept = [record.keep(NOTICE, {"debt_id": debt_id, **row}, details) for debt_id in record.debt_ids]
        report: dict[str, str | int] = {"notice": kind, "sent_on": day.isoformat(), **details}
        if proof is not None:
            keep_evidence(record.connection, proof, now=said.now)
        added = _log(record, kept, report, proof)
        if kind in _ANSWERS:
            report = {**report, "answers": _answer(record, kind, day)}
        return Recorded(
            fact="notice",
            debtor=record.debtor.full_reference,
            debts=record.debt_references,
            details=report,
            already=not any(each.fresh for each in kept),
            added=added,
        )


def _log(
    record: Recording, kept: Sequence[Kept], report: dict[str, str | int], proof: EvidenceFile | None
) -> dict[str, str]:
    body = proof.sha256 if proof else None
    added = {name: value for each in kept for name, value in each.added.items()}
    if any(each.fresh for each in kept):
        record.log(Event.NOTICE_RECORDED, report, body_sha256=body)
    if added:
        record.log_added({"notice": report["notice"]}, added, body_sha256=body)
    return added


def _answer(record: Recording, kind: str, day: date) -> int:
    """Note the answer in what it answers; returns in how many."""
    hold, detail = _ANSWERS[kind]
    noted = {detail: day.isoformat()}
    return sum(
        people_facts.detail_holds(record.connection, record.debtor.id, hold, debt_id, noted)
        for debt_id in record.debt_ids
    )
