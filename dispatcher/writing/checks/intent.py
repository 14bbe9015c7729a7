"""Whether a sentence is held: one sum of the gravest that families find in it and of how far its words lean.

Every summand is a logarithm of odds. A delicate word among words of sentences that people let pass is let pass, and a
sentence without any that reads like those they held is held.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from dispatcher.writing.domain.leaning import Leaning, Word, words_of
from dispatcher.writing.domain.wording import SENTENCE_END, Denials, Family, Patterns, Wording

DATA = "\ufffc"  # stands for somebody's data while a line is judged

# What a find says of its sentence, and above which sum the sentence is held: chosen together, on sentences that had not
# been learnt from.
_PHRASE = 6.0
_UNDENIABLE = 8.0  # what no denial makes harmless
_MENTION = 3.0  # a delicate word says little by itself
_DENIED = -1.0  # where nothing else is meant: "Your employer will not be contacted"
_IN_FEW_WORDS = 10.0  # "We will tell your employer about it" has too few to explain a delicate one
_HELD_FROM = 3.0
_SHORT = 7  # words
_SENTENCE = 4  # words; fewer are a label, or a name
_BY_ITSELF = 8  # words; a sentence of fewer is read together with the next

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


class _Sentence(NamedTuple):
    """Where a sentence of a line stands, and its words."""

    begin: int
    end: int
    words: list[Word]


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
    sentences = list(_sentences(plain))
    for passage in _passages(sentences, finds, wording.leaning):
        begin, end = passage[0].begin, passage[-1].end
        here = [find for find in finds if begin <= find.span[0] < end]
        meant = [find for find in here if find.is_meant]
        spoken = [word for sentence in passage for word in sentence.words]
        weighed = wording.leaning.weigh(spoken)
        gravest = max((find.odds for find in meant or here), default=0.0)
        if not meant and len(spoken) < _SENTENCE:
            continue
        if meant and len(spoken) <= _SHORT:
            gravest = max(gravest, _IN_FEW_WORDS)
        is_held = weighed.sum + gravest > _HELD_FROM
        for find in meant:
            if is_held or find.passes_on_no_example:
                family, span = find.family, find.span
                phrase, number = words[slice(*span)].strip(), _number(sentences, span[0])
                yield Hit(family.rule, phrase, family.advice, family.fact, family.topic, span, number)
        if is_held and not meant:
            span = weighed.start, weighed.end
            phrase, number = words[slice(*span)], _number(sentences, span[0])
            yield Hit("ill-intent", phrase, wording.leaning.advice, "threatening", "threat", span, number)


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


def _sentences(plain: str) -> Iterator[_Sentence]:
    """The sentences of a line, each with its end: joined they are the line."""
    ends = [match.end() for match in SENTENCE_END.finditer(plain)]
    for begin, end in pairwise([0, *ends, len(plain)]):
        if begin < end:
            yield _Sentence(begin, end, words_of(plain[begin:end], begin))


def _passages(sentences: list[_Sentence], finds: list[_Find], leaning: Leaning) -> list[list[_Sentence]]:
    """Sentences that are read together: a short one with the next, which it introduces, the last with the one before.

    One in which something is found is read by itself, as what follows a threat does not excuse it; what
    people have judged as a whole is read as a whole.
    """
    if len(sentences) < 2 or leaning.knows([word for sentence in sentences for word in sentence.words]):
        return [sentences] if sentences else []
    alone = {_number(sentences, find.span[0]) for find in finds if find.is_meant}
    passages: list[list[_Sentence]] = []
    is_open = False
    for number, sentence in enumerate(sentences):
        if is_open and number not in alone:
            passages[-1].append(sentence)
        else:
            passages.append([sentence])
        is_open = number not in alone and _length(passages[-1]) < _BY_ITSELF
    if is_open and len(passages) > 1 and len(sentences) - 2 not in alone:
        last = passages.pop()
        passages[-1] += last
    return passages


def _length(passage: list[_Sentence]) -> int:
    return sum(len(sentence.words) for sentence in passage)


def _number(sentences: list[_Sentence], at: int) -> int:
    return next(number for number, sentence in enumerate(sentences) if at < sentence.end)
