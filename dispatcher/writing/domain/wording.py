"""What a language needs to know about our messages: layout phrases, disclosures, and words that hold a message."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dispatcher.writing.domain.leaning import Leaning

# Cyrillic and full-width letters that read like Latin ones: what looks like a threat is one.
_LOOK_ALIKES = "аеорсухіѕјАЕОРСУХІЅЈ" + "".join(chr(0xFEE0 + code) for code in range(0x21, 0x7F))
_ASCII = "aeopcyxisjaeopcyxisj" + "".join(map(chr, range(0x21, 0x7F))).lower()
# One lower-case letter for one letter, so that places found in folded text hold in the text itself.
_PLAIN = str.maketrans(
    "áàâäãåéèêëíìîïóòôöõúùûüñçýÿÁÀÂÄÃÅÉÈÊËÍÌÎÏÓÒÔÖÕÚÙÛÜÑÇÝ’‘ʼ´`“”„«»‐‑‒–—\u00a0\u202f\u2007\u2009"
    + _LOOK_ALIKES,
    "aaaaaaeeeeiiiiooooouuuuncyyaaaaaaeeeeiiiiooooouuuuncy'''''\"\"\"\"\"-----    " + _ASCII,
)


def folded(text: str) -> str:
    """Lower case without accents, curly quotes or no-break spaces; as long as the text."""
    if text.isascii():
        return text.lower().replace("`", "'")
    lower = text.translate(_PLAIN).lower()
    return lower if len(lower) == len(text) else "".join(c.lower()[0] for c in text.translate(_PLAIN))


class Patterns:
    """Regular expressions, compiled when a text is first held against them.

    Those of all languages take longer to compile than most commands take, which meet one or two languages.
    `error` makes the exception for the expression at an index that cannot be compiled, with the reason.
    """

    __slots__ = ("_compiled", "_error", "_sources")

    def __init__(
        self, sources: tuple[str, ...] = (), error: Callable[[int, str], Exception] | None = None
    ) -> None:
        self._sources, self._error = sources, error
        self._compiled: tuple[re.Pattern[str], ...] | None = None

    def __iter__(self) -> Iterator[re.Pattern[str]]:
        if self._compiled is None:
            self._compiled = tuple(map(self._compile, range(len(self._sources))))
        return iter(self._compiled)

    def __len__(self) -> int:
        return len(self._sources)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Patterns) and self._sources == other._sources

    def __hash__(self) -> int:
        return hash(self._sources)

    def __reduce__(self) -> tuple[Any, ...]:
        return Patterns, (self._sources, self._error)  # whoever reads it compiles what is needed there

    def __repr__(self) -> str:
        return f"Patterns({self._sources!r})"

    def _compile(self, index: int) -> re.Pattern[str]:
        try:
            return _compiled(self._sources[index])
        except re.error as error:
            raise (self._error(index, str(error)) if self._error else error) from None


_compiled = lru_cache(maxsize=8_192)(re.compile)  # `re` itself keeps the last 512
_NONE = Patterns()


@dataclass(frozen=True, kw_only=True, slots=True)
class Disclosure:
    """A sentence that the law wants in a message, first and later; empty `later`: only in the first.

    `packs`, `roles` (empty: any), `kinds` and `notices` say when it applies. Texts are phrases with placeholders, a
    paragraph a line. `in_text`: the template says it where it stands best (`{{ law.NAME }}`), not the layout.
    """

    name: str
    packs: frozenset[str]
    roles: frozenset[str]
    kinds: frozenset[str]
    channels: frozenset[str] = frozenset()  # empty: all
    notices: frozenset[str] = frozenset()  # which notices of the law; empty: any message
    in_text: bool = False
    first: str
    later: str = ""
    source: str = ""
    # Whether it is the collector's own statement, which the gate asks about
    is_collector_statement: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Denials:
    """How a sentence denies a phrase: "we will not …". A veil ("not yet", "unless") makes of it a threat after all."""

    leads: Patterns = _NONE  # each ends where the phrase begins
    trails: Patterns = _NONE  # each begins where the phrase ends: "… is not affected"
    within: Patterns = _NONE  # a word in the middle of it: "Ihr Anschluss wird nicht gesperrt"
    veils: Patterns = _NONE

    def denies(self, plain: str, start: int, end: int = 0, *, of: re.Pattern[str] | None = None) -> bool:
        """Whether the sentence of folded text in which a phrase stands from `start` (to `end`) denies it.

        `of` is the pattern that found it: one that says no itself ("no choice") is not denied by its own words.
        """
        before, after = _before(plain, start), _after(plain, end) if end else ""
        denied = (
            any(lead.search(before) for lead in self.leads)
            or any(trail.match(after) for trail in self.trails)
            or (of is not None and not self._speaks_of(of) and self._holds(plain[start:end]))
        )
        if not denied:
            return False
        sentence = before + _after(plain, start)
        return not any(veil.search(sentence) for veil in self.veils)

    def _holds(self, phrase: str) -> bool:
        return any(word.search(phrase) for word in self.within)

    def _speaks_of(self, pattern: re.Pattern[str]) -> bool:
        return self._holds(_NO_WORD.sub(" ", pattern.pattern))


@dataclass(frozen=True, kw_only=True, slots=True)
class FairSentences:
    """Sentences that tell readers what they may do, or ask for what helps: there a delicate word threatens nobody."""

    frames: Patterns = _NONE
    unless: Patterns = _NONE  # what turns such a sentence into a threat after all

    def hold(self, plain: str, start: int) -> bool:
        """Whether the sentence around `start` is such a one."""
        sentence = _before(plain, start).lstrip() + _after(plain, start)
        if not any(frame.search(sentence) for frame in self.frames):
            return False
        return not any(pattern.search(sentence) for pattern in self.unless)


def _before(plain: str, start: int) -> str:
    return SENTENCE_END.split(plain[max(0, start - _REACH) : start])[-1]


def _after(plain: str, start: int) -> str:
    return SENTENCE_END.split(plain[start : start + _REACH], maxsplit=1)[0]


_NO_WORD = re.compile(r"\\.|[^\w]+")  # of a regular expression
_REACH = 200  # characters of a sentence on either side: a longer one denies nothing that its reader remembers
SENTENCE_END = re.compile(r"[.!?;:](?=\s|$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """Wording that no debtor should read: `patterns` find it in folded text, after `allowed` is taken out.

    `mentions` are delicate words (a relative, the police): found unless the sentence denies them or is a fair one.
    `fact` is the gate's name for it, empty where the gate has none; `topic` what a first contact may not speak of.
    `may_be_denied`: a sentence that denies it is fine; `may_be_fair`: so is a fair one.
    """

    rule: str
    advice: str
    patterns: Patterns
    mentions: Patterns = _NONE
    allowed: Patterns = _NONE
    fact: str = ""
    topic: str = ""
    where: frozenset[str] = frozenset({"text"})  # text, neutral (subject, preview, SMS), heading
    may_be_denied: bool = False
    may_be_fair: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """One file of `config/content`."""

    language: str
    words: Mapping[str, Mapping[str, str]]  # a variable word by country, "default" for the others
    phrases: Mapping[str, str]  # what the layouts say
    disclosures: tuple[Disclosure, ...]
    families: tuple[Family, ...]
    topics: Mapping[str, Patterns] = field(default_factory=dict)
    optout: Mapping[str, Patterns] = field(default_factory=dict)  # by channel
    handover: Patterns = _NONE  # announces that another firm takes over
    not_a_court: Patterns = _NONE  # the sentence a true final notice carries
    denials: Denials = Denials()
    fair: FairSentences = FairSentences()
    leaning: Leaning = field(default_factory=Leaning)  # of judged examples
    stopwords: frozenset[str] = frozenset()  # to tell the language of a text

    def word(self, name: str, country: str) -> str:
        """A variable word as the debtor's country says it."""
        forms = self.words[name]
        return forms.get(country) or forms["default"]

    def compile(self) -> None:
        """Compile every expression and learn from the examples now; raises the error of the first that is none."""
        self.leaning.weigh([])
        judging = (self.denials.leads, self.denials.trails, self.denials.within, self.denials.veils)
        lists = [self.handover, self.not_a_court, self.fair.frames, self.fair.unless, *judging]
        lists += [*self.topics.values(), *self.optout.values()]
        for family in self.families:
            lists += [family.patterns, family.mentions, family.allowed]
        for patterns in lists:
            iter(patterns)
