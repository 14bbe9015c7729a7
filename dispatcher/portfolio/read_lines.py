"""Rows of text files: CSV and JSON lines, each with the line it begins on and what made it unreadable."""

import csv
import json
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TextIO

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.portfolio_columns import plain_name


class RawRow(NamedTuple):
    """Cells of one row; `texts` are its physical lines, `keys` a JSON object's names."""

    line: int
    values: list[str]
    texts: Sequence[str] = ()
    problem: str = ""
    keys: tuple[str, ...] = ()


class Rows(Protocol):
    """Rows in the file's order."""

    def __iter__(self) -> Iterator[RawRow]: ...

    def give_back_lines(self) -> None:
        """Read all lines of the last row but its first again."""


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

    def give_back(self, lines: Sequence[str]) -> None:
        """Read these lines again."""
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)


class CsvRows:
    """Rows of CSV; a first line `sep=;` names the mark between cells, as Excel writes it."""

    def __init__(self, stream: TextIO, delimiter: str) -> None:
        self._lines = _Lines(stream)
        self._delimiter = delimiter

    def __iter__(self) -> Iterator[RawRow]:
        lines = self._lines
        reader = self._opened()
        while True:
            lines.taken.clear()
            first = lines.number + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                texts = list(lines.taken)
                lines.give_back(texts[1:])
                yield RawRow(first, [], texts[:1], f"not readable as CSV: {error}; is a quotation mark open?")
                continue
            yield RawRow(first, values, list(lines.taken))

    def give_back_lines(self) -> None:
        """Read all lines of the last row but its first again."""
        self._lines.give_back(list(self._lines.taken)[1:])

    def _opened(self) -> Iterator[list[str]]:
        first = next(self._lines, None)
        named = first.strip().strip('"') if first else ""
        if named[:4].lower() == "sep=" and len(named) == 5:
            self._delimiter = self._delimiter or named[4]
        elif first is not None:
            self._lines.give_back([first])
        return csv.reader(self._lines, delimiter=self._delimiter or ",", strict=True)


class JsonObjects:
    """One object a line."""

    def __init__(self, stream: TextIO, file: str, decimal: str) -> None:
        self.file = file
        self._stream = stream
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_unique_keys,
            parse_float=lambda number: number.replace(".", decimal),
            parse_int=str,
            parse_constant=_refuse_constant,
        )

    def __iter__(self) -> Iterator[RawRow]:
        for number, line in enumerate(self._stream, start=1):
            text = line.strip()
            if not text or text == "\x1a":
                continue
            if number == 1 and text.startswith("["):
                raise PortfolioFileError(
                    f"{self.file}, line 1: the file is one JSON array; it must have one object a line"
                )
            try:
                document = self._document(text)
                values = [_cell(key, value) for key, value in document.items()]
            except ValueError as error:
                yield RawRow(number, [], [text], f"not readable as a JSON object: {error}")
            else:
                yield RawRow(number, values, [text], "", tuple(document))

    def _document(self, text: str) -> dict[str, object]:
        try:
            document = self._decoder.decode(text)
        except RecursionError:
            raise ValueError("it nests too deeply") from None
        if not isinstance(document, dict):
            raise ValueError("it is not an object in braces")  # noqa: TRY004 a finding about the file, told like the others
        return document


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
