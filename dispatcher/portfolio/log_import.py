"""Writes an import into the log: each hold that the ledger gives or takes back, what it no longer names, its counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.database.engine import Connection
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.portfolio.domain.import_request import ImportReport, ImportRequest
from dispatcher.portfolio.storage import ended_protections, ledger_holds
from dispatcher.portfolio.storage.ended_protections import Ended

Told = tuple[ledger_holds.HoldChange | Ended, Event, Mapping[str, str | int]]  # whom, the event, its details


def log_import(
    connection: Connection, request: ImportRequest, report: ImportReport, still_protected: Sequence[Ended]
) -> None:
    """All entries of one import."""
    for page in ledger_holds.changes(connection):
        _append(connection, request, [(change, *_told(change)) for change in page])
    for ended in ended_protections.pages(list(still_protected)):
        source = ended_protections.SOURCE
        told = [(one, Event.HOLD_RECORDED, {"hold": one.kind, "source": source}) for one in ended]
        _append(connection, request, told)
    delivery_log.append(connection, [_import_entry(request, report)])


def _append(connection: Connection, request: ImportRequest, told: Sequence[Told]) -> None:
    """Entries of which those about one person and the same debts refer to one set of values."""
    different = {(one.person, one.debt_reference): one for one, _, _ in told}
    kept = delivery_log.keep_personal(
        connection, [(one.person, _personal(one)) for one in different.values()]
    )
    by_key = dict(zip(different, kept, strict=True))
    entries = []
    for one, event, details in told:
        personal_id, commitment = by_key[one.person, one.debt_reference]
        entry = LogEntry(
            event=event, at=request.now, actor=request.actor, as_of=request.as_of, person=one.person,
            creditor=one.creditor, personal_id=personal_id, commitment=commitment, details=details,
        )  # fmt: skip
        entries.append(entry)
    delivery_log.append(connection, entries)


def _personal(concerned: Any) -> dict[str, object]:
    debts = [f"{concerned.creditor}/{concerned.debt_reference}"] if concerned.debt_reference else []
    return {"debtor": f"{concerned.creditor}/{concerned.debtor_reference}", "debts": debts}


def _told(change: ledger_holds.HoldChange) -> tuple[Event, dict[str, str | int]]:
    """The event, and what only it says."""
    details: dict[str, str | int] = {"source": ledger_holds.SOURCE}
    if change.before:
        details["before"] = change.before.isoformat()
    if change.kind not in ledger_holds.PERMISSIONS:
        if change.after:
            details["after"] = change.after.isoformat()
        details["hold"] = change.kind
        return Event.HOLD_RECORDED if change.begins else Event.HOLD_RELEASED, details
    if change.after:
        return Event.CONSENT_RECORDED, details | {
            "consent": change.kind,
            "given_on": change.after.isoformat(),
        }
    return Event.FACT_ENDED, details | {"kind": change.kind, "count": 1}


def _import_entry(request: ImportRequest, report: ImportReport) -> LogEntry:
    details = {
        "file": report.file,
        "sha256": report.sha256,
        "mapping": request.mapping.name if request.mapping else None,
        "creditors": list(report.creditors),
        "whole": request.full,
        "rows": report.rows,
        "imported": report.imported,
        "repeated": report.repeated,
        "refused": report.refused,
        "warnings": report.warnings,
        "debts": report.debts.as_json(),
        "debtors": report.debtors.as_json(),
        "vanished": report.vanished,
        "held": report.held,
        "still_protected": report.still_protected,
        "payments_absorbed": report.payments_absorbed,
        "findings": [finding.name for finding in report.findings],
        "accepted": sorted(request.accept),
    }
    if request.why:
        details["why"] = request.why
    creditor = report.creditors[0] if len(report.creditors) == 1 else None
    return LogEntry(
        event=Event.PORTFOLIO_IMPORTED,
        at=request.now,
        actor=request.actor,
        as_of=request.as_of,
        creditor=creditor,
        details=details,
    )
