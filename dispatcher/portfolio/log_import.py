"""Writes an import into the log: each hold that the ledger gives or takes back, what it no longer names, its counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.database.engine import Connection
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.portfolio.domain.import_request import ImportReport, ImportRequest
from dispatcher.portfolio.storage import ended_protections, ledger_holds
from dispatcher.portfolio.storage.ended_protections import Ended


def log_import(
    connection: Connection, request: ImportRequest, report: ImportReport, still_protected: Sequence[Ended]
) -> None:
    """All entries of one import."""
    for page in ledger_holds.changes(connection):
        personal = [(change.person, _personal(change)) for change in page]
        said = [_said(request, change, _details(change)) | {"event": _event(change)} for change in page]
        _append(connection, personal, said)
    for ended in ended_protections.pages(list(still_protected)):
        details = {"source": ended_protections.SOURCE}
        personal = [(one.person, _personal(one)) for one in ended]
        _append(connection, personal, [_said(request, one, {"hold": one.kind, **details}) for one in ended])
    delivery_log.append(connection, [_import_entry(request, report)])


def _append(connection: Connection, personal: Any, entries: list[dict[str, Any]]) -> None:
    """Entries of which those about one person and the same debts refer to one set of values."""
    keys = [(person, *values["debts"]) for person, values in personal]
    different = dict(zip(keys, personal, strict=True))
    kept_once = delivery_log.keep_personal(connection, list(different.values()))
    by_key = dict(zip(different, kept_once, strict=True))
    kept = [by_key[key] for key in keys]
    delivery_log.append(
        connection,
        [
            LogEntry(**entry, personal_id=personal_id, commitment=commitment)
            for entry, (personal_id, commitment) in zip(entries, kept, strict=True)
        ],
    )


def _said(request: ImportRequest, concerned: Any, details: Mapping[str, object]) -> dict[str, Any]:
    return {
        "event": "hold_recorded",
        "at": request.now,
        "actor": request.actor,
        "as_of": request.as_of,
        "person": concerned.person,
        "creditor": concerned.creditor,
        "details": details,
    }


def _personal(concerned: Any) -> dict[str, object]:
    debts = [f"{concerned.creditor}/{concerned.debt_reference}"] if concerned.debt_reference else []
    return {"debtor": f"{concerned.creditor}/{concerned.debtor_reference}", "debts": debts}


def _event(change: ledger_holds.HoldChange) -> str:
    if change.kind in ledger_holds.PERMISSIONS:
        return "consent_recorded" if change.begins else "fact_ended"
    return "hold_recorded" if change.begins else "hold_released"


def _details(change: ledger_holds.HoldChange) -> dict[str, str | int]:
    before = {"before": change.before.isoformat()} if change.before else {}
    after = {"after": change.after.isoformat()} if change.after else {}
    source = {"source": ledger_holds.SOURCE}
    match _event(change):
        case "consent_recorded":
            return {"consent": change.kind, "given_on": after["after"], **before, **source}
        case "fact_ended":
            return {"kind": change.kind, "count": 1, **before, **source}
        case _:
            return {"hold": change.kind, **before, **after, **source}


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
        event="portfolio_imported",
        at=request.now,
        actor=request.actor,
        as_of=request.as_of,
        creditor=creditor,
        details=details,
    )
