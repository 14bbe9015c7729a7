"""Writes what is wrong with rows into a CSV file beside the import, safe to open in a spreadsheet."""

import csv
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from dispatcher.portfolio.domain.portfolio import RowProblem
from dispatcher.values.spreadsheet import to_cell

HEADER = ("line", "column", "value", "reason")
_REASONS_KEPT = 200


class ProblemFile:
    """Collects problems as they come; the file appears whole at the end, and only if there is something in it.

    With `always`, a file with the column names alone is written where there is nothing to say.
    """

    def __init__(self, path: Path, *, always: bool = False) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._always = always
        self._stream: TextIO | None = None
        self._writer: Any = None
        self._reasons: Counter[str] = Counter()
        self.lines: set[int] = set()

    def add(self, line: int, problem: RowProblem) -> None:
        """Write one problem down."""
        if self._stream is None:
            self._open()
        self.lines.add(line)
        cells = (problem.column, problem.value, problem.reason)
        self._writer.writerow((line, *(cell and to_cell(cell) for cell in cells)))
        reason = f"{problem.column}: {problem.reason}" if problem.column else problem.reason
        if reason in self._reasons or len(self._reasons) < _REASONS_KEPT:
            self._reasons[reason] += 1

    def most_frequent(self) -> dict[str, int]:
        """The reasons given most often, with how often."""
        return dict(self._reasons.most_common(5))

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Bytes that are no UTF-8 are shown as escapes: they are what the row was refused for.
        self._stream = self._part.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        self._writer = csv.writer(self._stream)
        self._writer.writerow(HEADER)

    def __enter__(self) -> "ProblemFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is None and self._always and error is None:
            self._open()
        if self._stream is not None:
            self._stream.close()
            self._part.replace(self._path)
        else:
            self._path.unlink(missing_ok=True)  # an earlier import's findings are not this one's
