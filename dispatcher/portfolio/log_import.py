"""Writes an import into the log: each hold that the ledger gives or takes back, what it no longer names, its counts."""

from collections.abc import Callable, Sequence
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

Details = tuple[tuple[str, str | int], ...]
Told = tuple[ledger_holds.HoldChange | Ended, Event, Details]  # of whom, the event, what only it says
_ALIKE = 4_096  # kinds of entries remembered: consents are given on so many days


def log_import(
    connection: Connection, request: ImportRequest, report: ImportReport, still_protected: Sequence[Ended]
) -> None:
    """All entries of one import."""
    alike = _alike(request)
    for page in ledger_holds.changes(connection):
        _append(connection, alike, [(one, *_told(one.kind, one.before, one.after)) for one in page])
    for ended in ended_protections.pages(list(still_protected)):
        source = ended_protections.SOURCE
        told = [(one, Event.HOLD_RECORDED, (("hold", one.kind), ("source", source))) for one in ended]
        _append(connection, alike, told)
    delivery_log.append(connection, [_import_entry(request, report)])


def _alike(request: ImportRequest) -> Callable[[Event, str, Details], AlikeEntries]:
    """The entries of one import by event, creditor and details: thousands share each."""

    @lru_cache(maxsize=_ALIKE)
    def alike(event: Event, creditor: str, details: Details) -> AlikeEntries:
        entry = LogEntry(
            event=event,
            at=request.now,
            actor=request.actor,
            as_of=request.as_of,
            creditor=creditor,
            details=dict(details),
        )
        return AlikeEntries(entry)

    return alike


def _append(
    connection: Connection, alike: Callable[[Event, str, Details], AlikeEntries], told: Sequence[Told]
) -> None:
    """Entries of which those about one person and the same debts refer to one set of values."""
    different = {(one.person, one.debt_reference): one for one, _, _ in told}
    kept = delivery_log.keep_personal(
        connection, [(one.person, _personal(one)) for one in different.values()]
    )
    by_key = dict(zip(different, kept, strict=True))
    entries = [
        (alike(event, one.creditor, details), one.person, by_key[one.person, one.debt_reference])
        for one, event, details in told
    ]
    delivery_log.append_alike(connection, entries)


def _personal(concerned: Any) -> dict[str, object]:
    debts = [f"{concerned.creditor}/{concerned.debt_reference}"] if concerned.debt_reference else []
    return {"debtor": f"{concerned.creditor}/{concerned.debtor_reference}", "debts": debts}


@lru_cache(maxsize=_ALIKE)
def _told(kind: str, before: date | None, after: date | None) -> tuple[Event, Details]:
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
    return event, tuple(details.items())


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
