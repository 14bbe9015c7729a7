"""Looks at the database, one after the other here or side by side in processes of their own: with the same answers."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from dispatcher.database.engine import Database, open_database

_Answer = TypeVar("_Answer")
_Asked = ParamSpec("_Asked")


class Looks:
    """Takes looks at a database, and gives each answer when it is asked for."""

    def __init__(self, database: Database, pool: ProcessPoolExecutor | None = None) -> None:
        self._database, self._pool = database, pool

    def take(
        self,
        look: Callable[Concatenate[Database, _Asked], _Answer],
        *asked: _Asked.args,
        **named: _Asked.kwargs,
    ) -> Callable[[], _Answer]:
        """What gives the answer of a module's function: begun at once in another process, else when it is called."""

        def here() -> _Answer:
            return look(self._database, *asked, **named)

        begun = self._begin(look, *asked, **named)
        if begun is None:
            return here

        def there() -> _Answer:
            try:
                return begun.result()
            except BrokenExecutor:  # a process died, or the machine has none to give
                return here()

        return there

    def _begin(self, look: Callable[..., _Answer], *asked: Any, **named: Any) -> Future[_Answer] | None:
        try:
            return self._pool.submit(_look, look, *asked, **named) if self._pool else None
        except (BrokenExecutor, OSError):
            return None


@contextmanager
def looking(database: Database, processes: int) -> Iterator[Looks]:
    """Looks that are taken in so many processes; in this one where that is 1 or the database is of this one alone."""
    url = database.reader.url
    if processes < 2 or (database.is_sqlite and url.database in {None, "", ":memory:"}):
        yield Looks(database)
        return
    with ProcessPoolExecutor(
        processes,
        # A forked child would share database connections and threads with its parent.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_open,
        initargs=(url.render_as_string(hide_password=False),),
    ) as pool:
        try:
            yield Looks(database, pool)
        finally:
            pool.shutdown(cancel_futures=True)


_database: Database


def _open(url: str) -> None:
    global _database  # noqa: PLW0603  what a process keeps between the calls of its pool
    _database = open_database(url)


def _look(look: Callable[..., _Answer], *asked: Any, **named: Any) -> _Answer:
    return look(_database, *asked, **named)
