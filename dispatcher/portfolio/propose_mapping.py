"""Proposes a mapping for an unknown file from its names and values, and says how sure it is of each guess."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.column_names import NAMES
from dispatcher.portfolio.domain.portfolio_columns import AMOUNT_COLUMNS, DATE_COLUMNS, REQUIRED, plain_name
from dispatcher.portfolio.open_ledger import encoding_of, is_spreadsheet, unpacked
from dispatcher.portfolio.read_spreadsheet import SheetRows
from dispatcher.values.written_values import amount_reader, date_reader

_ROWS = 400  # looked at
_WITHIN = 60  # lines above the names
_DELIMITERS = (";", ",", "\t", "|")
_DATE_FORMATS = (
    "", "DD.MM.YYYY", "D.M.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "D/M/YYYY", "M/D/YYYY", "DD-MM-YYYY", "DD.MM.YY",
    "DD/MM/YY", "MM/DD/YY", "DD-MMM-YYYY", "DD-MMM-YY", "D MMM YYYY", "MMM D, YYYY", "YYYYMMDD", "YYYY/MM/DD",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """One setting or field: what is proposed, how sure (sure, likely, asked), and by what it was told."""

    key: str
    value: str
    sure: str
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A mapping for a file, and what it lacks."""

    file: str
    settings: tuple[Guess, ...]
    fields: tuple[Guess, ...]
    missing: tuple[str, ...]
    headers: tuple[str, ...] = field(default=())

    def as_yaml(self) -> str:
        """The mapping's file, with the doubts as comments."""
        lines = [f"# Proposed from {self.file}: look at each line marked likely or asked before you use it."]
        lines += [f"{guess.key}: {guess.value}  # {guess.sure}: {guess.because}" for guess in self.settings]
        lines.append("fields:")
        lines += [f"  {guess.key}: {guess.value}  # {guess.sure}: {guess.because}" for guess in self.fields]
        lines += [
            f"  # {column}: ?  # asked: every debt needs it, and no column looks like it"
            for column in self.missing
        ]
        return "\n".join(lines) + "\n"


def propose_mapping(path: Path) -> Proposal:
    """Look at the beginning of a file; raises PortfolioFileError where it cannot be opened at all."""
    try:
        with unpacked(path) as plain:
            settings, rows = (
                _spreadsheet(plain, path.name) if is_spreadsheet(plain) else _text(plain, path.name)
            )
    except OSError as error:
        raise PortfolioFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    place, headers = _header(rows)
    if place:
        settings.append(
            Guess(key="header", value=str(place + 1), sure="likely", because="the first line of names")
        )
    values = {
        header: [text for row in rows[place + 1 :] if i < len(row) and (text := row[i].strip())]
        for i, header in enumerate(headers)
        if header.strip()
    }
    fields = _fields(list(values))
    settings += _dates(fields, values) + _decimals(fields, values)
    found = {guess.key for guess in fields}
    return Proposal(
        file=path.name,
        settings=tuple(settings),
        fields=tuple(fields),
        missing=tuple(column for column in REQUIRED if column not in found),
        headers=tuple(headers),
    )


def _spreadsheet(plain: Path, file: str) -> tuple[list[Guess], list[list[str]]]:
    with SheetRows(plain, file, "") as sheet:
        return [], [row.values for row in islice(sheet, _ROWS)]


def _text(plain: Path, file: str) -> tuple[list[Guess], list[list[str]]]:
    encoding = encoding_of(plain, ("utf-8", "cp1252", "iso-8859-1"), file)
    settings = []
    if encoding not in ("utf-8", "utf-8-sig", "utf-16"):
        because = "the bytes are no UTF-8; other Western encodings differ in few letters"
        settings.append(Guess(key="encoding", value=encoding, sure="likely", because=because))
    with plain.open(encoding=encoding, newline="") as stream:
        lines = list(islice(stream, _ROWS))
    delimiter = max(_DELIMITERS, key=lambda mark: _width(lines, mark))
    if delimiter != ",":
        settings.append(Guess(key="delimiter", value=f'"{delimiter}"'.replace("\t", "\\t"), sure="sure",
                              because="it parts the lines into the most columns of one number"))  # fmt: skip
    return settings, list(csv.reader(lines, delimiter=delimiter))


def _width(lines: Sequence[str], mark: str) -> int:
    """How many columns most lines have."""
    counts = [line.count(mark) for line in lines if line.strip()]
    return max(set(counts), key=lambda n: (counts.count(n), n)) if counts else 0


def _header(rows: Sequence[Sequence[str]]) -> tuple[int, list[str]]:
    """The line whose cells are most like names of ours, else the first full one."""
    best, place = -1, 0
    for i, row in enumerate(rows[:_WITHIN]):
        known = sum(plain_name(cell) in NAMES for cell in row)
        if known > best and any(cell.strip() for cell in row):
            best, place = known, i
    return place, list(rows[place]) if rows else []


def _fields(headers: Sequence[str]) -> list[Guess]:
    found: dict[str, Guess] = {}
    for header in headers:
        column = NAMES.get(plain_name(header))
        if column is None or column in found:
            continue
        exact = plain_name(header) == plain_name(column)
        found[column] = Guess(
            key=column,
            value=header if re.fullmatch(r"[\w ./-]*[^\W\d_][\w ./-]*", header) else f'"{header}"',
            sure="sure" if exact else "likely",
            because="the name is ours" if exact else "so such columns are called",
        )
    return list(found.values())


def _dates(fields: Sequence[Guess], values: dict[str, list[str]]) -> list[Guess]:
    texts = [
        text
        for guess in fields
        if guess.key in DATE_COLUMNS
        for text in values.get(guess.value.strip('"'), [])
    ]
    fitting = [
        form for form in _DATE_FORMATS if texts and all(_reads(date_reader(form), text) for text in texts)
    ]
    if not fitting or "" in fitting:
        return []
    readings = {tuple(date_reader(form)(text) for text in texts) for form in fitting}
    sure = "sure" if len(readings) == 1 else "asked"
    because = (
        f"all {len(texts)} dates fit" if sure == "sure" else f"these fit as well: {', '.join(fitting[1:4])}"
    )
    return [Guess(key="date_format", value=fitting[0], sure=sure, because=because)]


def _decimals(fields: Sequence[Guess], values: dict[str, list[str]]) -> list[Guess]:
    texts = [
        text
        for guess in fields
        if guess.key in AMOUNT_COLUMNS
        for text in values.get(guess.value.strip('"'), [])
    ]
    fits = {mark: all(_reads(amount_reader(mark), text) for text in texts) for mark in (".", ",")}
    if not texts or fits["."] == fits[","]:
        sure = [
            Guess(
                key="decimal", value='"."', sure="asked", because="the amounts fit a point and a comma alike"
            )
        ]
        return sure if texts and fits["."] and any("," in text or "." in text for text in texts) else []
    mark = "." if fits["."] else ","
    return [Guess(key="decimal", value=f'"{mark}"', sure="sure", because=f"all {len(texts)} amounts fit")]


def _reads(reader: object, text: str) -> bool:
    try:
        reader(text)  # type: ignore[operator]  # a function from text
    except ValueError:
        return False
    return True
