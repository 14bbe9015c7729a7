"""What a debtor's reply means: stop, start again, help, wrong number, or unclear, in every language of the word table.

A keyword is the whole message, however decorated; a phrase stands anywhere in it, and so do the parts of a wish said
by kind: what is to end, and what of (stop ... sending ... texts). Plain words alone decide a
"stop" or a "start"; whatever else is said, mistyped or asked is unclear, and unclear quiets the address until
a person has read it. So a doubtful message is never taken for consent to go on.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal

from dispatcher.people.domain.own_words import own_words
from dispatcher.people.domain.stop_kinds import (
    Denying,
    Limits,
    Part,
    Scope,
    StopKind,
    Words,
    is_denied,
    is_told,
    words_of,
)

Kind = Literal["stop", "start", "help", "wrong_number", "unclear"]

_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SENTENCE_END = re.compile(r"[.!?;,:\n\r\u2026\u3002\u00a1\u00bf]+")
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u00b4`\u2032]")
_DIGITS_FOR_LETTERS = str.maketrans("013457", "oieast")
_DECORATION = ("S", "No", "C")
_LONGEST_KEYWORD = 5
_MISTYPED_WORDS = 3
_LONGEST_HEARD = 100_000
_LONGEST_READ = 4000  # characters; what stands beyond can only be unclear


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyMeaning:
    """What a reply says, and the table's words behind it; for an unclear one the nearest keyword, if any."""

    kind: Kind
    scope_hint: Scope | None = None
    matched: str | None = None
    language: str | None = None
    care: Mapping[str, str] | None = None  # words of self-harm were found: whom to name, by country


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyword:
    """A message that stands for itself."""

    kind: Kind
    scope: Scope | None
    language: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """Words that mean stop anywhere in a message, unless its language's doubts or negators say otherwise."""

    words: Words
    scope: Scope
    language: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OptOutTable:
    """All words, folded by `word_list`; phrases in order of length, the longest first."""

    keywords: Mapping[Words, Keyword]
    phrases: tuple[Phrase, ...]
    courtesy: frozenset[Words]
    doubts: Mapping[str, frozenset[str]]
    negators: Mapping[str, frozenset[str]]
    kinds: tuple[StopKind, ...] = ()
    limits: Mapping[str, Limits] = field(default_factory=dict)
    tellers: Mapping[str, Part] = field(default_factory=dict)  # who stand before a tale and not before a wish
    turns: frozenset[str] = frozenset()
    care: tuple[Words, ...] = ()  # words of self-harm
    helplines: Mapping[str, str] = field(default_factory=dict)  # by country; under "*" elsewhere
    ours: frozenset[str] = frozenset()  # sentences of our own foot, each by its letters and digits alone


def classify_reply(text: str, table: OptOutTable) -> ReplyMeaning:
    """Read a reply; any text has a meaning, and what is not plainly stop, start or help is unclear.

    What it quotes, and our own foot in it, say nothing.
    """
    text = own_words(text[:_LONGEST_HEARD], table.ours)
    words = word_list(text)
    meaning = _as_keywords(_without_courtesy(words, table), table) or _as_keywords(_spelled_out(words), table)
    meaning = meaning or _as_phrase(text, words, table) or _by_kind(text, words, table)
    meaning = meaning or _unclear(words, table)
    return replace(meaning, care=table.helplines) if _tells_of_harm(words, table) else meaning


def _tells_of_harm(words: Words, table: OptOutTable) -> bool:
    """Whether a phrase of self-harm stands anywhere; a false alarm costs a look, a missed one more."""
    text = f" {' '.join(words)} "
    return any(f" {' '.join(phrase)} " in text for phrase in table.care)


def may_mean_stop(text: str, meaning: ReplyMeaning) -> bool:
    """Whether a short answer is a keyword mistyped; a longer one that holds such a word by chance is not."""
    return meaning.kind == "unclear" and meaning.matched is not None and len(text.split()) <= _MISTYPED_WORDS


def word_list(text: str) -> Words:
    """Fold a text to bare small words: no accents, emoji, symbols, controls or stretched letters."""
    plain = _KEYCAP.sub(" ", text[:_LONGEST_READ])
    return _folded_words(_without_decoration(plain)) or _folded_words(plain)


def _without_decoration(text: str) -> str:
    """Drop what is no letter, before compatibility forms would turn a trade mark sign into the letters TM."""
    return "".join(_letter_or_space(char) for char in text)


def _letter_or_space(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":  # zero-width joiners and direction marks stand inside words
        return ""
    return " " if category.startswith(_DECORATION) and char not in "`\u00b4" else char


def _folded_words(text: str) -> Words:
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold())
    bare = "".join(char for char in decomposed if not unicodedata.category(char).startswith("M"))
    split = "".join(char if char.isalnum() else " " for char in bare)
    return tuple(_STRETCHED.sub(r"\1", split).split())


def _without_courtesy(words: Words, table: OptOutTable) -> Words:
    """Take the polite words off both ends; a message of nothing else stays as it is."""
    rest = words
    while rest:
        shorter = _shortened(rest, table.courtesy)
        if shorter == rest:
            break
        rest = shorter
    return rest or words


