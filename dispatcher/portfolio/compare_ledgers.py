"""Compares a staged ledger with the one before it of the same creditor and mapping, before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.import_request import ImportRequest
from dispatcher.portfolio.domain.ledger_drift import (
    Finding,
    LedgerLimits,
    LedgerProfile,
    differences,
    drift,
    unread,
)
from dispatcher.portfolio.find_ledger_day import contradicted_day
from dispatcher.portfolio.read_portfolio_file import Reading
from dispatcher.portfolio.storage import ledger_holds, ledgers


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What a file looks like by creditor, how it differs, and which differences nobody has accepted yet."""

    profiles: Mapping[str, LedgerProfile]
    findings: tuple[Finding, ...]
    open_findings: tuple[Finding, ...]
    differences: tuple[str, ...]
    appeared: frozenset[str]  # creditors whose new debts are to be held


class LedgerRefused(PortfolioFileError):  # noqa: N818 it is the ledger that is refused
    """The ledger differs too much from the one before; nothing of it was written."""

    def __init__(self, file: str, findings: Sequence[Finding], compared: Comparison) -> None:
        self.findings = tuple(findings)
        self.compared = compared
        names = " ".join(f"--accept {name}" for name in dict.fromkeys(finding.name for finding in findings))
        lines = "\n".join(f"  {finding.name}: {finding.sentence}" for finding in findings)
        super().__init__(
            f"{file}: refused, nothing was imported; it differs from the ledger before it, or from what was said of "
            f"it:\n{lines}\n"
            f"  mend the export; or, where it is meant, import it with {names} --why TEXT"
        )


def compare(
    connection: Connection, request: ImportRequest, reading: Reading, *, rows: int, refused: int
) -> Comparison:
    """Look at each creditor of the file."""
    filled, ages = ledgers.filled(connection), ledgers.median_ages(connection, request.as_of)
    profiles: dict[str, LedgerProfile] = {}
    findings: list[Finding] = []
    said: list[str] = []
    for creditor, counts in sorted(filled.items()):
        now = LedgerProfile(
            headers=tuple(reading.headers),
            columns=reading.columns,
            debts=counts.get("debts", 0),
            debtors=counts.get("debtors", 0),
            filled={name: count for name, count in counts.items() if name not in {"debts", "debtors"}},
            age=ages.get(creditor),
        )
        before = ledgers.profile_before(connection, creditor, mapping_name(request))
        limits = limits_of(request, creditor)
        beside = ledgers.counts(connection, creditor, request.as_of)
        profiles[creditor] = now
        findings += drift(creditor, before, now, beside, limits, request.as_of, whole=request.full)
        said += [f"{creditor}: {sentence}" for sentence in differences(before, now)]
    if why := contradicted_day(request, reading.days, reading.period_start):
        findings.append(Finding(name="day", creditor=request.file.name, sentence=why))
    findings += unread(request.file.name, refused, rows, request.settings.limits, request.as_of)
    open_findings = [finding for finding in findings if finding.name not in request.accept]
    return Comparison(
        profiles=profiles,
        findings=tuple(findings),
        open_findings=tuple(open_findings),
        differences=tuple(said),
        appeared=frozenset(finding.creditor for finding in open_findings if finding.name == "appeared"),
    )


def limits_of(request: ImportRequest, creditor: str) -> LedgerLimits:
    """A creditor's own limits, else everybody's."""
    return request.settings.of_creditors.get(creditor, request.settings.limits)


def mapping_name(request: ImportRequest) -> str:
    """By what a file was read; ledgers of two sources of one creditor are not compared with each other."""
    return request.mapping.name if request.mapping else request.source


def new_debts_to_hold(
    connection: Connection, compared: Comparison, request: ImportRequest
) -> dict[str, list[tuple[str, str]]]:
    """Before the merge: (creditor, reference) of new debts that are not believed, by kind of hold."""
    found = {}
    if compared.appeared:
        found[ledger_holds.NEW_IN_ODD_LEDGER] = ledgers.new_debts(connection, compared.appeared)
    if "renumbered" not in request.accept:
        found[ledger_holds.LOOKS_RENUMBERED] = ledgers.renumbered_debts(connection, request.as_of)
    return found


def note_import(connection: Connection, request: ImportRequest, compared: Comparison, sha256: str) -> None:
    """Keep what the ledger looked like, for the next comparison."""
    ledgers.note(
        connection, compared.profiles, _rows(request, compared, sha256, "imported", compared.findings)
    )


def note_refusal(connection: Connection, request: ImportRequest, refused: LedgerRefused, sha256: str) -> None:
    """Write down that a file was refused, and hold what it shows as paid or protected: the run goes on without it."""
    compared = refused.compared
    ledgers.note(connection, compared.profiles, _rows(request, compared, sha256, "refused", refused.findings))
    done = ledger_holds.shown_as_done(connection, request.as_of)
    why = f"{request.file.name} of {request.as_of} was refused, and shows it as paid or protected"
    held = ledger_holds.hold_debts(
        connection, done, ledger_holds.REFUSED_LEDGER, today=request.as_of, now=request.now, why=why
    )
    details = {
        "file": request.file.name,
        "sha256": sha256,
        "mapping": mapping_name(request) or None,
        "creditors": sorted(compared.profiles),
        "findings": [finding.name for finding in refused.findings],
        "held": held,
    }
    entry = LogEntry(
        event=Event.PORTFOLIO_REFUSED,
        at=request.now,
        actor=request.actor,
        as_of=request.as_of,
        creditor=next(iter(compared.profiles)) if len(compared.profiles) == 1 else None,
        details=details,
    )
    delivery_log.append(connection, [entry])


def refused_ledgers(database: Database) -> list[str]:
    """Creditors whose newest file was refused, in sentences for the day's summary."""
    with database.reading() as connection:
        rows = ledgers.refused_last(connection)
    return [
        f"ledger of {row.key}: {row.file} of {row.as_of} was refused "
        f"({', '.join(dict.fromkeys(finding['name'] for finding in row.findings))}); the run used the one before it, "
        "without the debts that it shows as paid or protected"
        for row in rows
    ]


def _rows(
    request: ImportRequest, compared: Comparison, sha256: str, state: str, findings: Sequence[Finding]
) -> dict[str, dict[str, Any]]:
    accepted = {finding.name for finding in compared.findings} & request.accept
    return {
        creditor: {
            "mapping": mapping_name(request),
            "file": request.file.name,
            "sha256": sha256,
            "as_of": request.as_of,
            "imported_at": request.now,
            "state": state,
            "profile": profile.as_json(),
            "findings": [finding.as_json() for finding in findings if finding.creditor == creditor],
            "accepted": dict.fromkeys(sorted(accepted), request.why),
            "actor": request.actor,
        }
        for creditor, profile in compared.profiles.items()
    }
