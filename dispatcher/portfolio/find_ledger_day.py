"""The day that a ledger is of: its name's, else that of its column, else no later than it was last written."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.import_request import ImportRequest
from dispatcher.portfolio.domain.ledger_day import day_in_name, days_in_name
from dispatcher.portfolio.domain.portfolio_columns import LEDGER_DAY
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.read_portfolio_file import Reading, read_portfolio_file
from dispatcher.values.written_values import date_reader


def day_of_ledger(file: Path, now: datetime, mapping: PortfolioMapping | None = None) -> tuple[date, str]:
    """The ledger's day, and where it was taken from: "" for a day of the name or of the file's own column.

    Raises ValueError for a name or column that looks like a day and is none, for rows that speak of different days,
    and for a day that has not come; OSError for a file that is not there.
    """
    today = now.astimezone(UTC).date()
    stated = day_in_name(_name(file), today)
    stated = stated or day_in_column(file, today, mapping)
    if stated is not None:
        return stated, ""
    written = datetime.fromtimestamp(file.stat().st_mtime, UTC).date()
    return min(written, today), "; no day in its name: taken as of the day it was last written"


def contradicted_day(request: ImportRequest, said: Collection[str], period_start: date | None) -> str:
    """Why the day that was stated cannot be the ledger's, in a sentence; empty where the file says nothing else.

    `said` are the texts of its column `ledger_as_of`, which count where its name has no day.
    """
    day, mapping = request.as_of, request.mapping
    whence, days = "its name", days_in_name(_name(request.file))
    if not days:
        read = date_reader(mapping.date_format if mapping else "", period_start=period_start)
        whence, days = f"its column {LEDGER_DAY}", frozenset(_days(read, said))
    if not days or day in days:
        return ""
    return f"{request.file.name} is of {max(days)} by {whence}, and {day} was stated"


def _days(read: Callable[[str], date], texts: Collection[str]) -> Iterator[date]:
    for text in texts:
        with suppress(ValueError):
            yield read(text)


def _name(file: Path) -> str:
    """Without what says its kind: `.csv`, `.csv.gz`."""
    return file.name.partition(".")[0] if file.suffix.lower() == ".gz" else file.stem


def day_in_column(file: Path, today: date, mapping: PortfolioMapping | None = None) -> date | None:
    """What the column `ledger_as_of` says in every row; None where the file has none, or cannot be read as a whole."""
    said: dict[str, int] = {}
    reading = Reading()
    try:
        for record in read_portfolio_file(file, mapping, reading):
            if not record.broken and LEDGER_DAY not in record.columns:
                return None
            if text := record.cells.get(LEDGER_DAY):
                said.setdefault(text, record.line)
            if len(said) > 1:
                break
    except PortfolioFileError:
        return None  # the import says so in its own words
    if not said:
        return None
    if len(said) > 1:
        (one, _), (other, line) = said.items()
        raise ValueError(
            f"{file.name}, line {line}: {LEDGER_DAY} is {other} here and {one} above; say its day"
        )
    text, line = said.popitem()
    read = date_reader(mapping.date_format if mapping else "", period_start=reading.period_start)
    try:
        day = read(text)
    except ValueError as error:
        raise ValueError(f"{file.name}, line {line}: {LEDGER_DAY} {text!r}: {error}") from None
    if day > today:
        raise ValueError(f"{file.name}, line {line}: the ledger would be of {day}, which has not come yet")
    return day
