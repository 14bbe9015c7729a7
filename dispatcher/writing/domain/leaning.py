"""How far a sentence leans towards sentences that people have held, and away from those they let pass.

A naive Bayes classifier over words, stems and pairs (Maron 1961; McCallum and Nigam 1998): its weights are counts of
judged examples, so that whoever asks is told which words weigh, and another example is another vote.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from math import log
from typing import Any, NamedTuple

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[?!]")
_NUMBER = "0"
_UNSEEN = 0.5  # added to every count, so that a word seen on one side alone decides nothing by itself

_SEEN = 2  # examples that a word must stand in to weigh anything by itself: in one alone it may be a name
_STEM = 5  # letters by which the forms of a word know each other: pagar, pagaremos, pagando


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


class Leaning:
    """What words, their stems and pairs weigh: above 0 towards what was held, below towards what was let pass.

    Learnt from judged sentences, given as folded text, when a first one is weighed: most commands meet one or two
    languages. Without examples nothing leans anywhere. `advice` says what to do about what leans towards the held ones.
    """

    def __init__(self, held: Iterable[str] = (), free: Iterable[str] = (), advice: str = "") -> None:
        self._examples = tuple(held), tuple(free)
        self.advice = advice

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Leaning) and self._key() == other._key()

    def __reduce__(self) -> tuple[Any, ...]:
        return Leaning, self._key()  # whoever reads it learns there what is needed

    def _key(self) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        return *self._examples, self.advice

    def __hash__(self) -> int:
        return hash(self._key())

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """What each weighs: counts of examples on either side."""
        return _learnt(*self._examples)

    def weigh(self, words: list[Word], *, whole: bool = True) -> Weighed:
        """Weigh a stretch of words; `whole`: it is a sentence, whose beginning and end count too."""
        weights = self.weights
        known = {name: at for name, at in _features(words, whole=whole).items() if name in weights}
        if not known:
            return Weighed(0.0, 0, 0)
        total = sum(weights[name] for name in known)
        return Weighed(total, *known[max(known, key=weights.__getitem__)])


@lru_cache(maxsize=32)
def _learnt(held: tuple[str, ...], free: tuple[str, ...]) -> Mapping[str, float]:
    """Once a process for the same examples: a template's trial gets a copy of the wording with each template."""
    bad, good = map(_counted, (held, free))
    known = {feature for feature, count in (bad + good).items() if count >= _SEEN or " " in feature}
    all_bad, all_good = (
        sum(side[feature] for feature in known) + _UNSEEN * len(known) for side in (bad, good)
    )
    even = log(all_good) - log(all_bad)
    return {feature: log(bad[feature] + _UNSEEN) - log(good[feature] + _UNSEEN) + even for feature in known}


def words_of(plain: str, begin: int = 0) -> list[Word]:
    """The words of folded text in order, a number as one word; `begin`: where the text itself begins."""
    return [
        Word(_NUMBER if match[0].isdigit() else match[0], begin + match.start(), begin + match.end())
        for match in _WORD.finditer(plain)
    ]


def _counted(sentences: Iterable[str]) -> Counter[str]:
    return Counter(chain.from_iterable(_features(words_of(plain), whole=True) for plain in sentences))


def _features(words: list[Word], *, whole: bool) -> dict[str, tuple[int, int]]:
    """Words, their stems, pairs of neighbours and pairs with a word between them, each with its place."""
    found = {}
    for word, start, end in words:
        found[word] = start, end
        if len(word) > _STEM:
            found[word[:_STEM] + "~"] = start, end
    if whole and words:
        first, last = words[0], words[-1]
        found["^ " + first.word] = first.start, first.end
        found[last.word + " $"] = last.start, last.end
    for (one, start, _), (other, _, end) in pairwise(words):
        found[f"{one} {other}"] = start, end
    for (one, start, _), (other, _, end) in zip(words, words[2:], strict=False):
        found[f"{one} _ {other}"] = start, end
    return found
