"""Progress bars for long work: on a terminal alone, never in a pipe or with --json."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress


class Bars:
    """A block in which work can show how far it has come."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._progress = None if quiet or not sys.stderr.isatty() else _progress()

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def counting(self, what: str) -> Callable[[int, int], None]:
        """A callback that takes (done, of)."""
        progress = self._progress
        if progress is None:
            return lambda _done, _of: None
        task = progress.add_task(what, total=None)
        return lambda done, of: progress.update(task, completed=done, total=of)

    def adding(self, what: str) -> Callable[[int], None]:
        """A callback that takes how many more are done."""
        progress = self._progress
        if progress is None:
            return lambda _more: None
        task = progress.add_task(what, total=None)
        return lambda more: progress.advance(task, more)


def _progress() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
