"""Writes an import into the log: each hold that the ledger gives or takes back, what it no longer names, its counts."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from dispatcher.database.engine import Connection
from dispatcher.log.domain.alike_entries import AlikeEntries
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.portfolio.domain.import_request import ImportReport, ImportRequest
from dispatcher.portfolio.storage import ended_protections, ledger_holds
from dispatcher.portfolio.storage.ended_protections import Ended

Told = tuple[ledger_holds.HoldChange | Ended, AlikeEntries]  # of whom, and what is said of others too
_ALIKE = 4_096  # kinds of entries remembered: consents are given on so many days


def log_import(
    connection: Connection, request: ImportRequest, report: ImportReport, still_protected: Sequence[Ended]
) -> None:
    """All entries of one import."""

    @lru_cache(maxsize=_ALIKE)
    def changed(creditor: str, kind: str, before: date | None, after: date | None) -> AlikeEntries:
        return _alike(request, creditor, *_told(kind, before, after))

    @lru_cache(maxsize=_ALIKE)
    def still_protected_by(creditor: str, kind: str) -> AlikeEntries:
        details: dict[str, str | int] = {"hold": kind, "source": ended_protections.SOURCE}
        return _alike(request, creditor, Event.HOLD_RECORDED, details)

    for page in ledger_holds.changes(connection):
        told = [(one, changed(one.creditor, one.kind, one.before, one.after)) for one in page]
        _append(connection, told)
    for ended in ended_protections.pages(list(still_protected)):
        _append(connection, [(one, still_protected_by(one.creditor, one.kind)) for one in ended])
    delivery_log.append(connection, [_import_entry(request, report)])


def _alike(
    request: ImportRequest, creditor: str, event: Event, details: dict[str, str | int]
) -> AlikeEntries:
    """The entries of one import with this event, creditor and details: thousands share each."""
    return AlikeEntries(
        LogEntry(
            event=event,
            at=request.now,
            actor=request.actor,
            as_of=request.as_of,
            creditor=creditor,
            details=details,
        )
    )


def _append(connection: Connection, told: Sequence[Told]) -> None:
    """Entries of which those about one person and the same debts refer to one set of values."""
    different = {(one.person, one.debt_reference): one for one, _ in told}
    kept = delivery_log.keep_personal(
        connection, [(one.person, _personal(one)) for one in different.values()]
    )
    by_key = dict(zip(different, kept, strict=True))
    entries = [(alike, one.person, by_key[one.person, one.debt_reference]) for one, alike in told]
    delivery_log.append_alike(connection, entries)


def _personal(concerned: Any) -> dict[str, object]:
    debts = [f"{concerned.creditor}/{concerned.debt_reference}"] if concerned.debt_reference else []
    return {"debtor": f"{concerned.creditor}/{concerned.debtor_reference}", "debts": debts}


def _told(kind: str, before: date | None, after: date | None) -> tuple[Event, dict[str, str | int]]:
    """The event of a change, and what only it says."""
    details: dict[str, str | int] = {"source": ledger_holds.SOURCE}
    if before:
        details["before"] = before.isoformat()
    if kind not in ledger_holds.PERMISSIONS:
        if after:
            details["after"] = after.isoformat()
        details["hold"] = kind
        event = Event.HOLD_RECORDED if after else Event.HOLD_RELEASED
    elif after:
        details |= {"consent": kind, "given_on": after.isoformat()}
        event = Event.CONSENT_RECORDED
    else:
        details |= {"kind": kind, "count": 1}
        event = Event.FACT_ENDED
    return event, details


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
