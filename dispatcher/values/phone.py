"""Phone numbers: written in E.164, and what the numbering plan says of the place a number was issued for."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_geographical_number

Line = Literal["mobile", "landline", "either", "placeless"]

# Free, premium and company-wide numbers are answered anywhere: they say nothing of where a person is.
_PLACELESS = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.UNKNOWN,
    }
)
_LINES: dict[int, Line] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "either",
}
# Numbers that a company takes calls at: nobody reads a text that is sent there, and some would have to pay for it.
_TEXTLESS = frozenset({*_PLACELESS, PhoneNumberType.PAGER} - {PhoneNumberType.UNKNOWN})
_SEPARATED = re.compile(r"[/;|]|\bor\b|\by\b|\bou\b|\d\s*,\s*[+\d]", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:[/;|\r\n]|\bor\b|\by\b|\bou\b|,(?=\s*[+\d(]))\s*", re.IGNORECASE)
# Until 2019 Mexican mobiles were written +52 1 and ten digits, and dialled 044, 045 or 01 and ten digits at home.
_MEXICAN = re.compile(r"(?:(?:\+|00|011)?521|(?:\+|00|011)?52(?:044|045|01)|044|045|01)(\d{10})")
_ONE_NUMBER = "+0123456789 ()-."
_SPREADSHEET = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}$")
_FORMULA_QUOTE = "'"
_NO_REGION = "001"


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneProblem:
    """Why a number cannot be used; `raw` is what the file said, `reason` is for the person who mends it."""

    raw: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberPlan:
    """What its prefix tells of a number.

    `region` is an ISO 3166-1 alpha-2 code or None; `zones` are the IANA names of its area, as the numbering
    plan spells them, and empty where the number belongs to a whole country.
    """

    region: str | None
    line: Line
    zones: tuple[str, ...]
    texts: bool = True  # False: a toll-free, premium, shared-cost or company-wide number


_NO_PLAN = NumberPlan(region=None, line="placeless", zones=())
_TEXTLESS_PLAN = NumberPlan(region=None, line="placeless", zones=(), texts=False)


class WrittenNumber(NamedTuple):
    """A number that is issued; `texts`: False for a toll-free, premium, shared-cost or company-wide one."""

    e164: str
    texts: bool


def to_e164(raw: str, default_country: str | None) -> str | PhoneProblem:
    """Write a number as E.164 ("+12083450000"); without a "+" it is read as one of `default_country`."""
    found = read_number(raw, default_country)
    return found if isinstance(found, PhoneProblem) else found.e164


@lru_cache(maxsize=1 << 13)
def read_number(raw: str, default_country: str | None) -> WrittenNumber | PhoneProblem:
    """Read a number as `to_e164` does, and tell whether somebody reads texts that are sent to it."""
    visible = raw if raw.isascii() else "".join(char for char in raw if unicodedata.category(char) != "Cf")
    text = visible.strip().lstrip(_FORMULA_QUOTE).strip()
    reason = _unreadable(text)
    if reason:
        return PhoneProblem(raw=raw, reason=reason)
    country = (default_country or "").strip().upper()
    if not text.startswith("+") and country not in phonenumbers.SUPPORTED_REGIONS:
        return PhoneProblem(
            raw=raw, reason=f"it has no + and no known country to read it by ({country or 'none given'})"
        )
    try:
        number = phonenumbers.parse(_of_today(text, country), country or None)
    except NumberParseException as error:
        return PhoneProblem(raw=raw, reason=f"not a phone number: {error}")
    return _written(raw, number)


def numbers_in(cell: str) -> list[str]:
    """The numbers of a cell that holds one or several, parted by `;`, `/`, `|`, a comma or a line break."""
    if not cell.strip(_ONE_NUMBER):
        return [cell.strip() or cell]  # most: nothing that could part two
    return [part for each in _BETWEEN.split(cell) if (part := each.strip())] or [cell]


def _of_today(text: str, country: str) -> str:
    """A Mexican number without the prefixes that are no part of it any more."""
    digits = re.sub(r"[^\d+]", "", text)
    old = _MEXICAN.fullmatch(digits)
    if old and (country == "MX" or digits.startswith(("+52", "0052", "01152"))):
        return f"+52{old[1]}"
    return text


def _unreadable(text: str) -> str | None:
    if not text:
        return "it is empty"
    if _SPREADSHEET.fullmatch(text):
        return "a spreadsheet turned it into a rounded number: export the column as text"
    if _SEPARATED.search(text):
        return "it holds more than one number: keep one"
    if not text.isascii() and not any(c.isdigit() for c in text):
        return "it holds no digits"
    if re.search(r"[A-Za-z]{4,}", text):
        return "it holds words: keep the digits alone"
    return None


def _written(raw: str, number: PhoneNumber) -> WrittenNumber | PhoneProblem:
    if number.extension:
        return PhoneProblem(
            raw=raw, reason=f"an extension ({number.extension}) cannot be texted or dialled by us"
        )
    kind = phonenumbers.number_type(number)  # by it a number is valid, and by looking it up a second time too
    if kind != PhoneNumberType.UNKNOWN:
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return WrittenNumber(written, kind not in _TEXTLESS)
    if not phonenumbers.is_possible_number(number):
        return PhoneProblem(
            raw=raw, reason="it is too short or too long for its country (a short code reaches nobody)"
        )
    return PhoneProblem(raw=raw, reason="no such number is issued in its country")


def plan_key(e164: str) -> str:
    """Shorten a North American number to its exchange: its last four digits tell nothing that we ask."""
    return f"{e164[:8]}0000" if e164.startswith("+1") and len(e164) == 12 else e164


@lru_cache(maxsize=1 << 13)
def number_plan(e164: str) -> NumberPlan:
    """Look a number up in the numbering plan; one that cannot be read has no place."""
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return _NO_PLAN
    kind = phonenumbers.number_type(number)
    region = phonenumbers.region_code_for_number(number)
    if region is None or region == _NO_REGION or kind in _PLACELESS:
        return _TEXTLESS_PLAN if kind in _TEXTLESS else _NO_PLAN
    return NumberPlan(
        region=region,
        line=_LINES.get(kind, "either"),
        zones=_area_zones(number),
        texts=kind not in _TEXTLESS,
    )


def _area_zones(number: PhoneNumber) -> tuple[str, ...]:
    if not phonenumbers.is_number_geographical(number):
        return ()
    zones = time_zones_for_geographical_number(number)
    return tuple(sorted(zone for zone in zones if zone != UNKNOWN_TIMEZONE))
