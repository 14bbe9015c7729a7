"""Shows rows of a ledger as they will be read, each cell with what is wrong with it; nothing is stored."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

from dispatcher.portfolio.domain.import_request import ImportRequest
from dispatcher.portfolio.domain.portfolio import PortfolioRow, RefusedRow, RowProblem
from dispatcher.portfolio.domain.portfolio_columns import ADDRESS_LINES
from dispatcher.portfolio.domain.portfolio_row import FIELDS, MINOR, RowReader
from dispatcher.portfolio.import_portfolio import file_form, mapping_of, sorted_problems
from dispatcher.portfolio.read_portfolio_file import Reading, Record, read_portfolio_file
from dispatcher.values.money import Money

_UNREAD = "not worked out"
_MEDIA = ("email", "phone")


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCell:
    """One of our columns as it is read, or as it stands where it cannot be; `problem` says why not."""

    text: str
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownRow:
    """One row: `state` is read, refused, or held (read, and kept from being written about)."""

    line: int
    state: str
    cells: Mapping[str, ShownCell]
    problem: str = ""  # of the row as a whole


def show_first(request: ImportRequest, *, limit: int, reading: Reading | None = None) -> list[ShownRow]:
    """The first rows; raises PortfolioFileError where the file as a whole cannot be read."""
    return list(islice(_shown(request, reading or Reading()), limit))


def show_lines(request: ImportRequest, lines: Collection[int]) -> list[ShownRow]:
    """The rows of some lines; the file is read as far as the last of them."""
    last = max(lines, default=0)
    found = []
    for row in _shown(request, Reading(), lines) if lines else ():
        found.append(row)
        if row.line >= last:
            break
    return found


def _shown(request: ImportRequest, reading: Reading, lines: Collection[int] = ()) -> Iterator[ShownRow]:
    readers: dict[frozenset[str], RowReader] = {}
    for record in read_portfolio_file(request.file, mapping_of(request), reading):
        if lines and record.line not in lines:
            continue
        if record.broken:
            why = "; ".join(problem.reason for problem in record.problems)
            yield ShownRow(line=record.line, state="refused", cells={}, problem=why)
            continue
        reader = readers.get(record.columns)
        if reader is None:
            reader = readers[record.columns] = RowReader(file_form(request, record.columns, reading))
        yield _row(record, reader.read(record.cells, record.extra))


def _row(record: Record, row: PortfolioRow | RefusedRow) -> ShownRow:
    refusing, holding = sorted_problems(record)
    if isinstance(row, RefusedRow):
        problems, values, state = (*record.problems, *row.problems), {}, "refused"
    else:
        problems, values = (*record.problems, *row.warnings, *row.unread), _values(row)
        state = "held" if row.unread or holding else "read"
    if refusing:
        state = "refused"
    wrong = {problem.column: problem for problem in reversed(problems)}
    columns = dict.fromkeys([*record.cells, *(column for column in wrong if column)])
    return ShownRow(
        line=record.line,
        state=state,
        cells={column: _cell(column, record, values, wrong.get(column)) for column in columns},
        problem=wrong[""].reason if "" in wrong else "",
    )


def _cell(column: str, record: Record, values: Mapping[str, str], problem: RowProblem | None) -> ShownCell:
    text = record.cells.get(column, "")
    if (
        problem is not None and problem in record.problems
    ):  # its value is the expression that failed, which says nothing of the cell
        return ShownCell(text=text or _UNREAD, problem=problem.reason)
    if problem is not None:
        return ShownCell(text=text or problem.value, problem=problem.reason)
    return ShownCell(text=values.get(column, text))


def _values(row: PortfolioRow) -> dict[str, str]:
    """Our columns as they were read: days in ISO 8601, amounts with their currency's decimals."""
    debtor, debt = row.debtor, row.debt
    found = {
        "debtor_reference": debtor.reference,
        "authorised_channels": _channels(debtor.authorised_channels),
    }
    for column in FIELDS.keys() - {"debt_reference"}:
        found[column] = str(getattr(debtor, FIELDS[column]))
    for name in ("country", "region", "language", "time_zone"):
        found[name] = getattr(debtor, name)
    found |= dict(zip(ADDRESS_LINES, debtor.address_lines, strict=False))
    for medium in _MEDIA:
        found[medium] = ", ".join(point.address for point in debtor.contact_points if point.medium == medium)
    if debt is not None:
        found |= {
            "debt_reference": debt.reference,
            "currency": debt.currency,
            "due_date": debt.due_date.isoformat(),
        }
        for column, name in MINOR.items():
            minor = getattr(debt, name)
            if minor is not None:
                found[column] = f"{Money(minor, debt.currency).amount:,}"
    found |= {name: day.isoformat() for line in (debtor, debt) for name, day in _days(line)}
    return {column: text for column, text in found.items() if text}


def _channels(channels: tuple[str, ...] | None) -> str:
    return "" if channels is None else ", ".join(channels) or "none"


def _days(line: object) -> Iterator[tuple[str, date]]:
    for name in getattr(line, "__slots__", ()):
        value = getattr(line, name)
        if isinstance(value, date):
            yield name, value
