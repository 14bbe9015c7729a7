"""Reads a portfolio file, whatever its form, record by record with its line; a broken record does not end it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from dispatcher.portfolio.apply_mapping import Binding, PortfolioFileError, bind_headers, names_wanted
from dispatcher.portfolio.domain.portfolio import NOTHING_BESIDE, RowProblem
from dispatcher.portfolio.domain.portfolio_columns import plain_name
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.expressions import ExpressionError, compile_expression
from dispatcher.portfolio.open_ledger import encoding_of, is_json, is_spreadsheet, unpacked
from dispatcher.portfolio.read_lines import CsvRows, JsonObjects, RawRow, Rows
from dispatcher.portfolio.read_spreadsheet import SheetRows
from dispatcher.values.written_values import has_year

HEADER_WITHIN = 60  # lines: exports begin with a title, a company and a day
_SHOWN = 80
_TOTAL = re.compile(
    r"(?:grand |sub-?)?total\b|(?:zwischen|gesamt)?summe\b|gesamt\b|suma\b|somme\b|totale\b|totais\b",
    re.IGNORECASE,
)
_NOTHING = " \t\x1a\u00a0"  # blanks, and what old programs write behind the last line


class Record(NamedTuple):
    """One record: our columns, the others, and what made it unreadable; `columns` are those that it could have."""

    line: int
    cells: Mapping[str, str] = NOTHING_BESIDE
    extra: Mapping[str, str] = NOTHING_BESIDE
    problems: Sequence[RowProblem] = ()
    columns: frozenset[str] = frozenset()
    broken: bool = False  # nothing of it could be read


@dataclass(slots=True)
class Reading:
    """What is known of the file beside its records, while they are read.

    `headers` as the file writes them; `passed_over`: why rows were no records, with how many; `days`: what their
    column `ledger_as_of` says, as written.
    """

    headers: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()
    period_start: date | None = None
    warnings: list[tuple[int, RowProblem]] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    days: set[str] = field(default_factory=set)


def read_portfolio_file(
    path: Path, mapping: PortfolioMapping | None = None, reading: Reading | None = None
) -> Iterator[Record]:
    """All records of a file in order; raises PortfolioFileError where the file as a whole cannot be read.

    What is known of the file beside them stands in `reading` once the first record is there.
    """
    reading = reading if reading is not None else Reading()
    try:
        with unpacked(path) as plain:
            if is_spreadsheet(plain):
                with SheetRows(plain, path.name, mapping.sheet if mapping else "") as sheet:
                    yield from _Table(path.name, mapping, reading).records(sheet)
                return
            encoding = encoding_of(plain, mapping.encodings if mapping else (), path.name)
            with plain.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
                if is_json(plain):
                    yield from _json_records(
                        JsonObjects(stream, path.name, _decimal(mapping)), mapping, reading
                    )
                else:
                    delimiter = mapping.delimiter if mapping else ""
                    yield from _Table(path.name, mapping, reading).records(CsvRows(stream, delimiter))
    except OSError as error:
        raise PortfolioFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeError as error:
        raise PortfolioFileError(
            f"{path.name}: not readable in the encoding that it names: {error}"
        ) from None


def _decimal(mapping: PortfolioMapping | None) -> str:
    return mapping.decimal if mapping else "."


class _Table:
    """Rows under a line of column names, as records."""

    def __init__(self, file: str, mapping: PortfolioMapping | None, reading: Reading) -> None:
        self._file = file
        self._mapping = mapping
        self._reading = reading
        self._above: list[RawRow] = []
        self._below: list[RawRow] = []  # looked at for the column names, and rows after all
        self._told_of_unnamed = False
        self._width = 0  # of the line of names, its unnamed end too
        self._kept: dict[int, str] = {}  # by place: what counts for the rows below

    def records(self, rows: Rows) -> Iterator[Record]:
        """All of them, the lines above the names left out."""
        stream = iter(rows)
        binding = self._bound(stream)
        skip = self._skipper()
        down = self._fill_down(binding)
        for row in chain(self._below, stream):
            if row.problem:
                yield _unreadable(row)
                continue
            values = self._fitting(row, len(binding.headers))
            if why := _is_no_record(values):
                self._reading.passed_over[why] += 1
                continue
            if len(values) != len(binding.headers):
                yield self._misfit(rows, row, len(binding.headers))
                continue
            if reason := _no_texts(row.texts):
                yield _unreadable(RawRow(row.line, row.values, row.texts[:1], reason))
                continue
            if (down and self._take_down(values, down)) or self._is_skipped(binding, values, skip):
                continue
            cells, extra, problems = binding.bind(values)
            if _is_total(values, cells):
                self._reading.passed_over["total"] += 1
                continue
            yield Record(row.line, cells, extra, problems, binding.columns)

    def _bound(self, stream: Iterator[RawRow]) -> Binding:
        header, line = self._header(stream)
        self._width = len(header)
        while header and not header[-1].strip():
            header.pop()
        if not header:
            raise PortfolioFileError(
                f"{self._file}, line {line}: there are no column names in the first line"
            )
        binding = bind_headers(header, self._mapping, self._file, line=line)
        reading = self._reading
        reading.headers, reading.columns = tuple(header), binding.columns
        reading.warnings += [(line, problem) for problem in binding.warnings]
        reading.period_start = self._period_start()
        return binding

    def _header(self, stream: Iterator[RawRow]) -> tuple[list[str], int]:
        asked = self._mapping.header if self._mapping else None
        wanted = names_wanted(self._mapping)
        first: RawRow | None = None
        for row in stream:
            filled = any(value.strip() for value in row.values)
            if row.problem and first is None and asked is None:
                raise PortfolioFileError(
                    f"{self._file}, line {row.line}: the column names are not readable as CSV: {row.problem}"
                )
            if _is_header(row, asked, wanted) or (filled and asked is None and not wanted):
                return list(row.values), row.line
            first = first or (row if filled else None)
            self._above.append(row)
            if asked is None and row.line >= HEADER_WITHIN:
                break
        if asked is not None:
            raise PortfolioFileError(
                f"{self._file}: there is no line of column names like `header: {asked}` says"
            )
        self._below = [row for row in self._above if first and row.line > first.line]
        return (list(first.values), first.line) if first else ([], 1)

    def _period_start(self) -> date | None:
        mapping = self._mapping
        if mapping is None or mapping.year_from is None or has_year(mapping.date_format):
            return None
        place = mapping.year_from
        row = next((row for row in self._above if row.line == place.line), None)
        text = row.values[place.cell - 1].strip() if row and len(row.values) >= place.cell else ""
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise PortfolioFileError(
                f"{self._file}, line {place.line}: cell {place.cell} should hold the first day of the period, "
                f"and holds {text!r}"
            ) from None

    def _skipper(self) -> Callable[[Mapping[str, str]], object] | None:
        if self._mapping is None or not self._mapping.skip:
            return None
        try:
            return compile_expression(self._mapping.skip, tables=self._mapping.lookups)
        except ExpressionError as error:
            raise PortfolioFileError(f"{self._mapping.path}: skip: {error}") from None

    def _is_skipped(
        self, binding: Binding, values: Sequence[str], skip: Callable[[Mapping[str, str]], object] | None
    ) -> bool:
        if skip is None:
            return False
        try:
            skipped = bool(skip(dict(zip(binding.headers, values, strict=True))))
        except ExpressionError:
            return False  # the row's own columns will say what is wrong with it
        if skipped:
            self._reading.passed_over["skip"] += 1
        return skipped

    def _fill_down(self, binding: Binding) -> frozenset[int]:
        wanted = {plain_name(name) for name in (self._mapping.fill_down if self._mapping else ())}
        return frozenset(i for i, header in enumerate(binding.headers) if plain_name(header) in wanted)

    def _take_down(self, values: list[str], down: frozenset[int]) -> bool:
        """Fill a group's name in; True for the row that only names the group."""
        named = {i: values[i].strip() for i in down if values[i].strip()}
        if named and not any(value.strip() for i, value in enumerate(values) if i not in down):
            self._kept = named
            self._reading.passed_over["group"] += 1
            return True
        if not any(_TOTAL.match(name) for name in named.values()):
            for i in down:
                values[i] = values[i] if values[i].strip() else self._kept.get(i, "")
        return False

    def _fitting(self, row: RawRow, expected: int) -> list[str]:
        """Without the cells that stand under no name: empty ones, or as far as the line of names goes."""
        values = row.values
        if len(values) <= expected:
            return values
        if not any(value.strip() for value in values[expected:]):
            return values[:expected]
        if len(values) > self._width:
            return values
        if not self._told_of_unnamed:
            self._told_of_unnamed = True
            problem = RowProblem(
                column="", value="", reason="cells without a name at the end of rows are not kept"
            )
            self._reading.warnings.append((row.line, problem))
        return values[:expected]

    def _misfit(self, rows: Rows, row: RawRow, expected: int) -> Record:
        if len(row.texts) > 1:
            rows.give_back_lines()
        reason = (
            f"has {len(row.values)} cells under {expected} column names; is a comma or quotation mark amiss?"
        )
        return _unreadable(RawRow(row.line, row.values, row.texts[:1], reason))


