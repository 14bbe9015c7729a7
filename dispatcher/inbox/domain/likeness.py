"""Which reading's known sentences a text is most like: multinomial naive Bayes over words, pieces of words, concepts.

Made here and not with scikit-learn, which would bring numpy and SciPy to every desk for a table of weights and a sum;
and of our own sum it can be said which words it was made of.
"""

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dispatcher.inbox.domain.concepts import Concepts

_TOKEN = re.compile(r"\S+@\S+|\d[\d.,/:]*|[^\W\d][\w']*|[?!%$€£#+]")
_PIECE = 4  # letters
_LETTERS_AT_MOST = 40  # of a word; what is longer is none
_READ_AT_MOST = 300  # words; what somebody wants stands before that
_REACH_OF_A_NO = 3  # words after it, which are known denied too
_CONCEPTS_REACH = 5  # so many words with a concept, from the first of two that are told together
_SMOOTHING = 0.02
_WORDS, _CONCEPTS = "=", "&"  # how a piece begins that is a run of words, or what words speak of
_LETTERS_WEIGH = 0.6  # of what the words weigh

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """`rarity`: of each piece of text, its weight; `speaks`: for each kind, in the order of `kinds`, how much."""

    kinds: tuple[str, ...] = ()
    rarity: Mapping[str, float] = field(default_factory=dict)
    speaks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    negators: frozenset[str] = frozenset()
    concepts: Concepts = field(default_factory=Concepts)

    def sums(self, folded: str) -> dict[str, float]:
        """How much folded text speaks for each kind, in logarithms; empty where it is like none."""
        values = self._values(folded)
        sums = [0.0] * len(self.kinds)
        for piece, value in values.items():
            for i, weight in enumerate(self.speaks[piece]):
                sums[i] += value * weight
        return dict(zip(self.kinds, sums, strict=True)) if values else {}

    def scores(self, folded: str) -> dict[str, float]:
        """How like each kind's sentences folded text is, in deviations from the mean; empty where it is like none."""
        return deviations(self.sums(folded))

    def words_for(self, folded: str, kind: str) -> tuple[Span, ...]:
        """Where the words stand that spoke for this kind most, in the folded text."""
        values, at = self._values(folded), self.kinds.index(kind)
        spoke: dict[Span, float] = defaultdict(float)
        for piece, spans in _pieces(folded, self.negators, self.concepts):
            if piece in values:
                weights = self.speaks[piece]
                for span in spans:
                    spoke[span] += values[piece] * (weights[at] - sum(weights) / len(weights)) / len(spans)
        most = max(spoke.values(), default=0.0)
        return tuple(sorted(span for span, weight in spoke.items() if weight > most / 2 > 0))

    def _values(self, folded: str) -> dict[str, float]:
        counts = Counter(
            piece for piece, _ in _pieces(folded, self.negators, self.concepts) if piece in self.rarity
        )
        return _weighed(counts, self.rarity)


def deviations(sums: Mapping[str, float]) -> dict[str, float]:
    """How far from their mean the kinds' sums lie, in deviations."""
    if not sums:
        return {}
    mean = sum(sums.values()) / len(sums)
    spread = math.sqrt(sum((each - mean) ** 2 for each in sums.values()) / len(sums)) or 1.0
    return {kind: (each - mean) / spread for kind, each in sums.items()}


