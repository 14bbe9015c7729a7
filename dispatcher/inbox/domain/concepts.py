"""What words speak of, in whatever language they do ("mum" and "madre": family).

No list of known sentences has every word for a thing; what is learnt of one word of a concept holds for all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_RUN_AT_MOST = 4  # words
_STEM_AT_LEAST = 2  # letters
_MET_AT_MOST = 50_000  # words; a known sentence's are all among them


@dataclass(frozen=True, kw_only=True, slots=True)
class Concepts:
    """`words`: of a word, or of a few in a row, its concepts; `stems`: of how a word begins."""

    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stems: Mapping[str, frozenset[str]] = field(default_factory=dict)
    starts: frozenset[str] = field(init=False)
    _met: dict[str, frozenset[str]] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep which words begin a run, as most begin none."""
        starts = frozenset(words.partition(" ")[0] for words in self.words if " " in words)
        object.__setattr__(self, "starts", starts)

    def of(self, said: Sequence[str]) -> list[tuple[str, ...]]:
        """The concepts of each word of a text, in order; those of a run at its first word."""
        return [self._at(said, place) for place in range(len(said))]

    def _at(self, said: Sequence[str], place: int) -> tuple[str, ...]:
        word = said[place]
        found = self._of_word(word)
        if 0 < word.find("'") <= 2:  # "l'argent", "qu'elle"
            found |= self._of_word(word.partition("'")[2])
        if word in self.starts:
            for run in range(2, _RUN_AT_MOST + 1):
                found |= self.words.get(" ".join(said[place : place + run]), frozenset())
        return tuple(sorted(found))

    def _of_word(self, word: str) -> frozenset[str]:
        """Kept, as people say the same words again and again."""
        if (met := self._met.get(word)) is not None:
            return met
        found = self.words.get(word, frozenset())
        for end in range(_STEM_AT_LEAST, len(word) + 1):
            found |= self.stems.get(word[:end], frozenset())
        if len(self._met) < _MET_AT_MOST:
            self._met[word] = found
        return found


def concepts_of(listed: Mapping[str, Sequence[str]]) -> Concepts:
    """From folded words by concept; one that ends in a star stands for all that begin so."""
    words: dict[str, frozenset[str]] = {}
    stems: dict[str, frozenset[str]] = {}
    for concept, entries in listed.items():
        for entry in entries:
            kept, key = (stems, entry[:-1]) if entry.endswith("*") else (words, entry)
            kept[key] = kept.get(key, frozenset()) | {concept}
    return Concepts(words=words, stems=stems)
