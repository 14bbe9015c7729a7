"""Imports a ledger: rows are read and judged, compared with the ledger before, then merged at once, or not at all."""

import gc
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from dispatcher.database import statistics
from dispatcher.database.engine import Connection, Database
from dispatcher.portfolio import compare_ledgers, log_import
from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.compare_ledgers import Comparison, LedgerRefused
from dispatcher.portfolio.domain.import_request import ImportReport, ImportRequest
from dispatcher.portfolio.domain.portfolio import PortfolioRow, RefusedRow, RowProblem
from dispatcher.portfolio.domain.portfolio_columns import (
    CONTACT_COLUMNS,
    LEDGER_DAY,
    LEFT_ASIDE,
    REQUIRED,
)
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping, is_constant
from dispatcher.portfolio.domain.portfolio_row import FileForm, RowReader
from dispatcher.portfolio.read_portfolio_file import Reading, Record, read_portfolio_file
from dispatcher.portfolio.storage import (
    balance_falls,
    changed_terms,
    ended_protections,
    ledger_holds,
    portfolios,
    stand_ins,
)
from dispatcher.portfolio.storage.portfolio_settling import refuse_respelled, settle
from dispatcher.portfolio.storage.portfolio_staging import Staging, open_staging
from dispatcher.portfolio.write_row_problems import ProblemFile

NO_CREDITOR = "default"
__all__ = ["ImportReport", "ImportRequest", "LedgerRefused", "import_portfolio"]


WatchLedger = Callable[[Connection, ImportRequest, Sequence[str]], object]  # the creditors it speaks of


_SELDOM = threading.Lock()  # the collector is the whole process's
_SELDOM_OBJECTS = 50_000


class _NotAppliedError(Exception):
    """Rolls the merge back: a strict import with refused rows, or a dry run."""


class _Import:
    def __init__(self, request: ImportRequest, problems: ProblemFile, findings: ProblemFile) -> None:
        self.request = request
        self.problems = problems
        self.findings = findings
        self.reading = Reading()
        self.rows = 0
        self.warnings = 0

    def refuse(self, line: int, problem: RowProblem) -> None:
        self.problems.add(line, problem)

    def warn(self, line: int, problem: RowProblem) -> None:
        self.warnings += 1
        self.findings.add(line, problem)

    def take(self, staging: Staging, record: Record, row: PortfolioRow | RefusedRow) -> None:
        self.rows += 1
        if isinstance(row, PortfolioRow) and not (record.problems or row.warnings or row.unread):
            staging.add(record.line, row)
            return
        refusing, unread = sorted_problems(record)
        if isinstance(row, RefusedRow) or refusing:
            refused = row if isinstance(row, RefusedRow) else RefusedRow(problems=())
            for problem in (*refusing, *refused.problems):
                self.refuse(record.line, problem)
            creditor = record.cells.get("creditor", self.request.creditor or NO_CREDITOR)
            staging.refuse(creditor, record.cells.get("debt_reference", ""))
            return
        for warning in (*row.warnings, *(p for p in record.problems if p.column in _ASIDE)):
            self.warn(record.line, warning)
        unread += row.unread
        for problem in unread:
            self.warn(record.line, problem)
        staging.add(record.line, row)
        if unread:
            staging.unread(row, unread)


_ASIDE = LEFT_ASIDE | frozenset(CONTACT_COLUMNS)
_REFUSING = frozenset({*REQUIRED, "creditor", ""})


def sorted_problems(record: Record) -> tuple[list[RowProblem], tuple[RowProblem, ...]]:
    """Expressions that failed: those that refuse the row, and those that hold the debt."""
    refusing = [problem for problem in record.problems if problem.column in _REFUSING]
    holding = [p for p in record.problems if p.column not in _REFUSING and p.column not in _ASIDE]
    return refusing, tuple(holding)


