"""Name and address as lines that fit behind the envelope's window."""

from collections.abc import Iterable
from dataclasses import dataclass

from babel import Locale

from dispatcher.values.postal_address import AddressProblem, normalise_address
from dispatcher.values.whereabouts import country_code
from dispatcher.writing.domain.render_inputs import DebtorView
from dispatcher.writing.letters.fonts import text_width
from dispatcher.writing.letters.paper import Box
from dispatcher.writing.untrusted import one_line

_SIZES = (10.5, 9.5, 8.5)  # points; sorting machines read 8 points and more
_RETURN_SIZES = (6.5, 6.0, 5.5)
LINE_HEIGHT = 1.22
_MM_PER_POINT = 25.4 / 72
_SLACK = 0.97  # kerning and shaping may widen a line a little


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressBlock:
    """The lines as printed, and their type size in points."""

    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        """The height of its lines in millimetres."""
        return len(self.lines) * self.size * LINE_HEIGHT * _MM_PER_POINT


def fit_address(lines: Iterable[str], room: Box) -> AddressBlock | None:
    """The lines in the largest type in which they fit `room`, long ones wrapped between words; else None."""
    return _fit(tuple(lines), room, _SIZES)


def fit_return_line(line: str, room: Box) -> AddressBlock | None:
    """The sender's address on one line in the largest type in which it fits `room`, else on two; else None."""
    return _fit((line,), room, _RETURN_SIZES, most=1) or _fit((line,), room, _RETURN_SIZES)


def _fit(wanted: tuple[str, ...], room: Box, sizes: Iterable[float], most: int = 99) -> AddressBlock | None:
    for size in sizes:
        fitting = min(most, int(room.height / (size * LINE_HEIGHT * _MM_PER_POINT)))
        wrapped = [part for line in wanted for part in _wrap(line, size, room.width * _SLACK)]
        if len(wrapped) <= fitting and all(_width(line, size) <= room.width * _SLACK for line in wrapped):
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


def window_lines(debtor: DebtorView, posted_in: str) -> tuple[str, ...] | AddressProblem:
    """Name and address as the post of the debtor's country wants them, or what is missing.

    How long they may be is for `fit_address` to say, which measures them in the letter's own type.
    """
    name = " ".join(one_line(debtor.name).split())
    if not name:
        return AddressProblem(reason="no street", detail="the debtor's name is empty")
    address = normalise_address(
        debtor.address_lines, debtor.postal_code, debtor.city, debtor.region, debtor.country
    )
    if isinstance(address, AddressProblem):
        return address
    return (name, *address.lines, *address.town_lines, *_abroad(address.country, posted_in))


def _abroad(country: str, posted_in: str) -> tuple[str, ...]:
    """The country in capitals where a letter leaves the sender's; in English, which every post reads."""
    name = Locale("en").territories.get(country)
    return (name.upper(),) if name and country != country_code(posted_in) else ()
