"""Dates and amounts as files write them: read exactly as agreed, never guessed."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache

_YEARS = range(1900, 3000)  # 9999-12-31 stands for "never" in some systems, and nothing can be added to it
_LARGEST = Decimal(10) ** 15
_TOKENS = {
    "YYYY": r"(?P<y>\d{4})",
    "MM": r"(?P<m>\d{2})",
    "M": r"(?P<m>\d{1,2})",
    "DD": r"(?P<d>\d{2})",
    "D": r"(?P<d>\d{1,2})",
}
_TOKEN = re.compile("YYYY|MM|DD|M|D")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009'\u2019")
_GROUPED = (
    r"(\d{{1,3}}({mark}\d{{3}})+|\d{{1,2}}({mark}\d{{2}})+{mark}\d{{3}}|\d+)"  # 1,234,567 and 12,34,567
)


def date_reader(date_format: str) -> Callable[[str], date]:
    """A function from text to a date; it raises ValueError with the way out.

    `date_format` is made of YYYY, MM or M, DD or D and separators; empty means ISO 8601 (2012-03-01).
    """
    return _iso_reader() if not date_format else _format_reader(date_format)


def _iso_reader() -> Callable[[str], date]:
    @lru_cache(maxsize=1 << 14)
    def read(text: str) -> date:
        match = _ISO.fullmatch(text)
        if match is None:
            raise ValueError(
                "not a date like 2012-03-01; day and month are never guessed: name the file's form in a mapping, "
                "date_format: D/M/YYYY or M/D/YYYY"
            )
        return _real_date(*map(int, match.groups()))

    return read


def _format_reader(date_format: str) -> Callable[[str], date]:
    pattern = re.compile(date_pattern(date_format))

    @lru_cache(maxsize=1 << 14)
    def read(text: str) -> date:
        match = pattern.fullmatch(text)
        if match is None:
            raise ValueError(f"not a date in the form {date_format}, which the mapping names")
        return _real_date(int(match["y"]), int(match["m"]), int(match["d"]))

    return read


def date_pattern(date_format: str) -> str:
    """The regular expression of a date format; raises ValueError for one that is none."""
    tokens = _TOKEN.findall(date_format)
    if sorted(token[0] for token in tokens) != ["D", "M", "Y"]:
        raise ValueError("needs YYYY, M or MM, and D or DD, once each, such as D/M/YYYY")
    rest = _TOKEN.sub("", date_format)
    if re.search(r"[A-Za-z0-9]", rest):
        raise ValueError(f"holds {rest!r} beside YYYY, M, MM, D and DD")
    parts = re.split("(YYYY|MM|DD|M|D)", date_format)
    return "".join(_TOKENS.get(part) or re.escape(part) for part in parts)


def _real_date(year: int, month: int, day: int) -> date:
    if year not in _YEARS:
        raise ValueError(f"the year {year} cannot be meant; leave the cell empty where there is no date")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("there is no such day in the calendar") from None


def amount_reader(decimal: str) -> Callable[[str], Decimal]:
    """A function from text to an amount; `decimal` is the mark before the cents, "." or ",".

    Thousands may be parted by the other mark, a space or an apostrophe, in whole groups only; a minus may trail.
    """
    other = "," if decimal == "." else "."
    grouped = _GROUPED.format(mark=re.escape(other))
    pattern = re.compile(rf"-?{grouped}({re.escape(decimal)}\d+)?|{re.escape(decimal)}\d+")
    way_out = "comma" if decimal == "." else "point"

    def read(text: str) -> Decimal:
        plain = text.translate(_SPACES) if not text.isalnum() else text
        if plain.endswith("-"):
            plain = "-" + plain[:-1]
        plain = plain.replace("\u2212", "-").removeprefix("+")
        if not plain.isascii() or not pattern.fullmatch(plain):
            raise ValueError(
                f"not an amount with a decimal {'point' if decimal == '.' else 'comma'} and no currency sign; "
                f'if the file writes a decimal {way_out}, say so in a mapping: decimal: "{other}"'
            )
        value = Decimal(plain.replace(other, "").replace(decimal, "."))
        if abs(value) > _LARGEST:
            raise ValueError("too large to be an amount of money")
        return value

    return read
