"""What a debtor's words may mean: proposed with the words that led to it, never acted on before a person confirms."""

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from dispatcher.inbox.domain.denial import Denial
from dispatcher.inbox.domain.likeness import Likeness, Span, deviations
from dispatcher.inbox.domain.mention import mention_odds


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
    def is_told_as_fact(self) -> bool:
        """Whether it is told of what has happened, so that who supposes or doubts it has not said it."""
        return self.needs_second_key or self in {Reading.PAID, Reading.REMITTANCE}

    @property
    def is_never_asked(self) -> bool:
        """Whether who asks about its words ("is option 2 free of interest?") has not said it."""
        return self in {Reading.ACCEPT, Reading.OTHER_CONTACT, Reading.PAID, Reading.REMITTANCE}

    @property
    def may_be_a_question(self) -> bool:
        """Whether who says it may well do so by asking ("could it be five payments?")."""
        return self in {
            Reading.PROOF, Reading.COUNTER_OFFER, Reading.CALLBACK, Reading.OTHER_CONTACT, Reading.HELP, Reading.STOP,
        }  # fmt: skip

    @property
    def needs_to_be_clear(self) -> bool:
        """Whether it would stop everything for good, or a word less turns it round."""
        return self.needs_second_key or self is Reading.NOT_MINE

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
    """The patterns of every language, the words by which a sentence denies or doubts, and known sentences.

    Nobody says in which language they write, and words look alike: what one language denies is denied in all, unless
    the word is an everyday one of the language that was told. `affirms`: what holds a no and means yes. Where
    the small words that a language has for itself (`words`) tell which it is, its own patterns count alone.
    """

    patterns: tuple[ReadingPatterns, ...]
    negators: Mapping[str, frozenset[str]] = field(default_factory=dict)
    doubts: frozenset[str] = frozenset()
    affirms: tuple[re.Pattern[str], ...] = ()
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    known: Likeness = field(default_factory=Likeness)
    unless: Mapping[Reading, tuple[re.Pattern[str], ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Gather what says that a reading is not meant."""
        unless: dict[Reading, tuple[re.Pattern[str], ...]] = {}
        for each in self.patterns:
            unless[each.reading] = (*unless.get(each.reading, ()), *each.unless)
        object.__setattr__(self, "unless", unless)

    def denial(self, folded: str, language: str) -> Denial:
        """What denies in this text; nothing that is an everyday word of its language ("no" in Portuguese)."""
        everyday = self.words.get(language, frozenset()) - self.negators.get(language, frozenset())
        for affirms in self.affirms:
            folded = affirms.sub(lambda match: "_" * len(match[0]), folded)
        negators = frozenset().union(*self.negators.values()) - everyday
        return Denial(text=folded, negators=negators, doubts=self.doubts)


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


# All in deviations, and found by learning from some of the sentences and asking about others.
_PATTERN_COUNTS = 0.25  # so much likelier is what a pattern says, too
_DENIED_COUNTS = 1.0  # so much less likely is what a pattern finds denied
_FAR_AHEAD_BY = 0.2  # of what would stop everything for good, or what a word less turns round
_FAR_AHEAD_OF_A_NO_BY = 0.5  # of what is meant although a no stands beside its words
_BORNE_OUT_FROM = {False: 2.5, True: 2.0}  # what patterns find and the text is less like is not meant
_GOES_FIRST_FROM = 2.5
_NOT_OVERLOOKED_FROM = 1.8  # what would stop everything for good is proposed too
_MENTIONED_FROM = -1.25  # odds of two in nine: a person reads what is then unclear
_FEW_WORDS = 6  # what these deny is denied, and not something else besides
_TAKEN_BACK_BY_A_NO = frozenset(
    {Reading.PAID, Reading.PROMISE, Reading.ACCEPT, Reading.REMITTANCE, Reading.BANKRUPTCY}
)
_SENTENCE = re.compile(r"[^.!?;\n]+[.!?;\n]*|[.!?;\n]+")
_WORD = re.compile(r"[\w']+")
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

    What the words are most like of all known sentences is proposed first, unless they say that it is not meant; beside
    it what patterns find and the words are like, and what would stop everything for good where they are less so too.
    What they are most like and only mention is not proposed, unless to overlook it would do harm.
    """
    folded, places = fold(text)
    language = language_of(folded, table)
    denial = table.denial(folded, language)
    unmeant = frozenset(
        reading for reading, unless in table.unless.items() if any(each.search(folded) for each in unless)
    )
    found, denied = _found(folded, language, denial, table, unmeant)
    sums = table.known.sums(folded)
    scores = {Reading(name): score for name, score in deviations(sums).items()}
    if len(_WORD.findall(folded)) <= _FEW_WORDS:
        unmeant |= denied
    meant = {each: score for each, score in scores.items() if each not in unmeant}
    likeliest, words = _likeliest(folded, meant, found, denied, denial, table.known)
    alike = scores | _by_sentence(folded, scores, found, table.known)
    borne_out = {
        each: spans
        for each, spans in found.items()
        if each is likeliest or alike.get(each, 0.0) >= _BORNE_OUT_FROM[each.goes_first]
    }
    if words:
        borne_out[likeliest] = [*words]
    if (
        likeliest in scores
        and not likeliest.goes_first
        and (_mention_odds(folded, likeliest, sums, denial, table.known) >= _MENTIONED_FROM)
    ):
        denied |= {likeliest}
        borne_out.pop(likeliest, None)
    for each, score in meant.items():
        if each.needs_second_key and score >= _NOT_OVERLOOKED_FROM and each not in denied | borne_out.keys():
            borne_out[each] = [*table.known.words_for(folded, each)]
    ordered = sorted(
        borne_out,
        key=lambda each: (
            not (each.goes_first and alike.get(each, 0.0) >= _GOES_FIRST_FROM),
            each is not likeliest,
            list(Reading).index(each),
        ),
    )
    return tuple(
        Proposal(reading=each, words=_joined((places[a], places[b - 1] + 1) for a, b in borne_out[each]))
        for each in ordered
    ) or (Proposal(reading=Reading.UNCLEAR),)


def _by_sentence(
    folded: str, scores: Mapping[Reading, float], found: Mapping[Reading, Sequence[Span]], known: Likeness
) -> dict[Reading, float]:
    """How like each reading that patterns found its own sentence is, where that is more than the whole text is."""
    sentences = [match.span() for match in _SENTENCE.finditer(folded)]
    more: dict[Reading, float] = {}
    for start, end in sentences if len(sentences) > 1 else ():
        within = [each for each in found if any(start <= at < end for at, _ in found[each])]
        said = known.scores(folded[start:end]) if within else {}
        more |= {each: said[each] for each in within if said.get(each, 0.0) > scores.get(each, 0.0)}
    return more


def _found(
    folded: str, language: str, denial: Denial, table: ReadingTable, unmeant: frozenset[Reading]
) -> tuple[dict[Reading, list[Span]], frozenset[Reading]]:
    """Where the patterns find what, by reading, and what is only denied or not meant."""
    denied = set(unmeant)
    said: list[tuple[ReadingPatterns, list[Span]]] = []
    for patterns in table.patterns:
        matched = [match.span() for match in _matches(folded, patterns.says)]
        meant = [span for span in matched if not _is_denied(span, patterns.reading, denial)]
        if matched and not meant:
            denied.add(patterns.reading)
        if patterns.reading.is_never_asked:
            meant = [span for span in meant if not denial.is_asked(span[1])]
        if not meant:
            continue
        if patterns.reading not in unmeant:
            said.append((patterns, meant))
    own = [each for each in said if each[0].language == language]
    found: dict[Reading, list[Span]] = {}
    for patterns, spans in own or said:
        found.setdefault(patterns.reading, []).extend(spans)
    if number := _BARE_NUMBER.fullmatch(folded):
        found.setdefault(Reading.ACCEPT, [number.span("number")])
    return found, frozenset(denied - found.keys())


def _likeliest(
    folded: str,
    alike: Mapping[Reading, float],
    found: Container[Reading],
    denied: Container[Reading],
    denial: Denial,
    known: Likeness,
) -> tuple[Reading, Sequence[Span]]:
    """What the words are most like, where that is clear, and the words that no pattern has.

    Where a no stands beside those words, what the text is like next.
    """
    scores = {
        each: score + _PATTERN_COUNTS * (each in found) - _DENIED_COUNTS * (each in denied)
        for each, score in alike.items()
    }
    while scores:
        likeliest = max(scores, key=scores.__getitem__)
        ahead = scores[likeliest] - max(
            (scores[each] for each in scores if each is not likeliest), default=0.0
        )
        if likeliest in found:
            return likeliest, ()
        if likeliest is Reading.UNCLEAR or (likeliest.needs_to_be_clear and ahead < _FAR_AHEAD_BY):
            break
        if words := _alike(folded, likeliest, denial, known, in_spite_of_no=ahead >= _FAR_AHEAD_OF_A_NO_BY):
            return likeliest, words
        del scores[likeliest]
    return Reading.UNCLEAR, ()


def _alike(
    folded: str, reading: Reading, denial: Denial, known: Likeness, *, in_spite_of_no: bool
) -> Sequence[Span]:
    """The words by which a text is like a reading's sentences; none where it denies them."""
    words = known.words_for(folded, reading)
    beside_no = (
        not in_spite_of_no
        and reading.is_said_plainly
        and any(denial.is_around(at, fact=reading.is_told_as_fact) for at, _ in words)
    )
    return () if beside_no else words


def _mention_odds(
    folded: str, reading: Reading, sums: Mapping[str, float], denial: Denial, known: Likeness
) -> float:
    """The logarithm of the odds that a text only mentions this reading; `sums`: how much it speaks for each."""
    said = _WORD.findall(denial.text)
    return mention_odds(
        unclear_by=sums.get(Reading.UNCLEAR, sums[reading]) - sums[reading],
        likeness=deviations(sums)[reading],
        asks="?" in folded and not reading.may_be_a_question,
        doubts=any(word in denial.doubts for word in said),
        concepts={concept for each in known.concepts.of(_WORD.findall(folded)) for concept in each},
    )


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
        for piece in _folded(char):
            letters.append(piece)
            places.append(place)
    return "".join(letters), places


@lru_cache(maxsize=4_096)
def _folded(char: str) -> str:
    """Kept, as a text has few letters and each again and again."""
    plain = "'" if char in "\u2018\u2019\u00b4`" else char
    pieces = unicodedata.normalize("NFKD", plain).casefold()
    return "".join(" " if each in "\t\u00a0" else each for each in pieces if not unicodedata.combining(each))


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


def _is_denied(span: Span, reading: Reading, denial: Denial) -> bool:
    return denial.reaches(*span, fact=reading.is_told_as_fact, both_ways=reading in _TAKEN_BACK_BY_A_NO)


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Side by side; overlapping places become one."""
    merged: list[Span] = []
    for start, end in sorted(set(spans)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
