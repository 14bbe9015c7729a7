"""Progress bars for long work: on a terminal alone, never in a pipe or with --json."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Bars:
    """A block in which work can show how far it has come."""

    def __init__(self, *, quiet: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        shown = not quiet and sys.stderr.isatty()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not shown,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def counting(self, what: str) -> Callable[[int, int], None]:
        """A callback that takes (done, of)."""
        task = self._progress.add_task(what, total=None)
        return lambda done, of: self._progress.update(task, completed=done, total=of)

    def adding(self, what: str) -> Callable[[int], None]:
        """A callback that takes how many more are done."""
        task = self._progress.add_task(what, total=None)
        return lambda more: self._progress.advance(task, more)
