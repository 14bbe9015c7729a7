"""How a value of the contact facts is read: what its key may hold, and what null means there."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from dispatcher.gate import facts as f
from dispatcher.gate.guards.wishes import clock
from dispatcher.values.zones import zone_info

Reader = Callable[[Any], Any]
_Day = TypeVar("_Day", date, datetime)
_YEARS = range(1900, 2200)
_LONGEST_DAYS = 100_000


class UnreadableError(ValueError):
    """A value that its key cannot hold."""


def text(value: Any) -> str:
    """A text."""
    if isinstance(value, str):
        return value
    raise UnreadableError(f"is {value!r}, not a text")


def flag(value: Any) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise UnreadableError(f"is {value!r}, not true or false")


def days(value: Any) -> int:
    """A number of days, before or behind, within the lifetime of a debt."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LONGEST_DAYS:
        return value
    raise UnreadableError(f"is {value!r}, not a whole number of days that a debt can count")


def amount(value: Any) -> Decimal:
    """Money in the debt's currency, as text: "25.00"."""
    try:
        written = Decimal(text(value))
    except InvalidOperation:
        raise UnreadableError(f"is {value!r}, not an amount as text") from None
    if not written.is_finite() or written < 0:
        raise UnreadableError(f"is {value!r}, not an amount as text")
    return written


def day(value: Any) -> date:
    """A date; of an instant its date."""
    try:
        found = date.fromisoformat(text(value)[:10])
    except ValueError:
        raise UnreadableError(f"is {value!r}, not a date (2026-11-23)") from None
    return _within_reach(found, value)


def moment(value: Any) -> datetime:
    """An instant; one without an offset is UTC."""
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError:
        raise UnreadableError(f"is {value!r}, not an instant (2026-11-23T10:00:00Z)") from None
    return _within_reach(found if found.tzinfo else found.replace(tzinfo=UTC), value)


def wall_time(value: Any) -> datetime | None:
    """A time on the debtor's clock, for an entry that states no instant; what cannot be read states nothing."""
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _within_reach(found: _Day, value: Any) -> _Day:
    """Calendars and zones are known for the years in which debts are collected, not for year 1 or 9999."""
    if found.year in _YEARS:
        return found
    raise UnreadableError(f"is {value!r}, and no debt is collected in that year")


def last_day(value: Any) -> date:
    """A day on which something ends; the last of all days says that no end is known."""
    return date.max if value == date.max.isoformat() else day(value)


def hour(value: Any) -> str:
    """A time of day, 24:00 at the latest."""
    try:
        clock(text(value))
    except ValueError:
        raise UnreadableError(f"is {value!r}, not a time of day (HH:MM)") from None
    return str(value)


def zone(value: Any) -> str:
    """The name of a zone of the tzdata package."""
    try:
        zone_info(text(value))
    except ValueError as error:
        raise UnreadableError(f"is no time zone: {error}") from None
    return str(value)


def zone_or_none(value: Any) -> str:
    """Null: the source names no zone, as a toll-free number's area code."""
    return "" if value is None else zone(value)


def ground(value: Any) -> bool:
    """Whether there is a ground, or the date from which there was one."""
    return value if isinstance(value, bool) else bool(day(value))


def anything(value: Any) -> Any:
    """Anything: a value that repeats another key or decides nothing."""
    return value


def truth(value: Any) -> bool:
    """Whether anything is said at all."""
    return bool(value)


def one_of(*words: str) -> Reader:
    """A reader of these words alone."""

    def read(value: Any) -> str:
        if value in words:
            return str(value)
        raise UnreadableError(f"is {value!r}, none of {', '.join(words)}")

    return read


def list_of(reader: Reader) -> Reader:
    """A reader of a list of what `reader` reads."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise UnreadableError(f"is {value!r}, not a list")
        return tuple(reader(item) for item in value)

    return read


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(str(part) for part in list_of(text)(value))


def remarks(value: Any) -> tuple[str, ...]:
    """What else a text holds: its parts, or whether it holds any."""
    if isinstance(value, list):
        return texts(value)
    if isinstance(value, str):
        return (value,) if value else ()
    return ("other content",) if flag(value) else ()


def form(value: Any) -> str:
    """How something was said: every word for speaking (`phone_call`) is oral."""
    said = text(value).casefold()
    return "oral" if f.ORAL_FORMS.intersection([said, *re.split(r"[\s_-]+", said)]) else said


def groups(value: Any) -> dict[str, tuple[str, ...]]:
    """Debts that count as one, by account."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError(f"is {value!r}, not an object of accounts with their debts")
    return {str(account): texts(debts) for account, debts in value.items()}


def or_null(reader: Reader, *, null: Any) -> Reader:
    """Null has a meaning of its own: nothing on file."""

    def read(value: Any) -> Any:
        return null if value is None else reader(value)

    return read


optional_text, optional_day = or_null(text, null=None), or_null(day, null=None)
day_on_file = or_null(day, null=f.NOTHING_ON_FILE)
optional_moment, many_texts = or_null(moment, null=None), or_null(texts, null=())
any_remarks = or_null(remarks, null=())
off, on, finding = or_null(flag, null=False), or_null(flag, null=True), or_null(flag, null=None)
consent = or_null(ground, null=False)  # null: none on file
