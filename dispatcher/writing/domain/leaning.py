"""How far a sentence leans towards sentences that people have held, and away from those they let pass.

A naive Bayes classifier over words and pairs of words (Maron 1961; McCallum and Nigam 1998): its weights are counts of
judged examples, so that whoever asks is told which words weigh, and another example is another vote.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[?!]")
_NUMBER = "0"
_UNSEEN = 0.5  # added to every count, so that a word seen on one side alone decides nothing by itself

_SEEN = 2  # examples that a word must stand in to weigh anything by itself: in one alone it may be a name


class Word(NamedTuple):
    """A word of folded text and where it stands."""

    word: str
    start: int
    end: int


class Weighed(NamedTuple):
    """A sum of weights (natural logarithms of odds) and the place of what weighs most."""

    sum: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Leaning:
    """What words and pairs of words weigh: above 0 towards what was held, below towards what was let pass."""

    weights: Mapping[str, float]
    advice: str = ""  # what to do about a sentence that leans towards the held ones

    def weigh(self, words: list[Word], *, whole: bool = True) -> Weighed:
        """Weigh a stretch of words; `whole`: it is a sentence, whose beginning and end count too."""
        features = dict(_features(words, whole=whole))
        total = sum(self.weights.get(feature, 0.0) for feature in features)
        heaviest = max(features.items(), key=lambda item: self.weights.get(item[0], 0.0), default=None)
        start, end = heaviest[1] if heaviest else (0, 0)
        return Weighed(total, start, end)


def words_of(plain: str) -> list[Word]:
    """The words of folded text in order, a number as one word."""
    return [
        Word(_NUMBER if match[0].isdigit() else match[0], match.start(), match.end())
        for match in _WORD.finditer(plain)
    ]


def learn(held: Iterable[str], free: Iterable[str], advice: str = "") -> Leaning:
    """Count what stands in judged sentences, given as folded text; without examples nothing leans anywhere."""
    bad, good = _counted(held), _counted(free)
    known = {feature for feature, count in (bad + good).items() if count >= _SEEN or " " in feature}
    all_bad, all_good = (
        sum(side[feature] for feature in known) + _UNSEEN * len(known) for side in (bad, good)
    )
    return Leaning(
        {
            feature: log((bad[feature] + _UNSEEN) / all_bad) - log((good[feature] + _UNSEEN) / all_good)
            for feature in known
        },
        advice,
    )


def _counted(sentences: Iterable[str]) -> Counter[str]:
    return Counter(feature for plain in sentences for feature in dict(_features(words_of(plain), whole=True)))


def _features(words: list[Word], *, whole: bool) -> Iterable[tuple[str, tuple[int, int]]]:
    for word in words:
        yield word.word, (word.start, word.end)
    if whole and words:
        yield f"^ {words[0].word}", (words[0].start, words[0].end)
        yield f"{words[-1].word} $", (words[-1].start, words[-1].end)
    for first, second in pairwise(words):
        yield f"{first.word} {second.word}", (first.start, second.end)
