"""What changed between two texts, word by word, and which readers' changes show the most of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import NamedTuple

_PIECE = re.compile(r"\S+|\s+")
_NUMBER = re.compile(r"\d+")
_MOST_KINDS = 2_000  # kinds of change kept; a template has a few dozen


class Change(NamedTuple):
    """A stretch of text: `same`, `cut` (before alone) or `add` (after alone)."""

    kind: str
    text: str


def word_changes(before: str, after: str) -> list[Change]:
    """Both texts as one: what stays, what goes, what comes, in reading order."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    changes: list[Change] = []
    for step, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if step == "equal":
            changes.append(Change("same", "".join(old[a:b])))
            continue
        changes += [Change("cut", "".join(old[a:b]))] if b > a else []
        changes += [Change("add", "".join(new[c:d]))] if d > c else []
    return changes


def traits_of_change(before: Iterable[str], after: Iterable[str]) -> frozenset[str]:
    """The words that go and come, numbers apart: two readers with the same ones see the same change."""
    old, new = _words(before), _words(after)
    return frozenset({f"-{word}" for word in old - new} | {f"+{word}" for word in new - old})


def _words(texts: Iterable[str]) -> set[str]:
    return {_NUMBER.sub("0", word) for text in texts for word in text.split()}


@dataclass(slots=True)
class MostDifferent:
    """Collects readers by what changes for them, and chooses a few who together show as much of it as can be."""

    kinds: dict[frozenset[str], str] = field(default_factory=dict)

    def add(self, reader: str, traits: frozenset[str]) -> None:
        """Remember the first reader of each kind of change."""
        if len(self.kinds) < _MOST_KINDS:
            self.kinds.setdefault(traits, reader)

    def choose(self, count: int) -> list[str]:
        """At most so many readers; each next one shows the most that those before have not shown."""
        left: Mapping[frozenset[str], str] = dict(self.kinds)
        seen: set[str] = set()
        chosen: list[str] = []
        while left and len(chosen) < count:
            best = max(left, key=lambda traits: len(traits - seen))
            chosen.append(left[best])
            seen |= best
            left = {traits: reader for traits, reader in left.items() if reader not in chosen}
        return chosen