def learn(
    known: Mapping[str, Sequence[str]],
    negators: frozenset[str] = frozenset(),
    concepts: Concepts | None = None,
) -> Likeness:
    """What each kind's sentences, in folded text, have in common that the others' have not.

    Two words in a row that stand in one sentence alone tell nothing of others, and are half of all that would be kept.
    """
    kinds = tuple(known)
    concepts = concepts or Concepts()
    counted = [
        (at, Counter(piece for piece, _ in _pieces(text, negators, concepts)))
        for at, kind in enumerate(kinds)
        for text in known[kind]
    ]
    standing = Counter(piece for _, counts in counted for piece in counts)
    rarity = {
        piece: math.log((1 + len(counted)) / (1 + texts)) + 1
        for piece, texts in standing.items()
        if texts > 1 or " " not in piece[1:-1]
    }
    mass: dict[str, dict[int, float]] = defaultdict(dict)
    whole = [0.0] * len(kinds)
    for at, counts in counted:
        for piece, value in _weighed(counts, rarity).items():
            said = mass[piece]
            said[at] = said.get(at, 0.0) + value
            whole[at] += value
    logs = [math.log(each + _SMOOTHING * len(rarity)) for each in whole]
    never = array("f", [math.log(_SMOOTHING) - log for log in logs])
    speaks = {piece: _row(said, never, logs) for piece, said in mass.items()}
    return Likeness(kinds=kinds, rarity=rarity, speaks=speaks, negators=negators, concepts=concepts)


def _row(said: Mapping[int, float], never: Sequence[float], logs: Sequence[float]) -> Sequence[float]:
    row = array("f", never)
    for at, each in said.items():
        row[at] = math.log(each + _SMOOTHING) - logs[at]
    return row


def _weighed(counts: Mapping[str, int], rarity: Mapping[str, float]) -> dict[str, float]:
    """How much each known piece weighs in this text: its words 1 together, its concepts 1, its pieces of words less."""
    values = {
        piece: rarity[piece] if count == 1 else (1 + math.log(count)) * rarity[piece]
        for piece, count in counts.items()
        if piece in rarity
    }
    words = concepts = letters = 0.0
    for piece, value in values.items():
        if piece[0] == _WORDS:
            words += value * value
        elif piece[0] == _CONCEPTS:
            concepts += value * value
        else:
            letters += value * value
    scale = {_WORDS: 1 / math.sqrt(words or 1), _CONCEPTS: 1 / math.sqrt(concepts or 1)}
    of_letters = _LETTERS_WEIGH / math.sqrt(letters or 1)
    return {piece: value * scale.get(piece[0], of_letters) for piece, value in values.items()}


def _pieces(
    folded: str, negators: frozenset[str], concepts: Concepts
) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """Words and every two in a row, pieces of each word, and concepts, with the places of the words that they stand in.

    A word shortly after a no, and each word of a text that asks, is a piece of its own too: as denied, as asked.
    """
    matches = [match for match in _TOKEN.finditer(folded) if len(match[0]) <= _LETTERS_AT_MOST][
        :_READ_AT_MOST
    ]
    tokens = [(_plain(match[0]), match.span()) for match in matches]
    asks = "?" in folded
    denied = 0
    before: tuple[str, Span] | None = None
    for token, span in tokens:
        alone = (span,)
        yield _WORDS + token, alone
        if before:
            yield f"{_WORDS}{before[0]} {token}", (before[1], span)
        if denied:
            yield f"{_WORDS}~{token}", alone
        if asks:
            yield f"{_WORDS}?{token}", alone
        denied = _REACH_OF_A_NO if token in negators or token.startswith("n'") else max(0, denied - 1)
        before = token, span
        edged = f" {token} "
        for at in range(len(edged) - _PIECE + 1):
            yield edged[at : at + _PIECE], alone
    yield from _told(tokens, concepts)


def _told(tokens: Sequence[tuple[str, Span]], concepts: Concepts) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """Each concept, and every two that stand near each other, in their order, whatever stands between."""
    told = [
        (each, span)
        for (token, span), each in zip(tokens, concepts.of([token for token, _ in tokens]), strict=True)
        if each
    ]
    for place, (each, span) in enumerate(told):
        for concept in each:
            yield _CONCEPTS + concept, (span,)
            for others, other_span in told[place + 1 : place + _CONCEPTS_REACH]:
                for other in others:
                    if other != concept:
                        yield f"{_CONCEPTS}{concept} {other}", (span, other_span)


def _plain(token: str) -> str:
    if token[0].isdigit():
        return "0"
    return "@" if "@" in token else token
