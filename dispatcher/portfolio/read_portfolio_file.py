"""Reads a portfolio file, CSV or JSON lines, record by record with its line number; a broken record does not end it."""

import csv
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TextIO

from dispatcher.portfolio.apply_mapping import Binding, Bound, PortfolioFileError, bind_headers
from dispatcher.portfolio.domain.portfolio import RowProblem
from dispatcher.portfolio.domain.portfolio_columns import plain_name
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping

_SHAPES_KEPT = 1024  # JSON lines may have other keys on each line
_JSON_SUFFIXES = {".jsonl", ".ndjson", ".json"}
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Record:
    """One record: our columns, the others, and what made it unreadable."""

    line: int
    cells: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    problems: Sequence[RowProblem] = ()


def read_portfolio_file(path: Path, mapping: PortfolioMapping | None = None) -> Iterator[Record]:
    """All records of a file in order; raises PortfolioFileError where the file as a whole cannot be read."""
    try:
        _refuse_other_encodings(path)
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            if _is_json(path):
                yield from _json_records(stream, path.name, mapping)
            else:
                yield from _csv_records(stream, path.name, mapping)
    except OSError as error:
        raise PortfolioFileError(f"{path}: cannot be read: {error.strerror}") from None


def _is_json(path: Path) -> bool:
    if path.suffix.lower() in _JSON_SUFFIXES:
        return True
    with path.open("rb") as stream:
        return stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _refuse_other_encodings(path: Path) -> None:
    with path.open("rb") as stream:
        start = stream.read(4)
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise PortfolioFileError(f"{path.name}, line 1: the file is UTF-16; save it as UTF-8")
    if start[:2] in {b"PK", b"\xd0\xcf"}:
        raise PortfolioFileError(
            f"{path.name}: this is a spreadsheet, not a text file; export it as CSV in UTF-8"
        )
    if not start:
        raise PortfolioFileError(
            f"{path.name}, line 1: the file is empty; it needs at least a line of column names"
        )


class _Lines:
    """Physical lines, counted; those of a broken record can be given back so that only its first line is lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._stream)
        self.taken.append(line)
        self.number += 1
        return line

    def give_back(self) -> None:
        """All lines of the record but its first are read again."""
        rest = self.taken[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)


def _csv_records(stream: TextIO, file: str, mapping: PortfolioMapping | None) -> Iterator[Record]:
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=(mapping.delimiter if mapping else "") or ",", strict=True)
    binding = bind_headers(_header(reader, file), mapping, file)
    while True:
        lines.taken.clear()
        first = lines.number + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.give_back()
            yield _unreadable(
                first, lines.taken[0], f"not readable as CSV: {error}; is a quotation mark open?"
            )
            continue
        if values and not (len(values) == 1 and not values[0].strip()):
            yield _record(lines, first, values, binding)


def _header(reader: "Iterator[list[str]]", file: str) -> list[str]:
    try:
        header = next(reader)
    except StopIteration:
        header = []
    except csv.Error as error:
        raise PortfolioFileError(
            f"{file}, line 1: the column names are not readable as CSV: {error}"
        ) from None
    while header and not header[-1].strip():
        header.pop()
    if not header:
        raise PortfolioFileError(f"{file}, line 1: there are no column names in the first line")
    return header


def _record(lines: _Lines, first: int, values: list[str], binding: Binding) -> Record:
    expected = len(binding.headers)
    if len(values) > expected and not any(values[expected:]):
        values = values[:expected]
    if len(values) != expected:
        if len(lines.taken) > 1:
            lines.give_back()
        reason = f"has {len(values)} cells under {expected} column names; is a comma or quotation mark amiss?"
        return _unreadable(first, lines.taken[0], reason)
    for line in lines.taken:
        reason = "" if line.isascii() and "\0" not in line else _not_text(line)
        if reason:
            return _unreadable(first, line, reason)
    cells, extra, problems = binding.bind(values)
    return Record(first, cells, extra, problems)


def _not_text(text: str) -> str:
    if "\0" in text:
        return "holds a NUL character; export the file again"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not UTF-8; save the file as UTF-8"
    return ""


def _unreadable(line: int, text: str, reason: str) -> Record:
    return Record(line, problems=[RowProblem(column="", value=text.strip()[:_SHOWN], reason=reason)])


def _json_records(stream: TextIO, file: str, mapping: PortfolioMapping | None) -> Iterator[Record]:
    decimal = mapping.decimal if mapping else "."
    decoder = json.JSONDecoder(
        object_pairs_hook=_unique_keys,
        parse_float=lambda number: number.replace(".", decimal),
        parse_int=str,
        parse_constant=_refuse_constant,
    )

    @lru_cache(maxsize=_SHAPES_KEPT)
    def binding_of(keys: tuple[str, ...]) -> Binding:
        return bind_headers(keys, mapping, file, complete=False)

    for number, line in enumerate(stream, start=1):
        text = line.strip()
        if not text:
            continue
        if number == 1 and text.startswith("["):
            raise PortfolioFileError(
                f"{file}, line 1: the file is one JSON array; it must have one object a line"
            )
        try:
            cells, extra, problems = _bound_object(decoder, text, binding_of)
        except ValueError as error:
            yield _unreadable(number, text, f"not readable as a JSON object: {error}")
        else:
            yield Record(number, cells, extra, problems)


def _bound_object(
    decoder: json.JSONDecoder, text: str, binding_of: Callable[[tuple[str, ...]], Binding]
) -> Bound:
    try:
        document = decoder.decode(text)
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    if not isinstance(document, dict):
        raise ValueError("it is not an object in braces")  # noqa: TRY004 a finding about the file, told like the others
    values = [_cell(key, value) for key, value in document.items()]
    if not text.isascii() or "\\u" in text:
        reason = next((reason for reason in map(_not_text, [*document, *values]) if reason), "")
        if reason:
            raise ValueError(reason)
    return binding_of(tuple(document)).bind(values)


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    built = dict(pairs)
    if len(built) != len(pairs):
        raise ValueError("a key stands in it twice")
    return built


def _refuse_constant(word: str) -> object:
    raise ValueError(f"{word} is not a number")


def _cell(key: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if not value and plain_name(key) == "authorisedchannels":
            return "none"
        return ";".join(_cell(key, item) for item in value)
    if isinstance(value, dict):
        raise ValueError(f"{key} holds an object, not text, a number or a list")  # noqa: TRY004 a finding
    return str(value)
