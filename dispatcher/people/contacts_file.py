"""Reads a file of contacts made elsewhere: CSV or JSON lines, each row with its line number."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.portfolio_columns import plain_name

COLUMNS = (
    "at", "debtor", "creditor", "channel", "direction", "outcome", "kind", "debts", "address", "external_id", "text",
    "address_place", "prerecorded", "consent_to_other_medium", "note",
)  # fmt: skip
REQUIRED = ("at", "debtor", "channel")
_BY_PLAIN_NAME = {plain_name(name): name for name in COLUMNS}

Cells = dict[str, str]


def read_contacts(file: Path) -> Iterator[tuple[int, Cells]]:
    """Line number and cells of each row; raises PortfolioFileError where the file cannot be read."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            yield from (
                _json_lines(stream) if file.suffix in {".jsonl", ".ndjson"} else _csv_lines(stream, file.name)
            )
    except OSError as error:
        raise PortfolioFileError(f"{file}: cannot be read: {error.strerror}; is the path right?") from None
    except (csv.Error, ValueError) as error:
        if isinstance(error, PortfolioFileError):
            raise
        raise PortfolioFileError(f"{file.name}: not readable: {error}") from None


def _csv_lines(stream: Any, name: str) -> Iterator[tuple[int, Cells]]:
    reader = csv.reader(stream, strict=True)
    header = [_BY_PLAIN_NAME.get(plain_name(column), column) for column in next(reader, [])]
    missing = [column for column in REQUIRED if column not in header]
    if missing:
        raise PortfolioFileError(
            f"{name}, line 1: the required columns {', '.join(missing)} are missing; "
            f"the file has: {', '.join(header) or 'nothing'}"
        )
    before = reader.line_num
    for values in reader:
        if values:
            yield (
                before + 1,
                {column: text.strip() for column, text in zip(header, values, strict=False) if text.strip()},
            )
        before = reader.line_num


def _json_lines(stream: Any) -> Iterator[tuple[int, Cells]]:
    for number, line in enumerate(stream, start=1):
        if line.strip():
            document = _object(number, line)
            yield (
                number,
                {
                    _BY_PLAIN_NAME.get(plain_name(key), key): _text(value)
                    for key, value in document.items()
                    if value
                },
            )


def _object(number: int, line: str) -> dict[str, Any]:
    try:
        document = json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number} is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"line {number} is no JSON object in braces")  # noqa: TRY004 a finding about the file
    return document


def _text(value: object) -> str:
    return ";".join(map(str, value)) if isinstance(value, list) else str(value).strip()
