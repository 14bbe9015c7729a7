"""How far a sentence leans towards sentences that people have held, and away from those they let pass.

A naive Bayes classifier over words, stems and pairs (Maron 1961; McCallum and Nigam 1998): its weights are counts of
judged examples, so that whoever asks is told which words weigh, and another example is another vote.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from math import log
from typing import Any, NamedTuple

# "l'argent" and "i'll" are two words each, "don't" is one.
_WORD = re.compile(r"[^\W\d_]{1,2}'(?=[^\W\d_])|[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[?!]")
_NUMBER = "0"
_UNSEEN = 0.5  # added to every count, so that a word seen on one side alone decides nothing by itself
_KNOWN = 20.0  # what a sentence weighs that people have judged itself
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


class _Learnt(NamedTuple):
    """In how many examples of either side each feature stands, and how each example itself leans."""

    held: Counter[str]
    free: Counter[str]
    even: float  # what is taken off for there being more examples of one side
    known: dict[str, float]

    def weight(self, feature: str) -> float:
        return log(self.held.get(feature, 0) + _UNSEEN) - log(self.free.get(feature, 0) + _UNSEEN) + self.even

    def weights(self, features: Iterable[str]) -> dict[str, float]:
        """Of those that stand in an example, what each weighs."""
        held, free = self.held, self.free
        return {name: self.weight(name) for name in features if name in held or name in free}


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
    def learnt(self) -> _Learnt:
        """What the examples say, counted; what a feature weighs is reckoned of them when it is met."""
        return _learn(*self._examples)

    def knows(self, words: Iterable[Word]) -> bool:
        """Whether these very words are a sentence that people have judged."""
        return " ".join(word.word for word in words) in self.learnt.known

    def weigh(self, words: list[Word]) -> Weighed:
        """Weigh the words of a sentence: one that people have judged leans as they did, whatever it is made of."""
        said = [word.word for word in words]
        weights = self.learnt.weights(dict.fromkeys(_features(said)))
        if not weights:
            return Weighed(0.0, 0, 0)
        total = self.learnt.known.get(" ".join(said)) or sum(weights.values())
        return Weighed(total, *_place(max(weights, key=weights.__getitem__), words))


@lru_cache(maxsize=32)
def _learn(held: tuple[str, ...], free: tuple[str, ...]) -> _Learnt:
    """Once a process for the same examples: a template's trial gets a copy of the wording with each template."""
    bad, good = ([_said(plain) for plain in side] for side in (held, free))
    known = dict.fromkeys(map(" ".join, good), -_KNOWN) | dict.fromkeys(map(" ".join, bad), _KNOWN)
    return _Learnt(_counted(bad), _counted(good), log(len(good) + 1) - log(len(bad) + 1), known)


def words_of(plain: str, begin: int = 0) -> list[Word]:
    """The words of folded text in order, a number as one word; `begin`: where the text itself begins."""
    return [
        Word(_NUMBER if match[0].isdigit() else match[0], begin + match.start(), begin + match.end())
        for match in _WORD.finditer(plain)
    ]


def _said(plain: str) -> list[str]:
    return [_NUMBER if word.isdigit() else word for word in _WORD.findall(plain)]


def _counted(sentences: Iterable[list[str]]) -> Counter[str]:
    return Counter(chain.from_iterable(set(_features(said)) for said in sentences))


def _features(said: list[str]) -> Iterator[str]:
    """Words, their stems, the first and the last, pairs of neighbours and pairs with a word between them."""
    yield from said
    yield from [word[:_STEM] + "~" for word in said if len(word) > _STEM]
    if said:
        yield "^ " + said[0]
        yield said[-1] + " $"
    yield from [f"{one} {other}" for one, other in pairwise(said)]
    yield from [f"{one} _ {other}" for one, other in zip(said, said[2:], strict=False)]


def _place(feature: str, words: list[Word]) -> tuple[int, int]:
    """Where the first words stand that have a feature."""
    for width in (1, 2, 3):
        for first in range(len(words) - width + 1):
            here = words[first : first + width]
            if feature in _features([word.word for word in here]):
                return here[0].start, here[-1].end
    return words[0].start, words[-1].end
