"""Where a text says no: of what is denied, doubted or only supposed nothing may be read as said."""

import re
from dataclasses import dataclass

_WORD = re.compile(r"[\w']+")
_SENTENCE = re.compile(r"[.!?;\n]+")
_REACH = 4  # so many words before what they deny
_REACH_BACK = 3  # so many words after it ("option 2 does not suit me")


@dataclass(frozen=True, kw_only=True, slots=True)
class Denial:
    """The words that deny in a folded `text`, in which what holds a no and means yes ("sin falta") is blotted out.

    `doubts`: those that deny only what one tells as a fact ("I thought it was paid").
    """

    text: str
    negators: frozenset[str]
    doubts: frozenset[str]

    def reaches(self, start: int, end: int, *, fact: bool, both_ways: bool) -> bool:
        """Whether a no stands shortly before this place; within and shortly after it too where it counts both ways."""
        said = _WORD.findall(_SENTENCE.split(self.text[:start])[-1])[-_REACH:]
        if both_ways:
            said += _WORD.findall(self.text[start:end])
            said += _WORD.findall(_SENTENCE.split(self.text[end:])[0])[:_REACH_BACK]
        return self._says_no(said, fact=fact)

    def is_around(self, at: int, *, fact: bool) -> bool:
        """Whether the sentence around this place denies anything."""
        start = max((match.end() for match in _SENTENCE.finditer(self.text, 0, at)), default=0)
        end = _SENTENCE.search(self.text, at)
        return self._says_no(_WORD.findall(self.text[start : end.start() if end else None]), fact=fact)

    def is_asked(self, at: int) -> bool:
        """Whether the sentence around this place ends as a question."""
        end = _SENTENCE.search(self.text, at)
        return end is not None and "?" in end[0]

    def _says_no(self, said: list[str], *, fact: bool) -> bool:
        words = self.negators | self.doubts if fact else self.negators
        return any(word in words for word in said)
