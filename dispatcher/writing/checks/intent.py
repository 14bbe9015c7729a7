"""Whether a sentence is held: one sum of the gravest that families find in it and of how far its words lean.

Every summand is a logarithm of odds. A delicate word among words of sentences that people let pass is let pass, and a
sentence without any that reads like those they held is held.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from dispatcher.writing.domain.leaning import Leaning, Weighed, Word, words_of
from dispatcher.writing.domain.wording import SENTENCE_END, Denials, Family, Patterns, Wording

DATA = "\ufffc"  # stands for somebody's data while a line is judged

# What a find says of its sentence, and above which sum the sentence is held: chosen together, on sentences that had not
# been learnt from.
_PHRASE = 9.0
_UNDENIABLE = 25.0  # what no denial makes harmless
_MENTION = 6.0  # a delicate word says little by itself
_DENIED = -4.0  # where nothing else is meant: "Your employer will not be contacted"
_IN_FEW_WORDS = 12.0  # "Hello from the police" has too few to explain a delicate one
_HELD_FROM = 5.0
_SHORT = 5  # words
_SENTENCE = 4  # words; fewer are a label, or a name
_AROUND = 8  # words on either side of a find: what stands further off excuses nothing

_NO_DENIALS = Denials()


class Hit(NamedTuple):
    """A phrase in a line: the family's rule and facts, and the phrase as the line has it."""

    rule: str
    phrase: str
    advice: str
    fact: str = ""
    topic: str = ""
    span: tuple[int, int] = (0, 0)  # where the phrase stands in the line
    sentence: int = 0  # which of the line's


class _Find(NamedTuple):
    """What an expression of a family finds, and what that says of its sentence."""

    family: Family
    span: tuple[int, int]
    odds: float
    is_meant: bool  # neither denied nor in a sentence that is fair

    @property
    def passes_on_no_example(self) -> bool:
        """What strangers see."""
        return self.is_meant and "text" not in self.family.where


def ill_meant(families: Iterable[Family], plain: str, words: str, wording: Wording) -> Iterator[Hit]:
    """What families find in sentences that are held, or what weighs most in one that is held on examples alone."""
    finds = [find for family in families for find in _finds(family, plain, wording)]
    begin = 0
    for number, sentence in enumerate(_sentences(plain)):
        end = begin + len(sentence)
        here = [find for find in finds if begin <= find.span[0] < end]
        meant = [find for find in here if find.is_meant]
        spoken = words_of(sentence, begin)
        weighed = _weighed(wording.leaning, spoken, meant)
        gravest = max((find.odds for find in meant or here), default=0.0)
        if meant and len(spoken) <= _SHORT:
            gravest = max(gravest, _IN_FEW_WORDS)
        is_held = weighed.sum + gravest > _HELD_FROM
        for find in meant:
            if is_held or find.passes_on_no_example:
                family, span = find.family, find.span
                phrase = words[slice(*span)].strip()
                yield Hit(family.rule, phrase, family.advice, family.fact, family.topic, span, number)
        if is_held and not meant:
            span = weighed.start, weighed.end
            advice = wording.leaning.advice
            yield Hit("ill-intent", words[slice(*span)], advice, "threatening", "threat", span, number)
        begin = end


def taken_out(
    patterns: Iterable[re.Pattern[str]], plain: str, denials: Denials = _NO_DENIALS
) -> tuple[list[str], str]:
    """The phrases that patterns find and the sentence does not deny, and the text without them, as long as before."""
    found: list[str] = []
    for pattern in patterns:
        for match in pattern.finditer(plain):
            if not denials.denies(plain, match.start(), match.end(), of=pattern):
                found.append(match[0])
                plain = plain[: match.start()] + DATA * len(match[0]) + plain[match.end() :]
    return found, plain


def _finds(family: Family, plain: str, wording: Wording) -> Iterator[_Find]:
    _, plain = taken_out(family.allowed, plain)
    denied, fair = family.may_be_denied, family.may_be_fair
    odds = _PHRASE if denied else _UNDENIABLE
    for pattern, match in _matches(family.patterns, plain):
        is_meant = _is_meant(pattern, match, plain, wording, denied=denied, fair=fair)
        yield _Find(family, match.span(), odds if is_meant else _DENIED, is_meant)
    for pattern, match in _matches(family.mentions, plain):
        is_meant = _is_meant(pattern, match, plain, wording, denied=True, fair=True)
        yield _Find(family, match.span(), _MENTION if is_meant else _DENIED, is_meant)


def _matches(patterns: Patterns, plain: str) -> Iterator[tuple[re.Pattern[str], re.Match[str]]]:
    return ((pattern, match) for pattern in patterns for match in pattern.finditer(plain))


def _is_meant(
    pattern: re.Pattern[str], match: re.Match[str], plain: str, wording: Wording, *, denied: bool, fair: bool
) -> bool:
    start, end = match.span()
    if denied and wording.denials.denies(plain, start, end, of=pattern):
        return False
    return not (fair and wording.fair.hold(plain, start))


def _weighed(leaning: Leaning, spoken: list[Word], meant: list[_Find]) -> Weighed:
    """How far a sentence leans, or the words around what is found in it."""
    if not meant:
        return leaning.weigh(spoken if len(spoken) >= _SENTENCE else [])
    first, last = min(find.span[0] for find in meant), max(find.span[1] for find in meant)
    within = [i for i, word in enumerate(spoken) if word.end > first and word.start < last]
    if not within:
        return leaning.weigh([])
    around = spoken[max(0, within[0] - _AROUND) : within[-1] + 1 + _AROUND]
    return leaning.weigh(around, whole=len(around) == len(spoken))


def _sentences(plain: str) -> list[str]:
    """The sentences of a line, each with its end: joined they are the line."""
    ends = [match.end() for match in SENTENCE_END.finditer(plain)]
    return [plain[start:end] for start, end in pairwise([0, *ends, len(plain)])]
