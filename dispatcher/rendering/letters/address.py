"""Name and address as lines that fit behind the envelope's window."""

from collections.abc import Iterable
from dataclasses import dataclass

from babel import Locale

from dispatcher.domain.render_inputs import DebtorView
from dispatcher.rendering.letters.fonts import text_width
from dispatcher.rendering.letters.paper import Box
from dispatcher.rendering.untrusted import one_line

_SIZES = (10.5, 9.5, 8.5)  # points; sorting machines read 8 points and more
LINE_HEIGHT = 1.22
_MM_PER_POINT = 25.4 / 72
_SLACK = 0.97  # kerning and shaping may widen a line a little


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressBlock:
    """The lines as printed, and their type size in points."""

    lines: tuple[str, ...]
    size: float


def fit_address(lines: Iterable[str], room: Box) -> AddressBlock | None:
    """The lines in the largest type in which they fit `room`, long ones wrapped between words; else None."""
    wanted = tuple(lines)
    for size in _SIZES:
        most = int(room.height / (size * LINE_HEIGHT * _MM_PER_POINT))
        wrapped = [part for line in wanted for part in _wrap(line, size, room.width * _SLACK)]
        if len(wrapped) <= most and all(_width(line, size) <= room.width * _SLACK for line in wrapped):
            return AddressBlock(lines=tuple(wrapped), size=size)
    return None


def _wrap(line: str, size: float, width: float) -> list[str]:
    parts = [""]
    for word in line.split():
        longer = f"{parts[-1]} {word}".strip()
        if parts[-1] and _width(longer, size) > width:
            parts.append(word)
        else:
            parts[-1] = longer
    return parts


def _width(line: str, size: float) -> float:
    return text_width(line, size) * _MM_PER_POINT



def window_lines(debtor: DebtorView, from_country: str) -> tuple[str, ...] | None:
    """Name and address as the post of the debtor's country wants them; None when too little is known.

    The country's name stands last, in capitals, when the letter crosses a border.
    """
    name, *street = (one_line(line).strip() for line in (debtor.name, *debtor.address_lines))
    place = _place(debtor)
    street = [line for line in street if line]
    if not name or not street or not place:
        return None
    return (name, *street, *place, *_country(debtor.country, from_country))


def _place(debtor: DebtorView) -> list[str]:
    code, city, region = (one_line(v).strip() for v in (debtor.postal_code, debtor.city, debtor.region))
    match debtor.country.upper():
        case "US" | "CA" | "AU":
            lines = [f"{city} {region} {code}" if not city or not region else f"{city}, {region} {code}"]
        case "GB" | "IE":
            lines = [city, code]
        case "MX" | "BR":
            lines = [f"{code} {city}, {region}" if region else f"{code} {city}"]
        case _:
            lines = [f"{code} {city}"]
    return [" ".join(line.split()) for line in lines if line.strip()]


def _country(country: str, from_country: str) -> list[str]:
    if not country or country.upper() == from_country.upper():
        return []
    name = Locale("en").territories.get(country.upper())
    return [name.upper()] if name else []
