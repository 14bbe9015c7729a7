"""Restores a copy beside the database at work, to be looked at and thrown away."""

import os
import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from dispatcher.database.backup import BackupProblemError
from dispatcher.database.engine import Database, open_database

SUFFIXES = {True: ".db", False: ".dump"}  # by whether the database is SQLite's
_SAID = 300  # characters of what a program says


class DamagedCopyError(Exception):
    """The copy cannot be restored; the text says what stands in the way."""


@contextmanager
def restored(database: Database, file: Path, home: Path) -> Iterator[Database]:
    """The copy as a database of its own: of SQLite a file in `home`, of PostgreSQL a database that is dropped again.

    Raises DamagedCopyError for the copy's own faults, BackupProblemError where this machine or role cannot restore.
    """
    if database.is_sqlite:
        url = f"sqlite:///{_sqlite_file(file, home)}"
        with closing(open_database(url)) as copy:
            yield copy
        return
    with _postgresql_database(database, file) as url, closing(open_database(url)) as copy:
        yield copy


def _sqlite_file(file: Path, home: Path) -> Path:
    target = home / "dispatcher.db"
    shutil.copyfile(file, target)
    try:
        with closing(sqlite3.connect(target)) as connection:
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said != "ok":
        raise DamagedCopyError(f"the copy is damaged: {said}")
    return target


@contextmanager
def _postgresql_database(database: Database, file: Path) -> Iterator[str]:
    program = shutil.which("pg_restore")
    if program is None:
        raise BackupProblemError(
            "pg_restore is not here: install PostgreSQL's client programs on this machine"
        )
    name = f"dispatcher_drill_{uuid.uuid4().hex[:12]}"
    url = database.writer.url.set(database=name)
    _execute(database, f"CREATE DATABASE {name}")
    try:
        _restore(program, file, url)
        yield url.set(drivername="postgresql").render_as_string(hide_password=False)
    finally:
        _execute(database, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(database: Database, statement: str) -> None:
    """Outside of any transaction, as making and dropping a database wants it."""
    try:
        with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        raise BackupProblemError(
            f"no database for the drill: {str(error.orig)[:_SAID].strip()} (ALTER ROLE … CREATEDB lets us make one)"
        ) from None


def _restore(program: str, file: Path, url: URL) -> None:
    """The password goes by the environment: a command line is read by everybody on the machine."""
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    password = {"PGPASSWORD": url.password} if url.password else {}
    told = subprocess.run(  # noqa: S603 our own words and a file of the folder that is set
        [program, "--no-owner", "--exit-on-error", "--dbname", plain, str(file)],
        env={**os.environ, **password}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if told.returncode:
        raise DamagedCopyError(f"pg_restore: {' '.join(told.stderr.split())[:_SAID]}")
