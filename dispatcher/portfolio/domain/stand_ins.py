"""Addresses that are nobody's own: what shops type where a customer has none, and what too many people share."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property, lru_cache

DEFAULT_PEOPLE = 3
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """From how many different people on an address is taken for a stand-in; known ones as patterns (`noemail@*`).

    `allowed` are addresses that are really shared, such as a care home's.
    """

    people: int = DEFAULT_PEOPLE
    addresses: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()

    @cached_property
    def _known(self) -> re.Pattern[str] | None:
        return (
            re.compile("|".join(translate(pattern.lower()) for pattern in self.addresses))
            if self.addresses
            else None
        )

    def is_known(self, address: str) -> bool:
        """Whether an address is on the list of known stand-ins."""
        key = address.lower()
        return key not in self.allowed and self._known is not None and self._known.match(key) is not None


def different_people(names: Iterable[str]) -> int:
    """How many humans stand behind names: `Miller, Ana` and `ANA MILLER` are one; each without a name is one more."""
    folded, unnamed = set(), 0
    for name in names:
        words = _words(name)
        if words:
            folded.add(words)
        else:
            unnamed += 1
    return len(folded) + unnamed


@lru_cache(maxsize=1 << 12)  # the same people stand at an address and a number
def _words(name: str) -> tuple[str, ...]:
    """In one order: `Miller, Ana` is Ana Miller."""
    plain = name.casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return tuple(sorted(_WORD.findall(plain)))
