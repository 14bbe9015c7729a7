"""Counts the segments of an SMS the way Twilio bills them, and offers cheaper characters."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# GSM 03.38, default alphabet and extension table.
GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_GSM: Final = GSM_BASIC | GSM_EXTENSION
_JOINER = "\u200d"


class Encoding(StrEnum):
    """How a phone network carries the text."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


_ALONE: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_IN_A_CHAIN: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}


@dataclass(frozen=True, kw_only=True, slots=True)
class Segments:
    """What a text costs: `units` are septets (GSM-7) or 16-bit units (UCS-2) out of `per_segment`.

    `offending` are the characters that force UCS-2, each once, as a reader sees them.
    """

    encoding: Encoding
    units: int
    segments: int
    per_segment: int
    offending: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Replacement:
    """A character outside GSM-7 and what could stand for it; offered to a person, never made silently."""

    character: str
    name: str
    instead: str


def count_segments(text: str) -> Segments:
    """Segments as Twilio counts them; an empty text has none, for it cannot be sent."""
    if not text:
        return Segments(encoding=Encoding.GSM7, units=0, segments=0, per_segment=_ALONE[Encoding.GSM7])
    if all(character in _GSM for character in text):
        return _counted(Encoding.GSM7, [2 if character in GSM_EXTENSION else 1 for character in text], ())
    seen = list(_as_read(text))
    offending = dict.fromkeys(cluster for cluster in seen if not _GSM.issuperset(cluster))
    return _counted(Encoding.UCS2, [_utf16_units(cluster) for cluster in seen], tuple(offending))


def suggest_replacements(text: str) -> tuple[Replacement, ...]:
    """What could be written instead of each character outside GSM-7, in order; letters of names stay."""
    found = dict.fromkeys(character for character in text if character not in _GSM)
    return tuple(
        Replacement(
            character=character, name=unicodedata.name(character, f"U+{ord(character):04X}"), instead=instead
        )
        for character in found
        if (instead := _instead_of(character)) is not None
    )


def _counted(encoding: Encoding, sizes: list[int], offending: tuple[str, ...]) -> Segments:
    units = sum(sizes)
    if units <= _ALONE[encoding]:
        return Segments(
            encoding=encoding, units=units, segments=1, per_segment=_ALONE[encoding], offending=offending
        )
    room = _IN_A_CHAIN[encoding]
    return Segments(
        encoding=encoding, units=units, segments=_chain(sizes, room), per_segment=room, offending=offending
    )


def _chain(sizes: list[int], room: int) -> int:
    """How many segments hold the characters when none is split; one longer than a segment is cut anyway."""
    segments, used = 1, 0
    for size in sizes:
        if used + size > room and used:
            segments, used = segments + 1, 0
        used += size
        while used > room:
            segments, used = segments + 1, used - room
    return segments


def _utf16_units(text: str) -> int:
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


def _as_read(text: str) -> Iterator[str]:
    """The text in characters as a reader sees them: marks, joined emoji and flags stay together."""
    cluster = ""
    for character in text:
        if cluster and not _belongs(character, cluster):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _belongs(character: str, cluster: str) -> bool:
    if character == _JOINER or unicodedata.category(character) in {"Mn", "Me", "Mc"}:
        return True
    if 0x1F3FB <= ord(character) <= 0x1F3FF:  # skin tones
        return True
    if cluster.endswith(_JOINER):
        return True
    return _is_flag_half(character) and len(cluster) == 1 and _is_flag_half(cluster)


def _is_flag_half(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


_PUNCTUATION: Final = {
    **dict.fromkeys("“”„‟«»″〝〞", '"'),
    **dict.fromkeys("‘’‚‛′`´ʼʻˈ", "'"),
    **dict.fromkeys("‐‑‒–—―−•·", "-"),
    **dict.fromkeys("‹", "<"),
    **dict.fromkeys("›", ">"),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    **dict.fromkeys("\t\u2028\u2029", " "),
    "⁄": "/",
    "÷": "/",
}


def _instead_of(character: str) -> str | None:
    if character in _PUNCTUATION:
        return _PUNCTUATION[character]
    plain = unicodedata.normalize("NFKC", character).replace("⁄", "/")  # full-width forms, fractions, spaces
    return plain if plain != character and _GSM.issuperset(plain) else None
