"""Opens the database: one engine to read with, one to write with, the same calls on SQLite and PostgreSQL."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from dispatcher.database.read_only import connect_read_only, may_only_be_read

__all__ = [
    "Connection",
    "Database",
    "DatabaseBusyError",
    "open_database",
]  # services name the connection they pass on

BUSY_TIMEOUT_MS = 30_000
STATEMENT_TIMEOUT_MS = 120_000
_LOCK = type(threading.Lock())
_READERS = {"pool_size": 10, "max_overflow": 20}


@dataclass(frozen=True, slots=True)
class Database:
    """The two engines. Reads never write; writes take SQLite's lock at BEGIN, so they never meet "locked"."""

    reader: Engine
    writer: Engine
    # SQLite's busy handler sleeps up to 100 ms between tries: threads of one process queue here instead.
    turn: AbstractContextManager[Any] = field(default_factory=nullcontext)
    is_read_only: bool = False
    _whole: threading.local = field(default_factory=threading.local)  # the thread's transaction of `at_once`

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is in use."""
        return self.writer.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A short read transaction with one consistent view."""
        if (whole := self._joined()) is not None:
            yield whole
            return
        with self.reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, patience: float | None = None) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on any exception.

        Raises DatabaseBusyError where another holds SQLite's file for longer than `patience` seconds, and
        ReadOnlyDatabaseError for a copy that may only be read.
        """
        if self.is_read_only:
            raise ReadOnlyDatabaseError(self.writer.url.database)
        if (whole := self._joined()) is not None:
            with whole.begin_nested():
                yield whole
            return
        if patience is None or not self.is_sqlite:
            with self.turn, self.writer.begin() as connection:
                yield connection
            return
        with _taken(self.turn, patience), self.writer.connect() as connection, _hurried(connection, patience):
            transaction = _begun(connection)
            with transaction:
                yield connection

    @contextmanager
    def at_once(self, *, keep: bool = True) -> Iterator[Connection]:
        """One transaction around all that this thread reads and writes inside, so that it stands as a whole or not.

        `keep` False: it is undone at the end, whatever came of it. An exception undoes it and goes on; one that is
        caught inside undoes the inner transaction alone. It holds SQLite's lock from beginning to end.
        """
        with self.writing() as connection:
            self._whole.connection = connection
            try:
                yield connection
            finally:
                self._whole.connection = None
            if not keep:
                connection.rollback()

    def _joined(self) -> Connection | None:
        connection: Connection | None = getattr(self._whole, "connection", None)
        return connection

    def forgo_power_cuts(self) -> None:
        """Let commits outlive this program but not a power cut, for work that can be done again: no fsync each."""
        if self.is_sqlite:
            self.writer.dispose()
            event.listen(self.writer, "connect", _sqlite_unhurried)

    def close(self) -> None:
        """Give all connections back."""
        self.reader.dispose()
        self.writer.dispose()


class ReadOnlyDatabaseError(Exception):
    """The database may only be read, and this would write."""

    def __init__(self, file: str | None) -> None:
        super().__init__(
            f"{file} may only be read here, and this would change it; what only reads works: `messages list`, "
            "`log search`, `log verify`, … To work on it, copy it to where it may be written"
        )


class DatabaseBusyError(Exception):
    """Another holds the database, and it was not to be waited for."""


@contextmanager
def _taken(turn: AbstractContextManager[Any], seconds: float) -> Iterator[None]:
    if not isinstance(turn, _LOCK):
        raise TypeError("SQLite's writers of one process queue by a lock")
    if not turn.acquire(timeout=seconds):
        raise DatabaseBusyError
    try:
        yield
    finally:
        turn.release()


@contextmanager
def _hurried(connection: Connection, seconds: float) -> Iterator[None]:
    """Before the transaction begins, since beginning is what waits."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _begun(connection: Connection) -> AbstractContextManager[Any]:
    try:
        return connection.begin()
    except OperationalError:
        raise DatabaseBusyError from None


class DatabaseAddressError(ValueError):
    """The address names no database that this program can use; it is not repeated, since it may hold a password."""


def open_database(url: str, *, pool_size: int = 8) -> Database:
    """Open `sqlite:///path` or `postgresql://…`; nothing is created but an empty SQLite file."""
    kind = _backend(url)
    if kind not in {"sqlite", "postgresql", "postgres"}:
        raise DatabaseAddressError(
            "DISPATCHER_DATABASE_URL is no address of a database: write sqlite:////path/to/file.db or "
            "postgresql://user@host/name"
        )
    return _open_sqlite(url) if kind == "sqlite" else _open_postgresql(url, pool_size)


def _backend(url: str) -> str:
    try:
        return make_url(url).get_backend_name()
    except ArgumentError:
        return ""


def _open_sqlite(url: str) -> Database:
    file = make_url(url).database
    if file and may_only_be_read(Path(file)):
        reader = create_engine(url, creator=lambda: connect_read_only(Path(file)), **_READERS)
        event.listen(reader, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        event.listen(reader, "connect", _sqlite_read_only)
        return Database(reader, reader, threading.Lock(), is_read_only=True)
    _make_private(file)
    # The pages' pools of threads, jobs and what is done in passing each read beside the others.
    reader, writer = (
        create_engine(url, **_READERS) if _is_file(url) else create_engine(url),
        create_engine(url),
    )
    event.listen(reader, "connect", _sqlite_reader)
    event.listen(writer, "connect", _sqlite_writer)
    event.listen(reader, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return Database(reader, writer, threading.Lock())


def _make_private(file: str | None) -> None:
    """Make the file before SQLite does: what lies in it is for its owner alone. WAL and index get its mode."""
    if not file or file == ":memory:" or file.startswith("file:"):
        return
    with contextlib.suppress(OSError):  # it is there, or SQLite says in its own words what is wrong
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _is_file(url: str) -> bool:
    return make_url(url).database not in {None, "", ":memory:"}


def _sqlite_writer(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    # pysqlite would begin deferred transactions of its own: None hands BEGIN to us.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # an intent that a power cut takes back would be sent twice
        "foreign_keys=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_read_only(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in ("query_only=ON", "cache_size=-65536", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_unhurried(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")


def _sqlite_reader(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    _sqlite_writer(connection, record)
    connection.execute("PRAGMA query_only=ON")


def _open_postgresql(url: str, pool_size: int) -> Database:
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": 2 * pool_size,
        "pool_pre_ping": True,
        "connect_args": {
            "connect_timeout": 10,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC -c lock_timeout=60000",
        },
    }
    writer = create_engine(_psycopg(url), **options)
    reader = writer.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
    return Database(reader, writer)


def _psycopg(url: str) -> str:
    scheme, rest = url.split("://", 1)
    return f"postgresql+psycopg://{rest}" if scheme in {"postgresql", "postgres"} else url
