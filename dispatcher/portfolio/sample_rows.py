"""Reads the first rows of a file of unknown form as cells, and says by what settings it could."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.column_names import NAMES
from dispatcher.portfolio.domain.portfolio_columns import plain_name
from dispatcher.portfolio.open_ledger import UTF8, encoding_of, is_json, is_spreadsheet, unpacked
from dispatcher.portfolio.read_lines import JsonObjects
from dispatcher.portfolio.read_spreadsheet import SheetRows, sheet_names

ROWS = 400  # looked at
WITHIN = 60  # lines above the names
_DELIMITERS = (";", ",", "\t", "|")
ENCODINGS = ("utf-8", "cp1252", "iso-8859-1")
_FEWEST = 4  # columns: number, customer, amount and day; a currency may go without saying
_MOST_ROWS = 0.6  # of a table have one number of columns


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """The first rows. `encoding` and `delimiter` are empty where nothing need be said; `sheet` and `sheets` likewise.

    `place` is where the column names stand, from 0.
    """

    rows: Sequence[Sequence[str]]
    place: int
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """The column names as the file writes them."""
        return tuple(self.rows[self.place]) if self.rows else ()

    @property
    def values(self) -> dict[str, list[str]]:
        """What stands under each name, empty cells left out."""
        return {
            header: [t for row in self.rows[self.place + 1 :] if i < len(row) and (t := row[i].strip())]
            for i, header in enumerate(self.headers)
            if header.strip()
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a person said of the file's form; empty: to be told from the file."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int = 0  # a line, from 1


def sample_rows(path: Path, wanted: Wanted | None = None) -> Sample:
    """Look at the beginning of a file; raises PortfolioFileError where it is no table at all."""
    wanted = wanted or Wanted()
    try:
        with unpacked(path) as plain:
            if is_spreadsheet(plain):
                return _of_spreadsheet(plain, path.name, wanted)
            return _of_json(plain, path.name) if is_json(plain) else _of_text(plain, path.name, wanted)
    except OSError as error:
        raise PortfolioFileError(f"{path}: cannot be read: {error.strerror or error}") from None


def _of_spreadsheet(plain: Path, file: str, wanted: Wanted) -> Sample:
    """The sheet that is asked for, else the one whose names are most like ours."""
    names = sheet_names(plain, file)
    samples = {name: _sheet(plain, file, name) for name in ([wanted.sheet] if wanted.sheet else names[:12])}
    sheet = max(samples, key=lambda name: (_known(samples[name]), name == names[0]))
    rows = samples[sheet]
    if not any(cell.strip() for row in rows for cell in row):
        raise PortfolioFileError(f"{file}: the sheet {sheet!r} is empty; is another one meant?")
    return Sample(
        rows=rows,
        place=_place(rows, wanted),
        sheet=sheet if sheet != names[0] else "",
        sheets=tuple(names),
    )


def _sheet(plain: Path, file: str, name: str) -> list[list[str]]:
    with SheetRows(plain, file, name) as sheet:
        return [row.values for row in islice(sheet, ROWS)]


def _known(rows: Sequence[Sequence[str]]) -> int:
    """How many names like ours the best of the first lines has."""
    return max((sum(plain_name(cell) in NAMES for cell in row) for row in rows[:WITHIN]), default=0)


def _of_json(plain: Path, file: str) -> Sample:
    with plain.open(encoding=UTF8, errors="replace") as stream:
        objects = [
            dict(zip(row.keys, row.values, strict=False))
            for row in islice(JsonObjects(stream, file, "."), ROWS)
        ]
    headers = list(dict.fromkeys(key for one in objects for key in one))
    if not headers:
        raise PortfolioFileError(f"{file}: no line of it is a JSON object")
    return Sample(rows=[headers, *([one.get(key, "") for key in headers] for one in objects)], place=0)


def _of_text(plain: Path, file: str, wanted: Wanted) -> Sample:
    encoding = wanted.encoding or encoding_of(plain, ENCODINGS, file)
    with plain.open(encoding=encoding, errors="replace", newline="") as stream:
        lines = list(islice(stream, ROWS))
    delimiter = wanted.delimiter or max(_DELIMITERS, key=lambda mark: _width(lines, mark))
    rows = list(csv.reader(lines, delimiter=delimiter))
    place = _place(rows, wanted)
    if not wanted.delimiter and not _is_table(rows, place):
        raise PortfolioFileError(
            f"{file}: this is text and no table: there is no line of column names with cells under it; "
            "ask for an export as CSV or .xlsx"
        )
    return Sample(
        rows=rows,
        place=place,
        encoding="" if encoding in ("utf-8", "utf-8-sig", "utf-16") else encoding,
        delimiter="" if delimiter == "," else delimiter,
    )


def _width(lines: Sequence[str], mark: str) -> int:
    """How many columns most lines have."""
    counts = [line.count(mark) for line in lines if line.strip()]
    return max(set(counts), key=lambda n: (counts.count(n), n)) if counts else 0


def _is_table(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether most rows below the names have as many cells as there are names, and enough for a debt."""
    below = [len(row) for row in rows[place + 1 :] if any(cell.strip() for cell in row)]
    width = len(rows[place]) if rows else 0
    fitting = sum(length == width for length in below)
    known = sum(plain_name(cell) in NAMES for cell in rows[place]) if rows else 0
    return known > 1 or (width >= _FEWEST and bool(below) and fitting >= _MOST_ROWS * len(below))


def _place(rows: Sequence[Sequence[str]], wanted: Wanted) -> int:
    """The line whose cells are most like names of ours, else the first full one."""
    if wanted.header:
        return min(wanted.header, len(rows)) - 1
    best, place = -1, 0
    for i, row in enumerate(rows[:WITHIN]):
        known = sum(plain_name(cell) in NAMES for cell in row)
        if known > best and any(cell.strip() for cell in row):
            best, place = known, i
    if best <= 0 and rows:  # no name that we know: the first line as wide as most are
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count)
        place = next(i for i, width in enumerate(widths) if width == usual)
    return place
