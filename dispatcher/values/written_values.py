"""Dates and amounts as files write them: read exactly as agreed, never guessed."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel.dates import get_month_names

_YEARS = range(1900, 3000)  # 9999-12-31 stands for "never" in some systems, and nothing can be added to it
_CENTURY_TURNS = 70  # of two digits: 00 to 69 are of this century, as POSIX reads them
_LARGEST = Decimal(10) ** 15
_TOKENS = {
    "YYYY": r"(?P<y>\d{4})",
    "YY": r"(?P<yy>\d{2})",
    "MMMM": r"(?P<name>[^\W\d_]{3,}\.?)",
    "MMM": r"(?P<name>[^\W\d_]{3,}\.?)",
    "MM": r"(?P<m>\d{2})",
    "M": r"(?P<m>\d{1,2})",
    "DD": r"(?P<d>\d{2})",
    "D": r"(?P<d>\d{1,2})",
}
_TOKEN = re.compile("YYYY|YY|MMMM|MMM|MM|DD|M|D")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?$")
# Grouping is looked at before any mark is taken away: 1,234,567 and 12,34,567, in one mark and in whole groups.
_GROUPED = (
    r"\d{{1,3}}(?P<m>{marks})\d{{3}}(?:(?P=m)\d{{3}})*"
    r"|\d{{1,2}}(?P<n>{marks})\d{{2}}(?:(?P=n)\d{{2}})*(?P=n)\d{{3}}"
    r"|\d+"
)
_SPACES = "[ \u00a0\u202f\u2009'\u2019]"
_NOT_DIGITS = re.compile(r"[^\d]")
_DIGITS = frozenset("0123456789")
_MONTH_LANGUAGES = ("en", "de", "es", "fr", "pt", "it", "nl")


def date_reader(date_format: str, *, period_start: date | None = None) -> Callable[[str], date]:
    """A function from text to a date; it raises ValueError with the way out.

    `date_format` is made of YYYY or YY, MMMM, MMM, MM or M, DD or D and separators; empty means ISO 8601
    (2012-03-01). A format without a year needs `period_start`: the date is the first of its kind from then on.
    """
    return _iso_reader() if not date_format else _format_reader(date_format, period_start)


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


def _format_reader(date_format: str, period_start: date | None) -> Callable[[str], date]:
    pattern = re.compile(date_pattern(date_format))

    @lru_cache(maxsize=1 << 14)
    def read(text: str) -> date:
        match = pattern.fullmatch(_MIDNIGHT.sub("", text))
        if match is None and (iso := _ISO.fullmatch(text)):
            return _real_date(*map(int, iso.groups()))  # a spreadsheet's real date has one reading alone
        if match is None:
            raise ValueError(f"not a date in the form {date_format}, which the mapping names")
        parts = match.groupdict()
        month = _month(parts["name"]) if parts.get("name") else int(parts["m"])
        day = int(parts["d"])
        if parts.get("y"):
            return _real_date(int(parts["y"]), month, day)
        if parts.get("yy"):
            short = int(parts["yy"])
            return _real_date(short + (2000 if short < _CENTURY_TURNS else 1900), month, day)
        return _first_from(period_start, month, day)

    return read


def _first_from(start: date | None, month: int, day: int) -> date:
    if start is None:
        raise ValueError("the file's form of dates names no year, and nothing says which one is meant")
    found = _real_date(start.year, month, day)
    return found if found >= start else _real_date(start.year + 1, month, day)


@lru_cache(maxsize=1)
def _month_names() -> Mapping[str, int]:
    """Names and short forms of the months, without case, dots and accents, where all languages mean the same."""
    names: dict[str, int] = {}
    for language in _MONTH_LANGUAGES:
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, locale=language).items():
                for word in (_plain_word(name), _plain_word(name)[:3]):
                    names[word] = number if names.get(word, number) == number else 0
    return names


def _month(name: str) -> int:
    number = _month_names().get(_plain_word(name), 0)
    if not number:
        raise ValueError(f"{name!r} is no month")
    return number


def _plain_word(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in decomposed if char.isalpha())


def date_pattern(date_format: str) -> str:
    """The regular expression of a date format; raises ValueError for one that is none."""
    tokens = sorted(token[0] for token in _TOKEN.findall(date_format))
    if tokens not in (["D", "M", "Y"], ["D", "M"]):
        raise ValueError("needs YYYY or YY, M, MM, MMM or MMMM, and D or DD, once each, such as D/M/YYYY")
    rest = _TOKEN.sub("", date_format)
    if re.search(r"[A-Za-z0-9]", rest):
        raise ValueError(f"holds {rest!r} beside YYYY, YY, MMMM, MMM, MM, M, DD and D")
    parts = re.split("(YYYY|YY|MMMM|MMM|MM|DD|M|D)", date_format)
    return "".join(_TOKENS.get(part) or re.escape(part) for part in parts)


def has_year(date_format: str) -> bool:
    """Whether a date format says the year."""
    return not date_format or "YY" in date_format


def _real_date(year: int, month: int, day: int) -> date:
    if year not in _YEARS:
        raise ValueError(f"the year {year} cannot be meant; leave the cell empty where there is no date")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("there is no such day in the calendar") from None


def amount_reader(decimal: str) -> Callable[[str], Decimal]:
    """A function from text to an amount; `decimal` is the mark before the cents, "." or ",".

    Thousands may be parted by the other mark, a space or an apostrophe, by one of them and in whole groups only;
    a minus may trail, and brackets stand for one.
    """
    other = "," if decimal == "." else "."
    grouped = _GROUPED.format(marks=rf"{_SPACES}|{re.escape(other)}")
    pattern = re.compile(rf"(?P<whole>{grouped})?(?:{re.escape(decimal)}(?P<cents>\d+))?")
    way_out = "comma" if decimal == "." else "point"
    most = re.compile(
        rf"[0-9]{{1,15}}(?:{re.escape(decimal)}[0-9]+)?"
    )  # one reading, and no sign to look for

    def read(text: str) -> Decimal:
        if most.fullmatch(text):
            return Decimal(text.replace(decimal, "."))
        sign, plain = _signed(text)
        match = (
            pattern.fullmatch(plain)
            if plain and _DIGITS.issuperset(c for c in plain if c.isdigit())
            else None
        )
        if match is None:
            raise ValueError(
                f"not an amount with a decimal {'point' if decimal == '.' else 'comma'} and no currency sign; "
                f'if the file writes a decimal {way_out}, say so in a mapping: decimal: "{other}"'
            )
        whole, cents = _NOT_DIGITS.sub("", match["whole"] or "0"), match["cents"] or "0"
        value = Decimal(f"{whole}.{cents}") if match["cents"] else Decimal(whole)
        if value > _LARGEST:
            raise ValueError("too large to be an amount of money")
        return -value if sign else value

    return read


def _signed(text: str) -> tuple[bool, str]:
    """Whether an amount is negative, and what is left of it without its sign."""
    plain = text.strip().replace("\u2212", "-")
    if plain.startswith("(") and plain.endswith(")"):
        return True, plain[1:-1].strip()
    if plain.endswith("-"):
        return True, plain[:-1].strip()
    if plain.startswith("-"):
        return True, plain[1:].strip()
    return False, plain.removeprefix("+")


def is_one_mark_and_three_digits(text: str) -> bool:
    """Whether an amount could be thousands or thousandths: `1.234`, `12,345`."""
    return re.fullmatch(r"-?\d{1,3}[.,]\d{3}-?", text.strip()) is not None
