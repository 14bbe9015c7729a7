"""What is wrong with a template, said so that its author can mend it.

A problem is a place in a file, and whoever lints a template gets findings in its trial texts as problems too. A cell
of the ledger has no such place: its fault is a `RowProblem` (`portfolio/domain/portfolio.py`), by column and value.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One fault in one file of a template; lines and columns count from 1, 0 means the whole file."""

    file: str
    message: str
    line: int = 0
    column: int = 0
    suggestion: str = ""
    rule: str = "syntax"

    def __str__(self) -> str:
        place = (
            self.file + (f":{self.line}" if self.line else "") + (f":{self.column}" if self.column else "")
        )
        return f"{place}: {self.message}" + (f"; {self.suggestion}" if self.suggestion else "")


class TemplateProblems(ValueError):  # noqa: N818  it reads as the sentence it is
    """A template that cannot be used, with all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class MissingValue(LookupError):  # noqa: N818  it reads as the sentence it is
    """A template prints a value that this debtor's data does not have."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is empty")
