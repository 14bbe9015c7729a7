"""Which reading's known sentences a text is most like: multinomial naive Bayes over words and pieces of words.

Made here and not with scikit-learn, which would bring numpy and SciPy to every desk for a table of weights and a sum;
and of our own sum it can be said which words it was made of.
"""

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\S+@\S+|\d[\d.,/:]*|[^\W\d][\w']*|[?!%$€£#+]")
_RUN_AT_MOST = 3  # words
_PIECES = (2, 3, 4)  # letters
_LETTERS_AT_MOST = 40  # of a word; what is longer is none
_READ_AT_MOST = 300  # words; what somebody wants stands before that
_REACH_OF_A_NO = 3  # words after it, which are known denied too
_SMOOTHING = 0.02

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """`rarity`: of each piece of text, its weight; `speaks`: for each kind, in the order of `kinds`, how much."""

    kinds: tuple[str, ...] = ()
    rarity: Mapping[str, float] = field(default_factory=dict)
    speaks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    negators: frozenset[str] = frozenset()

    def scores(self, folded: str) -> dict[str, float]:
        """How like each kind's sentences folded text is, in deviations from the mean; empty where it is like none."""
        values = self._values(folded)
        if not values:
            return {}
        sums = [0.0] * len(self.kinds)
        for piece, value in values.items():
            for i, weight in enumerate(self.speaks[piece]):
                sums[i] += value * weight
        mean = sum(sums) / len(sums)
        spread = math.sqrt(sum((each - mean) ** 2 for each in sums) / len(sums)) or 1.0
        return {kind: (each - mean) / spread for kind, each in zip(self.kinds, sums, strict=True)}

    def words_for(self, folded: str, kind: str) -> tuple[Span, ...]:
        """Where the words stand that spoke for this kind most, in the folded text."""
        values, at = self._values(folded), self.kinds.index(kind)
        spoke: dict[Span, float] = defaultdict(float)
        for piece, spans in _pieces(folded, self.negators):
            if piece in values:
                weights = self.speaks[piece]
                for span in spans:
                    spoke[span] += values[piece] * (weights[at] - sum(weights) / len(weights)) / len(spans)
        most = max(spoke.values(), default=0.0)
        return tuple(sorted(span for span, weight in spoke.items() if weight > most / 2 > 0))

    def _values(self, folded: str) -> dict[str, float]:
        counts = Counter(piece for piece, _ in _pieces(folded, self.negators) if piece in self.rarity)
        return _weighed(counts, self.rarity)


def learn(known: Mapping[str, Sequence[str]], negators: frozenset[str] = frozenset()) -> Likeness:
    """What each kind's sentences, in folded text, have in common that the others' have not."""
    kinds = tuple(known)
    counted = [
        (at, Counter(piece for piece, _ in _pieces(text, negators)))
        for at, kind in enumerate(kinds)
        for text in known[kind]
    ]
    standing = Counter(piece for _, counts in counted for piece in counts)
    rarity = {piece: math.log((1 + len(counted)) / (1 + texts)) + 1 for piece, texts in standing.items()}
    mass: dict[str, array[float]] = defaultdict(lambda: array("d", [0.0] * len(kinds)))
    whole = [0.0] * len(kinds)
    for at, counts in counted:
        for piece, value in _weighed(counts, rarity).items():
            mass[piece][at] += value
            whole[at] += value
    logs = [math.log(each + _SMOOTHING * len(rarity)) for each in whole]
    speaks = {
        piece: array("f", [math.log(each + _SMOOTHING) - log for each, log in zip(row, logs, strict=True)])
        for piece, row in mass.items()
    }
    return Likeness(kinds=kinds, rarity=rarity, speaks=speaks, negators=negators)


def _weighed(counts: Mapping[str, int], rarity: Mapping[str, float]) -> dict[str, float]:
    """How much each known piece weighs in this text; its words weigh 1 together, and so do its pieces of words."""
    values = {
        piece: (1 + math.log(count)) * rarity[piece] for piece, count in counts.items() if piece in rarity
    }
    squares = {True: 0.0, False: 0.0}
    for piece, value in values.items():
        squares[_is_words(piece)] += value * value
    return {piece: value / math.sqrt(squares[_is_words(piece)]) for piece, value in values.items()}


def _is_words(piece: str) -> bool:
    return piece.startswith("=")


def _pieces(folded: str, negators: frozenset[str]) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """Runs of words (after `=`) and pieces of each word, with the places of the words that they stand in.

    A word shortly after a no, and each word of a text that asks, is a piece of its own too: as denied, as asked.
    """
    matches = [match for match in _TOKEN.finditer(folded) if len(match[0]) <= _LETTERS_AT_MOST][
        :_READ_AT_MOST
    ]
    tokens = [(_plain(match[0]), match.span()) for match in matches]
    asks = "?" in folded
    denied = 0
    for start, (token, span) in enumerate(tokens):
        for run in range(1, min(_RUN_AT_MOST, len(tokens) - start) + 1):
            words, spans = zip(*tokens[start : start + run], strict=True)
            yield "=" + " ".join(words), spans
        if denied:
            yield f"=~{token}", (span,)
        if asks:
            yield f"=?{token}", (span,)
        denied = _REACH_OF_A_NO if token in negators or token.startswith("n'") else max(0, denied - 1)
        edged = f" {token} "
        for length in _PIECES:
            for at in range(len(edged) - length + 1):
                yield edged[at : at + length], (span,)


def _plain(token: str) -> str:
    if token[0].isdigit():
        return "0"
    return "@" if "@" in token else token