def _is_header(row: RawRow, asked: int | str | None, wanted: Iterable[str]) -> bool:
    if isinstance(asked, int):
        return row.line == asked
    if isinstance(asked, str):
        return any(re.search(asked, text) for text in row.texts or [",".join(row.values)])
    names = {plain_name(value) for value in row.values}
    return bool(wanted) and names.issuperset(wanted)


def _is_no_record(values: Sequence[str]) -> str:
    if values and len(values) > 1 and values[0].strip(_NOTHING):
        return ""  # most rows: the others are looked at whole
    filled = [text for value in values if (text := value.strip())]
    if not filled:
        return "empty"
    return "" if any(text.strip(_NOTHING) for text in filled) else "end of file"


def _is_total(values: Sequence[str], cells: Mapping[str, str]) -> bool:
    """A line that sums up: its first word says so, and it names no debt."""
    if "debt_reference" in cells:
        return False
    first = next((text for value in values if (text := value.strip())), "")
    return bool(_TOTAL.match(first)) and cells.get("debtor_reference", first) == first


def not_text(text: str) -> str:
    """Why a line is no text; empty where it is."""
    if text.isascii() and "\0" not in text:
        return ""
    if "\0" in text:
        return "holds a NUL character; export the file again"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not UTF-8; save the file as UTF-8, or name its encoding in a mapping (encoding: cp1252)"
    return ""