def _shortened(words: Words, courtesy: frozenset[Words]) -> Words:
    for size in (3, 2, 1):
        if words[:size] in courtesy:
            return words[size:]
        if words[-size:] in courtesy:
            return words[:-size]
    return words


def _spelled_out(words: Words) -> Words:
    """Join "s t o p" to "stop"."""
    return ("".join(words),) if len(words) > 2 and all(len(word) == 1 for word in words) else ()


def _as_keywords(words: Words, table: OptOutTable) -> ReplyMeaning | None:
    """Read the whole message as keywords, repeated or in a row; keywords of two meanings are none."""
    found = list(_split_into_keywords(words, table))
    if not found or None in found or len({table.keywords[key].kind for key in found if key}) > 1:
        return None
    first = next(key for key in found if key)
    scopes = {table.keywords[key].scope for key in found if key}
    keyword = table.keywords[first]
    scope = keyword.scope if len(scopes) == 1 else "all"
    return ReplyMeaning(
        kind=keyword.kind, scope_hint=scope, matched=" ".join(first), language=keyword.language
    )


def _split_into_keywords(words: Words, table: OptOutTable) -> Iterator[Words | None]:
    start = 0
    while start < len(words):
        sizes = range(min(_LONGEST_KEYWORD, len(words) - start), 0, -1)
        key = next(
            (words[start : start + n] for n in sizes if words[start : start + n] in table.keywords), None
        )
        yield key
        if key is None:
            return
        start += len(key)


def _as_phrase(text: str, words: Words, table: OptOutTable) -> ReplyMeaning | None:
    sentences = [word_list(part) for part, _ in _sentences(text[:_LONGEST_READ])]
    present = {word for sentence in sentences for word in sentence}
    for phrase in table.phrases:
        if not present.issuperset(phrase.words):
            continue
        if table.doubts[phrase.language] & set(_outside(words, phrase.words)):
            continue
        if any(_says(sentence, phrase, table) for sentence in sentences):
            matched = " ".join(phrase.words)
            return ReplyMeaning(
                kind="stop", scope_hint=phrase.scope, matched=matched, language=phrase.language
            )
    return None


def _by_kind(text: str, words: Words, table: OptOutTable) -> ReplyMeaning | None:
    """Read a wish whose parts stand near each other; what asks, limits or denies it leaves it unclear."""
    sentences = [(word_list(part), end) for part, end in _sentences(text[:_LONGEST_READ])]
    negators = frozenset().union(*table.negators.values())  # nobody says in which language they write
    denying = Denying(negators=negators, turns=table.turns)
    for kind in table.kinds:
        limits = table.limits[kind.language]
        if any(word in limits.anywhere for word in words):
            continue
        for sentence, end in sentences:
            said = () if "?" in end else words_of(kind, sentence, denying)
            if said and not any(word in limits.here for word in sentence):
                return ReplyMeaning(
                    kind="stop", scope_hint=kind.scope, matched=" ".join(said), language=kind.language
                )
    return None


def _sentences(text: str) -> Iterator[tuple[str, str]]:
    """Each with what ends it."""
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield text[start : end.start()], end[0]
        start = end.end()
    yield text[start:], ""


def _outside(words: Words, phrase: Words) -> Words:
    at = _position(words, phrase)
    return words if at is None else words[:at] + words[at + len(phrase) :]


def _says(sentence: Words, phrase: Phrase, table: OptOutTable) -> bool:
    """Whether a sentence says it, and neither denies, limits nor only tells it."""
    at = _position(sentence, phrase.words)
    if at is None:
        return False
    places = range(at, at + len(phrase.words))
    limits = table.limits[phrase.language].here if phrase.language in table.limits else ()
    denying = Denying(negators=table.negators[phrase.language], turns=table.turns)
    return not (
        is_denied(sentence, places, denying)
        or is_told(table.tellers.get(phrase.language, Part()), sentence, at)
        or any(word in limits for word in _outside(sentence, phrase.words))
    )


def _position(words: Words, phrase: Words) -> int | None:
    return next(
        (at for at in range(len(words) - len(phrase) + 1) if words[at : at + len(phrase)] == phrase), None
    )


def _unclear(words: Words, table: OptOutTable) -> ReplyMeaning:
    """Name the keyword that a mistyped word is near to ("stpo", "st0p"), so that the person sees it first."""
    single = {key[0]: keyword for key, keyword in table.keywords.items() if len(key) == 1}
    for word in words[:20]:
        near = _nearest(word[:30], single)
        if near:
            return ReplyMeaning(kind="unclear", matched=near, language=single[near].language)
    return ReplyMeaning(kind="unclear")


def _nearest(word: str, keywords: Mapping[str, Keyword]) -> str | None:
    letters = word.translate(_DIGITS_FOR_LETTERS)
    if letters in keywords:
        return letters
    close = get_close_matches(letters, keywords, n=1, cutoff=0.85)
    return close[0] if close else next((key for key in keywords if _is_transposed(letters, key)), None)


def _is_transposed(word: str, keyword: str) -> bool:
    return len(word) > 3 and word[0] == keyword[0] and sorted(word) == sorted(keyword)