def import_portfolio(
    database: Database,
    request: ImportRequest,
    *,
    on_rows: Callable[[int], None] = lambda _rows: None,
    watch: WatchLedger = lambda _connection, _request, _creditors: None,
) -> ImportReport:
    """Import one file; `on_rows` hears how many rows were read so far, `watch` looks at it in its transaction.

    Raises PortfolioFileError where the file as a whole cannot be used, and LedgerRefused where it differs too much
    from the one before; the portfolio is then as it was.
    """
    sha256 = _sha256(request.file)
    with (
        _collecting_seldom(),
        _problem_files(request) as (problems, findings),
        open_staging(database) as staging,
    ):
        job = _Import(request, problems, findings)
        _stage(job, staging, on_rows)
        try:
            report = _merge(job, staging, sha256, watch)
        except LedgerRefused as refused:
            if not request.dry_run:
                with staging.merging() as connection:
                    compare_ledgers.note_refusal(connection, request, refused, sha256)
            raise
    statistics.renew(database, statistics.PORTFOLIO, report.rows if report.applied else 0)
    return report


def _stage(job: _Import, staging: Staging, on_rows: Callable[[int], None]) -> None:
    request, reading = job.request, job.reading
    mapping = mapping_of(request)
    readers: dict[frozenset[str], RowReader] = {}
    for record in read_portfolio_file(request.file, mapping, reading):
        reader = readers.get(record.columns)
        if reader is None:
            reader = readers[record.columns] = RowReader(file_form(request, record.columns, reading))
        if day := record.cells.get(LEDGER_DAY):
            reading.days.add(day)
        job.take(staging, record, _read(reader, record))
        if job.rows % 1000 == 0:
            on_rows(job.rows)
    on_rows(job.rows)
    for line, problem in reading.warnings:
        job.warn(line, problem)
    staging.index()


def mapping_of(request: ImportRequest) -> PortfolioMapping | None:
    """The request's mapping; a creditor that is named for the whole file goes before one that the mapping names."""
    mapping = request.mapping
    source = mapping.fields.get("creditor") if mapping else None
    if mapping is None or not request.creditor or not isinstance(source, str) or not is_constant(source):
        return mapping
    return replace(mapping, fields={name: of for name, of in mapping.fields.items() if name != "creditor"})


def file_form(request: ImportRequest, columns: frozenset[str], reading: Reading) -> FileForm:
    """How the rows of a request's file are to be read."""
    mapping, settings = request.mapping, request.settings
    shared = {
        "columns": columns,
        "creditor": request.creditor or NO_CREDITOR,
        "real_names": settings.real_names,
        "places": settings.places,
        "stand_ins": settings.stand_ins,
    }
    if mapping is None:
        return FileForm(**shared)  # type: ignore[arg-type]  # the keys are its own
    return FileForm(
        date_format=mapping.date_format,
        period_start=reading.period_start,
        decimal=mapping.decimal,
        decimal_stated=mapping.decimal_stated,
        people_only=mapping.people_only,
        **shared,  # type: ignore[arg-type]  # the keys are its own
    )


def _read(reader: RowReader, record: Record) -> PortfolioRow | RefusedRow:
    if record.broken:
        return RefusedRow(problems=())
    return reader.read(record.cells, record.extra)


def _merge(job: _Import, staging: Staging, sha256: str, watch: WatchLedger) -> ImportReport:
    report: ImportReport | None = None
    try:
        with staging.merging() as connection:
            repeated, left_out = settle(connection, job.refuse, job.warn)
            compared = compare_ledgers.compare(
                connection, job.request, job.reading, rows=job.rows, refused=len(job.problems.lines)
            )
            if refusing := [finding for finding in compared.open_findings if finding.refuses]:
                raise LedgerRefused(job.request.file.name, refusing, compared)
            if "keys" not in job.request.accept:
                refuse_respelled(connection, job.refuse)
            report = _applied(job, connection, sha256, compared, repeated, left_out)
            if not report.applied:
                raise _NotAppliedError
            watch(connection, job.request, report.creditors)
    except _NotAppliedError:
        pass
    assert report is not None  # noqa: S101 set before the only exception that is caught
    return report