def _no_texts(texts: Iterable[str]) -> str:
    for text in texts:
        if reason := not_text(text):
            return reason
    return ""


def _unreadable(row: RawRow) -> Record:
    text = row.texts[0] if row.texts else ";".join(row.values)
    problem = RowProblem(column="", value=text.strip()[:_SHOWN], reason=row.problem)
    return Record(row.line, problems=[problem], broken=True)


def _json_records(
    objects: JsonObjects, mapping: PortfolioMapping | None, reading: Reading
) -> Iterator[Record]:
    @lru_cache(maxsize=1024)  # JSON lines may have other keys on each line
    def binding_of(keys: tuple[str, ...]) -> Binding:
        binding = bind_headers(keys, mapping, objects.file, complete=False)
        reading.columns |= binding.columns
        reading.headers = tuple(dict.fromkeys((*reading.headers, *keys)))
        return binding

    for row in objects:
        if row.problem:
            yield _unreadable(row)
            continue
        binding = binding_of(row.keys)
        if reason := _no_texts((*row.keys, *row.values)):
            yield _unreadable(
                RawRow(row.line, row.values, row.texts, f"not readable as a JSON object: {reason}")
            )
            continue
        cells, extra, problems = binding.bind(row.values)
        yield Record(row.line, cells, extra, problems, binding.columns)
