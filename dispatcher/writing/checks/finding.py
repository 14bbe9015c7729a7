"""What a check found in a rendered text.

A finding is about words that are as their author meant them and that may not go out so; the gate asks for it by
`fact`. What keeps a template's source from being used at all is a problem (`writing/language/problems.py`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding: the rule, the phrase that broke it, its place, and what to do about it.

    `part` is subject, preheader, title, text, html or window; `line` counts from 1 in that part, `offset` from 0
    in the line; a thing that is missing has no place (line 0). `fact` is the gate's name for it, where it has one.
    """

    rule: str
    phrase: str
    advice: str
    part: str = "text"
    line: int = 0
    offset: int = 0
    fact: str = ""
    topic: str = ""

    def __str__(self) -> str:
        place = f" ({self.part}, line {self.line})" if self.line else ""
        phrase = f': "{self.phrase}"' if self.phrase else ""
        return f"{self.rule}{phrase}{place}: {self.advice}"
