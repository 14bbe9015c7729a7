"""A wish said by kind: a word of each part, near each other, in a sentence that neither asks, limits nor denies it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

Scope = Literal["address", "sms", "call", "email", "letter", "all"]
Words = tuple[str, ...]

GAP = 3  # so many words may stand between the parts of a wish, where its kind does not say
_REACH_OF_NEGATION = 5
_TO = "to"  # "I do not want them to stop"
_REACH_OF_A_TALE = 2  # so many words before a wish, who does it says that it is a tale: "they never call me"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Words of one class: whole ones, and the beginnings of others."""

    words: frozenset[str] = frozenset()
    stems: tuple[str, ...] = ()

    def __contains__(self, word: str) -> bool:
        """Whether this word is of the class."""
        return word in self.words or word.startswith(self.stems)

    def __iter__(self) -> Iterator[str]:
        """A word for each that it knows; a beginning stands for itself."""
        yield from self.words
        yield from self.stems


@dataclass(frozen=True, kw_only=True, slots=True)
class StopKind:
    """One kind of wish. `tale`: words directly before it that make it a tale of what somebody does."""

    parts: tuple[Part, ...]
    scope: Scope
    language: str
    gap: int = GAP
    tale: Part = field(default_factory=Part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What leaves a wish by kind unclear.

    `here`: words in its own sentence (a condition, an hour, a place); `anywhere`: words of another matter.
    """

    here: Part = field(default_factory=Part)
    anywhere: Part = field(default_factory=Part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Denying:
    """The words that deny, and those that turn a wish of what shall not be into one of what shall stay."""

    negators: frozenset[str]
    turns: frozenset[str]


def words_of(kind: StopKind, sentence: Words, denying: Denying) -> Words:
    """The words of a sentence that say this wish; none where it is a tale or something around it says no."""
    for start in (at for at, word in enumerate(sentence) if word in kind.parts[0]):
        places = _following(kind, sentence, start)
        if places and not is_told(kind.tale, sentence, start) and not is_denied(sentence, places, denying):
            return tuple(sentence[place] for place in places)
    return ()


def is_told(tale: Part, sentence: Words, start: int) -> bool:
    """Whether one who tells it stands shortly before a wish, so that it is none."""
    return any(word in tale for word in sentence[max(0, start - _REACH_OF_A_TALE) : start])


def is_denied(sentence: Words, places: Sequence[int], denying: Denying) -> bool:
    """Whether a word that denies stands before or in the wish ("do not" may be part of it), or one that turns it."""
    first, last = places[0], places[-1]
    around = [at for at in range(max(0, first - _REACH_OF_NEGATION), last) if at not in places]
    if any(sentence[at] in denying.negators for at in around):
        return True
    within = any(sentence[at] in denying.turns for at in around if at > first)
    after = sentence[last + 1 : last + 3]
    return within or (after[:1] == (_TO,) and after[1:] != () and after[1] in denying.turns)


def _following(kind: StopKind, sentence: Words, start: int) -> list[int]:
    places = [start]
    for part in kind.parts[1:]:
        reach = range(places[-1] + 1, min(places[-1] + 2 + kind.gap, len(sentence)))
        following = next((at for at in reach if sentence[at] in part), None)
        if following is None:
            return []
        places.append(following)
    return places
