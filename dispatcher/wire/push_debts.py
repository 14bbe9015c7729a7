"""Takes rows that a creditor's system pushes through the import that files go through, and says what became of each."""

import csv
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.import_request import ImportReport, ImportRequest, ImportSettings
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.import_portfolio import WatchLedger, import_portfolio
from dispatcher.wire.domain.pushed_row import PushedRow, PushProblem, by_columns, read_rows

# What tells a file that is not like yesterday's; a push says of each row what it says, and nothing of the others.
_OF_FILES = frozenset({"columns", "emptied", "appeared", "refused"})
SOURCE = "api"  # pushes are compared with no file


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """Who pushes what: `creditor` bounds the account, `as_of` is the day the rows speak of, `now` the real clock."""

    documents: Sequence[Any]
    creditor: str
    as_of: date
    now: datetime
    actor: str
    settings: ImportSettings
    folder: Path  # for the time of the import alone
    dry_run: bool = False
    people_only: bool = False  # the rows are debtors, without debts


@dataclass(slots=True)
class Pushed:
    """What came of it."""

    rows: int = 0
    imported: int = 0
    held: int = 0
    problems: list[PushProblem] = field(default_factory=list)
    warnings: list[PushProblem] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For an answer: counts, and an error a row."""
        return {
            "rows": self.rows,
            "imported": self.imported,
            "refused": len({problem.row for problem in self.problems}),
            "held": self.held,
            "errors": [problem.as_json() for problem in sorted(self.problems, key=lambda one: one.row)],
            "warnings": [problem.as_json() for problem in sorted(self.warnings, key=lambda one: one.row)],
        }


def push_debts(
    database: Database, push: Push, *, watch: WatchLedger, on_rows: Callable[[int], None] = lambda _rows: None
) -> Pushed:
    """Import every row that can be; each error names the row in the sender's own count, from 0."""
    rows, problems = read_rows(push.documents, push.creditor, people_only=push.people_only)
    pushed = Pushed(rows=len(push.documents), problems=problems)
    push.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for group in by_columns(rows):
        with tempfile.TemporaryDirectory(dir=push.folder) as folder:
            _import(database, push, group, Path(folder), pushed, watch)
        on_rows(len(group))
    return pushed


def _import(
    database: Database, push: Push, rows: list[PushedRow], folder: Path, pushed: Pushed, watch: WatchLedger
) -> None:
    file = folder / "push.csv"
    _write(file, rows)
    request = ImportRequest(
        file=file,
        as_of=push.as_of,
        now=push.now,
        actor=push.actor,
        source=SOURCE,
        rejects=folder / "rejects.csv",
        warnings=folder / "warnings.csv",
        dry_run=push.dry_run,
        mapping=_people(rows) if push.people_only else None,
        accept=_OF_FILES,
        why=f"pushed by {push.actor}",
        settings=push.settings,
    )
    try:
        report: ImportReport = import_portfolio(database, request, watch=watch)
    except PortfolioFileError as error:
        said = str(error).replace(f"{file.name}: ", "")
        pushed.problems += [PushProblem(row=row.number, column="", value="", reason=said) for row in rows]
        return
    pushed.imported += report.imported + report.repeated
    pushed.held += report.held
    pushed.problems += _problems(request.rejects, rows)
    pushed.warnings += _problems(request.warnings, rows)


def _people(rows: list[PushedRow]) -> PortfolioMapping:
    """Each column is the one it is called by, and no row is a debt."""
    return PortfolioMapping(
        name="debtors", path=Path("debtors"), fields={name: name for name in rows[0].cells}, people_only=True
    )


def _write(file: Path, rows: list[PushedRow]) -> None:
    columns = list(rows[0].cells)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=columns)
        writer.writeheader()
        writer.writerows(row.cells for row in rows)


def _problems(file: Path, rows: list[PushedRow]) -> list[PushProblem]:
    """What the import wrote about lines of the file, about the sender's rows; line 2 is the first."""
    if not file.exists():
        return []
    starts = _first_lines(rows)
    with file.open(encoding="utf-8", newline="") as stream:
        return [
            PushProblem(
                row=starts.get(int(one["line"]), rows[0].number),
                column=one["column"],
                value=one["value"],
                reason=one["reason"],
            )
            for one in csv.DictReader(stream)
        ]


def _first_lines(rows: list[PushedRow]) -> dict[int, int]:
    """Line of the file -> row of the sender; a cell with a line break makes its row longer than a line."""
    line, found = 2, {}
    for row in rows:
        breaks = sum(
            cell.replace("\r\n", "\n").replace("\r", "\n").count("\n") for cell in row.cells.values()
        )
        for part in range(breaks + 1):
            found[line + part] = row.number
        line += breaks + 1
    return found
