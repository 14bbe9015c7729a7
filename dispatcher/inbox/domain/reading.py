"""What a debtor's words may mean: proposed with the words that led to it, never acted on before a person confirms."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache


class Reading(StrEnum):
    """Every meaning that words are read as, the gravest first: of several the first is proposed."""

    DECEASED = "deceased"
    BANKRUPTCY = "bankruptcy"
    ATTORNEY = "attorney"
    STOP = "stop"
    NOT_MINE = "not_mine"
    DISPUTE = "dispute"
    PROOF = "proof"
    HARDSHIP = "hardship"
    REMITTANCE = "remittance"
    PAID = "paid"
    ACCEPT = "accept"
    COUNTER_OFFER = "counter_offer"
    PROMISE = "promise"
    CALLBACK = "callback"
    OTHER_CONTACT = "other_contact"
    HELP = "help"
    UNCLEAR = "unclear"

    @property
    def needs_second_key(self) -> bool:
        """Whether it stops everything for good, so that a slip of one key must not do it."""
        return self in {Reading.DECEASED, Reading.BANKRUPTCY, Reading.ATTORNEY}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingPatterns:
    """One language's patterns of one reading, on folded text. `unless`: words that say that it is not meant."""

    reading: Reading
    language: str
    says: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingTable:
    """The patterns of every language, and the words of all by which a sentence denies what follows.

    Nobody says in which language they write, and words look alike: what one language denies is denied in all. Where
    the small words that a language has for itself (`words`) tell which it is, its own patterns count alone.
    """

    patterns: tuple[ReadingPatterns, ...]
    negators: frozenset[str] = frozenset()
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unless: Mapping[Reading, tuple[re.Pattern[str], ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Gather what says that a reading is not meant."""
        unless: dict[Reading, tuple[re.Pattern[str], ...]] = {}
        for each in self.patterns:
            unless[each.reading] = (*unless.get(each.reading, ()), *each.unless)
        object.__setattr__(self, "unless", unless)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A reading with the places of the words that led to it (from, to), in the text as it was written."""

    reading: Reading
    language: str = ""
    words: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Understood:
    """The person's own words, without what they quote and our own foot, and the readings proposed of them."""

    text: str
    proposals: tuple[Proposal, ...]


_REACH = 4  # so many words before what they deny
_SENTENCE = re.compile(r"[.!?;\n]+")
_BARE_NUMBER = re.compile(
    r"\s*(?:(?:option|offer|plan|number|no|nr|opcion|oferta|numero|opcao|proposta|offre|la|el|le|a|o)\.? ?)*"
    r"#? ?(?P<number>[1-9])\s*[.!)]*\s*(?:(?:please|thanks|thank you|por favor|gracias|obrigad[oa]|merci|ok)\W*)*"
)
_NUMBERED = re.compile(
    r"\b(?:option|offer|plan|number|no|nr|opcion|oferta|numero|opcao|proposta|offre)\.? ?#? ?(?P<number>[1-9])\b"
)
_EITHER = re.compile(r"\b[1-9] ?(?:or|and|o|y|u|ou|e|et|/|-) ?#?[1-9]\b")


def propose(text: str, table: ReadingTable) -> tuple[Proposal, ...]:
    """The readings that the words may have, the gravest first; `unclear` alone where there is none."""
    folded, places = fold(text)
    matched = []
    for patterns in table.patterns:
        if any(pattern.search(folded) for pattern in table.unless[patterns.reading]):
            continue
        if words := _words(folded, places, patterns, table.negators):
            matched.append((patterns, words))
    spoken = language_of(folded, table)
    own = [each for each in matched if each[0].language == spoken]
    found: dict[Reading, Proposal] = {}
    for patterns, words in own or matched:
        found[patterns.reading] = _joined(found.get(patterns.reading), patterns, words)
    number = _BARE_NUMBER.fullmatch(folded)
    if number and Reading.ACCEPT not in found:
        span = (places[number.start("number")], places[number.end("number") - 1] + 1)
        found[Reading.ACCEPT] = Proposal(reading=Reading.ACCEPT, words=(span,))
    ordered = tuple(found[reading] for reading in Reading if reading in found)
    return ordered or (Proposal(reading=Reading.UNCLEAR),)


def language_of(folded: str, table: ReadingTable) -> str:
    """The language whose small words stand there more often than any other's; empty where none does."""
    said = re.findall(r"[\w']+", folded)
    counts = sorted((sum(word in own for word in said), language) for language, own in table.words.items())
    if not counts or counts[-1][0] == 0:
        return ""
    return "" if len(counts) > 1 and counts[-1][0] == counts[-2][0] else counts[-1][1]


def offer_number(text: str) -> int | None:
    """The number of the offer that the words name, where they name just one."""
    folded, _ = fold(text)
    bare = _BARE_NUMBER.fullmatch(folded)
    if _EITHER.search(folded):
        return None
    numbers = {bare["number"]} if bare else {match["number"] for match in _NUMBERED.finditer(folded)}
    return int(numbers.pop()) if len(numbers) == 1 else None


def fold(text: str) -> tuple[str, list[int]]:
    """The text in small letters without accents, apostrophes straight, and where each letter stood."""
    letters, places = [], []
    for place, char in enumerate(text):
        plain = "'" if char in "\u2018\u2019\u00b4`" else char
        for piece in unicodedata.normalize("NFKD", plain).casefold():
            if not unicodedata.combining(piece):
                letters.append(" " if piece in "\t\u00a0" else piece)
                places.append(place)
    return "".join(letters), places


@lru_cache(maxsize=8_192)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of a file: whole words, a space for any run of spaces and commas.

    Kept, as `re` keeps only the last 512: compiling all of a table takes a second.
    """
    spaced = re.sub(r" (?![?*+])", r"[\\s,]+", pattern)
    return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)")


def _words(
    folded: str, places: Sequence[int], patterns: ReadingPatterns, negators: frozenset[str]
) -> tuple[tuple[int, int], ...]:
    return tuple(
        (places[match.start()], places[match.end() - 1] + 1)
        for match in _matches(folded, patterns.says)
        if not _is_denied(folded, match.start(), negators)
    )


def _matches(folded: str, says: Sequence[re.Pattern[str]]) -> Iterator[re.Match[str]]:
    for pattern in says:
        yield from (match for match in pattern.finditer(folded) if match.end() > match.start())


def _is_denied(folded: str, start: int, negators: frozenset[str]) -> bool:
    before = _SENTENCE.split(folded[:start])[-1]
    return any(word in negators for word in re.findall(r"[\w']+", before)[-_REACH:])


def _joined(
    known: Proposal | None, patterns: ReadingPatterns, words: tuple[tuple[int, int], ...]
) -> Proposal:
    """The words of several languages side by side; overlapping places become one."""
    both = sorted({*(known.words if known else ()), *words})
    merged: list[tuple[int, int]] = []
    for start, end in both:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return Proposal(
        reading=patterns.reading, language=known.language if known else patterns.language, words=tuple(merged)
    )