def _applied(
    job: _Import,
    connection: Connection,
    sha256: str,
    compared: Comparison,
    repeated: int,
    left_out: int,
) -> ImportReport:
    request = job.request
    before = portfolios.merge_creditors(
        connection, as_of=request.as_of, imported_at=request.now, allow_older=request.allow_older
    )
    older_than = _newer_ledger(connection, request, before)
    portfolios.lock_changed(connection)
    whole = tuple(before) if request.full else ()
    ended = ended_protections.find_ended(connection, request.empty_ends, today=request.as_of)
    changed = changed_terms.find_changed(connection)
    suspects = compare_ledgers.new_debts_to_hold(connection, compared, request)
    ledger_holds.note_changes(connection, request.as_of, whole_ledger=whole, empty_ends=request.empty_ends)
    debtors = portfolios.merge_debtors(connection, empty_ends=request.empty_ends)
    falls = balance_falls.note_falls(connection, request.as_of, request.now)
    debts = portfolios.merge_debts(connection, as_of=request.as_of, empty_ends=request.empty_ends)
    if debts.changed or debts.unchanged:  # new ones bear the day already
        portfolios.note_balance_day(connection, request.as_of)
    points = portfolios.merge_points(connection)
    for line, relation, reference in portfolios.merge_parties(connection):
        job.warn(line, _unknown_party(relation, reference))
    vanished = portfolios.leave_vanished(connection, request.as_of, whole)
    if older_than and vanished and not request.allow_older:
        raise _older(request, older_than, f"{vanished} debts that it does not know would be held")
    suspects[changed_terms.TERMS_CHANGED] = [(one.creditor, one.reference) for one in changed]
    held = _hold(job, connection, suspects)
    changed_terms.leave_tasks(connection, changed, now=request.now, file=request.file.name)
    ended_protections.release_named_again(connection, request.now)
    kept = ended_protections.keep(
        connection, ended, today=request.as_of, now=request.now, file=request.file.name
    )
    shared = stand_ins.mark_shared(connection, request.settings.stand_ins)
    for medium, address, people in shared:
        reason = f"not used: {people} different people share it, so it is nobody's own"
        job.warn(0, RowProblem(column=medium, value=address, reason=reason))
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
        vanished=vanished,
        held=held,
        still_protected=len(kept),
        stand_ins=len(shared),
        payments_absorbed=portfolios.absorb_payments(connection, as_of=request.as_of, now=request.now),
        older_than=older_than,
        reasons=job.problems.most_frequent(),
        passed_over=dict(job.reading.passed_over),
        differences=compared.differences,
        findings=compared.findings,
    )
    balance_falls.less_recorded(connection, falls, request.now)
    portfolios.keep_balances(connection, as_of=request.as_of, now=request.now)
    compare_ledgers.note_import(connection, request, compared, sha256)
    log_import.log_import(connection, request, report, kept)
    return report


def _hold(job: _Import, connection: Connection, suspects: Mapping[str, list[tuple[str, str]]]) -> int:
    request = job.request
    why = f"{request.file.name} of {request.as_of}"
    when = {"today": request.as_of, "now": request.now, "why": why}
    held = ledger_holds.hold_unreadable(connection, **when)  # type: ignore[arg-type]  # the keys are its own
    for kind, debts in suspects.items():
        held += ledger_holds.hold_debts(connection, debts, kind, **when)  # type: ignore[arg-type]  # the same
    ledger_holds.release_refused(connection, request.now)
    return held


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


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise PortfolioFileError(f"{file}: cannot be read: {error.strerror}; is the path right?") from None


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Rows point at nothing that points back: to look for that at every 700th costs a tenth of an import."""
    if not _SELDOM.acquire(blocking=False):  # another import sees to it
        yield
        return
    before = gc.get_threshold()
    gc.set_threshold(_SELDOM_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        _SELDOM.release()


@contextmanager
def _problem_files(request: ImportRequest) -> Iterator[tuple[ProblemFile, ProblemFile]]:
    rejects = ProblemFile(request.rejects, always=request.rejects_asked_for)
    with rejects as problems, ProblemFile(request.warnings) as findings:
        yield problems, findings
