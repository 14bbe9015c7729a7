"""Reads numbers, days and instants as strangers write them, at every border the same way: strict, or not at all."""

import re
from datetime import UTC, date, datetime

LONGEST = 15  # digits: what every database and every JavaScript takes
_NUMBER = re.compile(r"[0-9]{1,15}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MINUTE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
FIRST_YEAR, LAST_YEAR = 1900, 2199  # beyond them a day more or a zone's offset leaves the calendar


def whole_number(text: str, *, most: int | None = None) -> int | None:
    """A number from 0 in ASCII digits, `most` at most; None for anything else."""
    if not _NUMBER.fullmatch(text):
        return None
    value = int(text)
    return value if most is None or value <= most else None


def day(text: str) -> date | None:
    """A day as 2026-11-23; None for anything else, other forms of ISO 8601 included."""
    if not _DAY.fullmatch(text) or not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def local_minute(text: str) -> datetime | None:
    """An instant as 2026-11-23T18:00, seconds, Z or an offset if it names them; naive where it does not; else None."""
    if not _MINUTE.fullmatch(text) or not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def instant(text: str) -> datetime | None:
    """An instant in UTC; None for anything else. One without an offset is read as UTC."""
    at = local_minute(text)
    if at is None:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def is_text(text: str) -> bool:
    """Whether a text can be stored and written anywhere: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in text)
