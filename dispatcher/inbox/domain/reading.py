"""What a debtor's words may mean: proposed with the words that led to it, never acted on before a person confirms."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from dispatcher.inbox.domain.likeness import Likeness, Span


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

    @property
    def is_said_plainly(self) -> bool:
        """Whether a sentence that denies anything hardly ever means it."""
        return self.needs_second_key or self in {
            Reading.PAID, Reading.REMITTANCE, Reading.PROMISE, Reading.ACCEPT, Reading.PROOF,
        }  # fmt: skip

    @property
    def goes_first(self) -> bool:
        """Whether it is proposed before what the words are more like, as to overlook it would do harm."""
        return self.needs_second_key or self is Reading.STOP


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingPatterns:
    """One language's patterns of one reading, on folded text. `unless`: words that say that it is not meant."""

    reading: Reading
    language: str
    says: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingTable:
    """The patterns of every language, the words of all by which a sentence denies what follows, and known sentences.

    Nobody says in which language they write, and words look alike: what one language denies is denied in all. Where
    the small words that a language has for itself (`words`) tell which it is, its own patterns count alone.
    """

    patterns: tuple[ReadingPatterns, ...]
    negators: frozenset[str] = frozenset()
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    known: Likeness = field(default_factory=Likeness)
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
    words: tuple[Span, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Understood:
    """The person's own words, without what they quote and our own foot, and the readings proposed of them."""

    text: str
    proposals: tuple[Proposal, ...]


_PATTERN_COUNTS = 0.5  # deviations: so much more likely is what a pattern says, too
_AHEAD_BY = 0.1  # deviations; what is no nearer to one reading than to another is unclear
_FAR_AHEAD_BY = 1.0  # of what would stop everything for good, and of what a word less turns round
_DONE_OR_TO_BE_DONE = frozenset({Reading.PAID, Reading.PROMISE})
_WORD = re.compile(r"[\w']+")
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
    """The readings that the words may have, the likeliest first; `unclear` alone where there is none.

    What the patterns find is proposed in any case, and stops everything for good before all else. What the words are
    most like of all known sentences is proposed first of the others, unless the patterns say that it is denied.
    """
    folded, places = fold(text)
    found, denied = _found(folded, places, table)
    scores = {Reading(name): score for name, score in table.known.scores(folded).items()}
    for reading in scores:
        scores[reading] += _PATTERN_COUNTS * (reading in found)
    allowed = {reading: score for reading, score in scores.items() if reading not in denied}
    likeliest = max(allowed, key=allowed.__getitem__, default=Reading.UNCLEAR)
    if likeliest not in found and likeliest is not Reading.UNCLEAR and _is_clear(allowed, likeliest):
        words = table.known.words_for(folded, likeliest)
        if not (
            likeliest.is_said_plainly
            and any(_stands_beside_no(folded, at, table.negators) for at, _ in words)
        ):
            spans = tuple((places[start], places[end - 1] + 1) for start, end in words)
            found[likeliest] = Proposal(reading=likeliest, words=_joined(spans))
    ordered = sorted(
        found, key=lambda each: (not each.goes_first, each is not likeliest, list(Reading).index(each))
    )
    return tuple(found[reading] for reading in ordered) or (Proposal(reading=Reading.UNCLEAR),)


def _found(
    folded: str, places: Sequence[int], table: ReadingTable
) -> tuple[dict[Reading, Proposal], frozenset[Reading]]:
    """What the patterns find, by reading, and what they say is not meant."""
    matched, denied = [], set()
    for patterns in table.patterns:
        if any(pattern.search(folded) for pattern in table.unless[patterns.reading]):
            denied.add(patterns.reading)
            continue
        matches = list(_matches(folded, patterns.says))
        said = [match for match in matches if not _is_denied(folded, match, patterns.reading, table.negators)]
        if said:
            matched.append(
                (patterns, tuple((places[each.start()], places[each.end() - 1] + 1) for each in said))
            )
        elif matches:
            denied.add(patterns.reading)
    spoken = language_of(folded, table)
    own = [each for each in matched if each[0].language == spoken]
    words: dict[Reading, list[Span]] = {}
    for patterns, spans in own or matched:
        words.setdefault(patterns.reading, []).extend(spans)
    number = _BARE_NUMBER.fullmatch(folded)
    if number and Reading.ACCEPT not in words:
        words[Reading.ACCEPT] = [(places[number.start("number")], places[number.end("number") - 1] + 1)]
    found = {reading: Proposal(reading=reading, words=_joined(spans)) for reading, spans in words.items()}
    return found, frozenset(denied - found.keys())


def _is_clear(scores: Mapping[Reading, float], likeliest: Reading) -> bool:
    others = [score for reading, score in scores.items() if reading is not likeliest]
    grave = likeliest.needs_second_key or likeliest is Reading.NOT_MINE
    return scores[likeliest] - max(others, default=0.0) >= (_FAR_AHEAD_BY if grave else _AHEAD_BY)


def language_of(folded: str, table: ReadingTable) -> str:
    """The language whose small words stand there more often than any other's; empty where none does."""
    said = _WORD.findall(folded)
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


def _matches(folded: str, says: Sequence[re.Pattern[str]]) -> Iterator[re.Match[str]]:
    for pattern in says:
        yield from (match for match in pattern.finditer(folded) if match.end() > match.start())


def _is_denied(folded: str, match: re.Match[str], reading: Reading, negators: frozenset[str]) -> bool:
    """Whether a no stands shortly before; of what is said plainly, within or right after it too ("el viernes no")."""
    said = _WORD.findall(_SENTENCE.split(folded[: match.start()])[-1])[-_REACH:]
    if reading in _DONE_OR_TO_BE_DONE:
        said += _WORD.findall(match[0]) + _WORD.findall(_SENTENCE.split(folded[match.end() :])[0])[:1]
    return any(word in negators for word in said)


def _stands_beside_no(folded: str, at: int, negators: frozenset[str]) -> bool:
    """Whether the sentence around this place denies anything."""
    start = max((match.end() for match in _SENTENCE.finditer(folded, 0, at)), default=0)
    end = _SENTENCE.search(folded, at)
    return any(word in negators for word in _WORD.findall(folded[start : end.start() if end else None]))


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Side by side; overlapping places become one."""
    merged: list[Span] = []
    for start, end in sorted(set(spans)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
