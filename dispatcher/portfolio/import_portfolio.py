"""Imports a ledger: every row is read and judged first, then all good rows become the portfolio at once, or none."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from dispatcher.database import statistics
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.portfolio import PortfolioRow, RefusedRow, RowProblem
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.domain.portfolio_row import RowReader
from dispatcher.portfolio.read_portfolio_file import Record, read_portfolio_file
from dispatcher.portfolio.storage import ledger_holds, portfolios
from dispatcher.portfolio.storage.portfolio_settling import settle
from dispatcher.portfolio.storage.portfolio_staging import Staging, open_staging
from dispatcher.portfolio.storage.portfolios import Counted
from dispatcher.portfolio.write_row_problems import ProblemFile

NO_CREDITOR = "default"
_NOTHING = Counted(new=0, changed=0, unchanged=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportRequest:
    """What to import and how. `now` is the real clock; `as_of` the day the ledger speaks of."""

    file: Path
    as_of: date
    now: datetime
    actor: str
    rejects: Path
    warnings: Path
    rejects_asked_for: bool = False  # then the file is written even where nothing was refused
    mapping: PortfolioMapping | None = None
    creditor: str = ""  # for files without that column
    full: bool = False  # the file is whole: a debt that it does not name has vanished
    strict: bool = False
    dry_run: bool = False
    allow_older: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    file: str
    sha256: str
    as_of: date
    rows: int
    imported: int
    repeated: int
    refused: int  # rows
    warnings: int
    creditors: tuple[str, ...]
    applied: bool  # False: a dry run, or a strict import with refused rows
    debtors: Counted = _NOTHING
    debts: Counted = _NOTHING
    contact_points_changed: int = 0
    vanished: int = 0
    payments_absorbed: int = 0
    older_than: date | None = None  # the ledger known before is newer than this file
    reasons: Mapping[str, int] | None = None  # why rows were refused, most frequent first


class _NotAppliedError(Exception):
    """Rolls the merge back: a strict import with refused rows, or a dry run."""


class _Import:
    def __init__(self, request: ImportRequest, problems: ProblemFile, findings: ProblemFile) -> None:
        self.request = request
        self.problems = problems
        self.findings = findings
        self.rows = 0
        self.warnings = 0

    def refuse(self, line: int, problem: RowProblem) -> None:
        self.problems.add(line, problem)

    def warn(self, line: int, problem: RowProblem) -> None:
        self.warnings += 1
        self.findings.add(line, problem)

    def take(self, staging: Staging, record: Record, row: PortfolioRow | RefusedRow) -> None:
        self.rows += 1
        if isinstance(row, RefusedRow) or record.problems:
            refused = row if isinstance(row, RefusedRow) else RefusedRow(problems=())
            for problem in (*record.problems, *refused.problems):
                self.refuse(record.line, problem)
            creditor = record.cells.get("creditor", self.request.creditor or NO_CREDITOR)
            staging.refuse(creditor, record.cells.get("debt_reference", ""))
            return
        for warning in row.warnings:
            self.warn(record.line, warning)
        staging.add(record.line, row)


def import_portfolio(
    database: Database, request: ImportRequest, *, on_rows: Callable[[int], None] = lambda _rows: None
) -> ImportReport:
    """Import one file; `on_rows` hears how many rows were read so far.

    Raises PortfolioFileError where the file as a whole cannot be used; the portfolio is then as it was.
    """
    sha256 = _sha256(request.file)
    with _problem_files(request) as (problems, findings), open_staging(database) as staging:
        job = _Import(request, problems, findings)
        _stage(job, staging, on_rows)
        report = _merge(job, staging, sha256)
    statistics.renew(database, statistics.PORTFOLIO, report.rows if report.applied else 0)
    return report


def _stage(job: _Import, staging: Staging, on_rows: Callable[[int], None]) -> None:
    mapping = job.request.mapping
    reader = RowReader(
        date_format=mapping.date_format if mapping else "",
        decimal=mapping.decimal if mapping else ".",
        creditor=job.request.creditor or NO_CREDITOR,
    )
    for record in read_portfolio_file(job.request.file, mapping):
        job.take(staging, record, _read(reader, record))
        if job.rows % 1000 == 0:
            on_rows(job.rows)
    on_rows(job.rows)
    staging.index()


def _read(reader: RowReader, record: Record) -> PortfolioRow | RefusedRow:
    if record.problems:
        return RefusedRow(problems=())
    return reader.read(record.cells, record.extra)


def _merge(job: _Import, staging: Staging, sha256: str) -> ImportReport:
    report: ImportReport | None = None
    try:
        with staging.merging() as connection:
            repeated, left_out = settle(connection, job.refuse, job.warn)
            report = _applied(job, connection, sha256, repeated, left_out)
            if not report.applied:
                raise _NotAppliedError
    except _NotAppliedError:
        pass
    assert report is not None  # noqa: S101 set before the only exception that is caught
    return report


def _applied(job: _Import, connection: Connection, sha256: str, repeated: int, left_out: int) -> ImportReport:
    request = job.request
    before = portfolios.merge_creditors(
        connection, as_of=request.as_of, imported_at=request.now, allow_older=request.allow_older
    )
    older_than = _newer_ledger(connection, request, before)
    portfolios.lock_changed(connection)
    whole = tuple(before) if request.full else ()
    ledger_holds.note_changes(connection, request.as_of, whole_ledger=whole)
    debtors = portfolios.merge_debtors(connection)
    debts = portfolios.merge_debts(connection)
    points = portfolios.merge_points(connection)
    for line, relation, reference in portfolios.merge_parties(connection):
        job.warn(line, _unknown_party(relation, reference))
    report = ImportReport(
        file=request.file.name,
        sha256=sha256,
        as_of=request.as_of,
        rows=job.rows,
        imported=job.rows - len(job.problems.lines) - repeated - left_out,
        repeated=repeated,
        refused=len(job.problems.lines),
        warnings=job.warnings,
        creditors=tuple(before),
        applied=not request.dry_run and not (request.strict and job.problems.lines),
        debtors=debtors,
        debts=debts,
        contact_points_changed=points,
        vanished=portfolios.leave_vanished(connection, request.as_of, whole),
        payments_absorbed=portfolios.absorb_payments(connection, as_of=request.as_of, now=request.now),
        older_than=older_than,
        reasons=job.problems.most_frequent(),
    )
    if older_than and report.vanished and not request.allow_older:
        raise _older(request, older_than, f"{report.vanished} debts that it does not know would be held")
    why = f"{request.file.name} of {request.as_of}"
    ledger_holds.hold_unreadable(connection, today=request.as_of, now=request.now, why=why)
    _log(connection, request, report)
    return report


def _newer_ledger(
    connection: Connection, request: ImportRequest, before: Mapping[str, date | None]
) -> date | None:
    """The date of a newer ledger that this file must not overwrite; a file that changes nothing does no harm."""
    newer = [known for known in before.values() if known is not None and known > request.as_of]
    if newer and not request.allow_older and (changes := portfolios.changed_debts(connection)):
        raise _older(request, max(newer), f"{changes} debts would go back to older figures")
    return max(newer, default=None)


def _older(request: ImportRequest, than: date, harm: str) -> PortfolioFileError:
    return PortfolioFileError(
        f"{request.file.name}: this ledger is of {request.as_of}, but one of {than} is imported already, and "
        f"{harm}; give the right --as-of, or --allow-older if it is meant"
    )


def _unknown_party(relation: str, reference: str) -> RowProblem:
    column = "joint_debtors" if relation == "joint_debtor" else "guarantors"
    reason = "no row of this file, or of one before, brings this debtor: they are left out"
    return RowProblem(column=column, value=reference, reason=reason)


def _log(connection: Connection, request: ImportRequest, report: ImportReport) -> None:
    for page in ledger_holds.changes(connection):
        kept = delivery_log.keep_personal(connection, [(change.person, _personal(change)) for change in page])
        entries = [
            LogEntry(
                event="hold_recorded" if change.begins else "hold_released",
                at=request.now,
                actor=request.actor,
                as_of=request.as_of,
                person=change.person,
                creditor=change.creditor,
                personal_id=personal_id,
                commitment=commitment,
                details=_hold_details(change),
            )
            for change, (personal_id, commitment) in zip(page, kept, strict=True)
        ]
        delivery_log.append(connection, entries)
    delivery_log.append(connection, [_import_entry(request, report)])


def _personal(change: ledger_holds.HoldChange) -> dict[str, object]:
    debts = [f"{change.creditor}/{change.debt_reference}"] if change.debt_reference else []
    return {"debtor": f"{change.creditor}/{change.debtor_reference}", "debts": debts}


def _hold_details(change: ledger_holds.HoldChange) -> dict[str, str]:
    dates = {"before": change.before, "after": change.after}
    return {
        "hold": change.kind,
        "source": ledger_holds.SOURCE,
        **{k: d.isoformat() for k, d in dates.items() if d},
    }


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
        "debts": counted(report.debts),
        "debtors": counted(report.debtors),
        "vanished": report.vanished,
        "payments_absorbed": report.payments_absorbed,
    }
    creditor = report.creditors[0] if len(report.creditors) == 1 else None
    return LogEntry(
        event="portfolio_imported",
        at=request.now,
        actor=request.actor,
        as_of=request.as_of,
        creditor=creditor,
        details=details,
    )


def counted(numbers: Counted) -> dict[str, int]:
    """New, changed and unchanged, for a report."""
    return {"new": numbers.new, "changed": numbers.changed, "unchanged": numbers.unchanged}


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise PortfolioFileError(f"{file}: cannot be read: {error.strerror}; is the path right?") from None


@contextmanager
def _problem_files(request: ImportRequest) -> Iterator[tuple[ProblemFile, ProblemFile]]:
    rejects = ProblemFile(request.rejects, always=request.rejects_asked_for)
    with rejects as problems, ProblemFile(request.warnings) as findings:
        yield problems, findings
