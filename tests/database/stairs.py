"""A database of each revision without climbing to it from the ground each time: one rises, each test gets a copy."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatcher.database import migrate
from dispatcher.database.engine import Database, open_database
from tests.emptied import execute, named


class Stairs:
    """One kind of database; ask for revisions in their order, or it begins at the ground again."""

    def __init__(self, place: str | Path) -> None:
        """In a folder of SQLite files, or at a PostgreSQL server's URL."""
        self._place = place
        self._revision = ""
        self._numbers = itertools.count(1)
        self._rising = self._begun()

    @contextmanager
    def copy(self, revision: str) -> Iterator[Database]:
        """An empty database of that revision, gone at the end."""
        if revision < self._revision:
            self._remove(self._rising)
            self._rising, self._revision = self._begun(), ""
        if revision > self._revision:
            rising = open_database(self._url(self._rising))
            self._revision = migrate.upgrade(rising, revision)
            rising.close()
        name = self._begun(self._rising)
        database = open_database(self._url(name))
        yield database
        database.close()
        self._remove(name)

    def _begun(self, like: str = "") -> str:
        name = f"stairs_{next(self._numbers)}"
        if isinstance(self._place, Path):
            if like:
                shutil.copy(self._place / like, self._place / name)
        else:
            execute(
                named(self._place, "postgres"),
                f"CREATE DATABASE {name} TEMPLATE {like or 'template1'} STRATEGY FILE_COPY",
            )
        return name

    def _remove(self, name: str) -> None:
        if isinstance(self._place, Path):
            (self._place / name).unlink(missing_ok=True)
        else:
            execute(named(self._place, "postgres"), f"DROP DATABASE {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return (
            f"sqlite:///{self._place / name}" if isinstance(self._place, Path) else named(self._place, name)
        )
