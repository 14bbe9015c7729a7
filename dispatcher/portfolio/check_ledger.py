"""Tries a ledger out whole, and shows the rows that need a person, each with the cell that is wrong."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dispatcher.database.engine import Database
from dispatcher.portfolio.compare_ledgers import LedgerRefused
from dispatcher.portfolio.domain.import_request import ImportReport, ImportRequest
from dispatcher.portfolio.domain.ledger_drift import Finding
from dispatcher.portfolio.import_portfolio import import_portfolio
from dispatcher.portfolio.show_rows import ShownCell, ShownRow, show_lines

SHOWN = 25  # rows of a kind: who has more of them mends the export

Problems = Mapping[int, Mapping[str, str]]  # line -> column -> reason


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerCheck:
    """What an import would do. Without a `report` the file is refused for the `findings`."""

    report: ImportReport | None
    findings: tuple[Finding, ...]
    differences: tuple[str, ...]
    refused_rows: tuple[ShownRow, ...] = ()
    warned_rows: tuple[ShownRow, ...] = ()
    said: tuple[str, ...] = ()  # of no row


def check_ledger(
    database: Database, request: ImportRequest, *, on_rows: Callable[[int], None] = lambda _rows: None
) -> LedgerCheck:
    """A dry run; raises PortfolioFileError where the file as a whole cannot be read."""
    dry = replace(request, dry_run=True)
    report: ImportReport | None = None
    try:
        report = import_portfolio(database, dry, on_rows=on_rows)
        findings, differences = report.findings, report.differences
    except LedgerRefused as refused:
        findings, differences = refused.findings, refused.compared.differences
    wrong, warned = _problems(request.rejects), _problems(request.warnings)
    shown = {row.line: row for row in show_lines(request, [*_first(wrong), *_first(warned)])}
    return LedgerCheck(
        report=report,
        findings=tuple(findings),
        differences=tuple(differences),
        refused_rows=_marked(shown, wrong),
        warned_rows=_marked(shown, {line: found for line, found in warned.items() if line not in wrong}),
        said=tuple(warned.get(0, {}).values()),
    )


def _problems(file: Path) -> Problems:
    found: dict[int, dict[str, str]] = {}
    if file.exists():
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                line = found.setdefault(int(row["line"]), {})
                line.setdefault(row["column"] or "", row["reason"])
    return found


def _first(problems: Problems) -> Sequence[int]:
    return [line for line in sorted(problems) if line][:SHOWN]


def _marked(shown: Mapping[int, ShownRow], problems: Problems) -> tuple[ShownRow, ...]:
    """Rows with what was found beside the reading of one row too, such as two rows that contradict each other."""
    rows = (
        (shown.get(line) or ShownRow(line=line, state="refused", cells={}), line) for line in _first(problems)
    )
    return tuple(_with(row, problems[line]) for row, line in rows)


def _with(row: ShownRow, reasons: Mapping[str, str]) -> ShownRow:
    cells = dict(row.cells)
    for column, reason in reasons.items():
        if column:
            cells[column] = ShownCell(text=cells[column].text if column in cells else "", problem=reason)
    return replace(row, cells=cells, problem=reasons.get("", row.problem))
