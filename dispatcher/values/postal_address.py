"""Postal addresses: complete enough to be printed, and the lines that show in an envelope's window."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

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

# The forms of the posts of the countries that the shipped rule packs speak of, blanks and dashes taken out.
# GB: the areas that Royal Mail has assigned; an inward code has none of C I K M O V.
_GB_AREA = (
    "(A[BL]|B[ABDFHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]"
    "|L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE)"
)
_FORMS = {
    "AR": r"[A-Z]?\d{4}([A-Z]{3})?",
    "AU": r"\d{4}",
    "BR": r"\d{8}",
    "CA": r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d",
    "CL": r"\d{7}",
    "CO": r"\d{6}",
    "DE": r"\d{5}",
    "EC": r"\d{6}",
    "ES": r"(0[1-9]|[1-4]\d|5[0-2])\d{3}",
    "FR": r"\d{5}",
    "GB": rf"{_GB_AREA}\d[A-Z\d]?\d[ABD-HJLNP-UW-Z]{{2}}",
    "IN": r"[1-9]\d{5}",
    "IT": r"\d{5}",
    "MX": r"\d{5}",
    "NL": r"[1-9]\d{3}[A-Z]{2}",
    "PE": r"\d{5}",
    "PT": r"\d{4}(\d{3})?",
    "US": r"\d{5}(\d{4})?",
}
_POSTAL_CODE = {country: re.compile(form) for country, form in _FORMS.items()}

# Letters come without a code in Colombia, Chile, Peru and Ecuador too; the rest of the world is not judged.
_CODE_NEEDED = frozenset(_FORMS) - {"CO", "CL", "PE", "EC", "AR"}

# How the town's line is written; all others put the code before the town (Universal Postal Union, S42).
_TOWN_THEN_CODE = frozenset({"US", "PR", "GU", "VI", "CA", "AU", "IN"})
_CODE_BELOW = frozenset({"GB", "GG", "JE", "IM", "BR", "CO", "PE"})


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
    code = "".join(char for char in postal_code.upper() if char.isalnum())
    form = _POSTAL_CODE.get(country)
    if not code:
        if country in _CODE_NEEDED:
            return AddressProblem(reason="no postal code", detail=f"letters to {country} need a postal code")
        return ""
    if form is None:
        return _tidy(postal_code).upper()
    if not form.fullmatch(code):
        detail = f"{postal_code.strip()!r} is not of the form that the post of {country} uses"
        return AddressProblem(reason="bad postal code", detail=detail)
    return _spaced_code(country, code)


def _spaced_code(country: str, code: str) -> str:
    match country:
        case "GB" | "CA":
            return f"{code[:-3]} {code[-3:]}"
        case "US" if len(code) == 9:
            return f"{code[:5]}-{code[5:]}"
        case "BR":
            return f"{code[:5]}-{code[5:]}"
        case "PT" | "NL" if len(code) > 4:
            return f"{code[:4]}{'-' if country == 'PT' else ' '}{code[4:]}"
        case _:
            return code


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
    """Write town, region and code as the country's post does; no empty line, no empty word."""
    if country in _TOWN_THEN_CODE:
        return (" ".join(word for word in (town, region, code) if word),)
    if country in _CODE_BELOW:
        place = f"{town} - {region}" if country == "BR" and region else town
        return tuple(line for line in (place, code) if line)
    place = " ".join(word for word in (code, town) if word)
    return (f"{place}, {region}",) if country == "MX" and region else (place,)
