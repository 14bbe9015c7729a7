"""Brings a database to the shape the code expects, and says which shape it has.

Alembic is imported only where something is to be changed: every command asks for the shape, and importing it takes
as long as what most of them do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from dispatcher.database.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parents[1] / "migrations"
VERSIONS = _HERE / "versions"
REVISIONS = tuple(sorted(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py")))
HEAD = REVISIONS[-1]
_UPGRADE_LOCK = 7_143_208_915  # any number that nobody else on the server takes


class MigrationError(Exception):
    """The database cannot be brought to the shape the code expects; the message says what to do."""


def upgrade(database: Database, to: str = "head") -> str:
    """Run what is missing, wholly or not at all; returns the revision reached. Safe to call again.

    Raises MigrationError for a database that a newer program wrote, or whose tables are not those of its revision.
    """
    from alembic import command

    with _changing(database) as connection:
        before = _revision(connection)
        if before not in ("", *REVISIONS):
            raise MigrationError(what_to_do(before))
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except DBAPIError as error:
            if not any(words in str(error.orig) for words in ("no such", "does not exist")):
                raise
            raise MigrationError(_stuck(before, str(error.orig).splitlines()[0])) from error
        if to == "head" and before:
            # Whatever was decided before is decided anew: tables that are rebuilt raise no versions.
            connection.exec_driver_sql("UPDATE messages SET clearance = NULL WHERE clearance IS NOT NULL")
        if to == "head" and (missing := _missing(connection)):
            raise MigrationError(_stuck(before, "there is no " + ", no ".join(missing)))
        return _revision(connection)


def current(database: Database) -> tuple[str, str]:
    """(revision of the database or "", revision the code expects)."""
    with database.reading() as connection:
        return _revision(connection), HEAD


def what_to_do(has: str) -> str:
    """What stands in the way of using a database of this revision, and the way out; "" for nothing."""
    if has == HEAD:
        return ""
    if has not in ("", *REVISIONS):
        return (
            f"the database is at revision {has}, which this program does not know (its newest is {HEAD}): a newer "
            "version wrote it. Use that version, or go back to a backup made before it was upgraded"
        )
    return (
        f"the database is {f'at revision {has}' if has else 'empty'}, this program expects {HEAD}: "
        "run `dispatcher db upgrade`"
    )


def damage(database: Database) -> str:
    """What SQLite finds wrong with its file, "" for nothing; PostgreSQL looks after its own."""
    with database.reading() as connection:
        if connection.dialect.name != "sqlite":
            return ""
        found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    return "" if found == "ok" else found.splitlines()[-1]


@contextmanager
def _changing(database: Database) -> Iterator[Connection]:
    """A transaction in which tables may be rebuilt, one process at a time, with no limit on a statement's time."""
    with database.turn, database.writer.connect() as connection:
        if database.is_sqlite:
            yield from _on_sqlite(connection)
            return
        with connection.begin():
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
            yield connection


def _on_sqlite(connection: Connection) -> Iterator[Connection]:
    """Dropping a table that others point at is refused unless nobody looks; so look at the end instead."""
    raw = connection.connection.cursor()
    raw.execute("PRAGMA foreign_keys=OFF")  # inside a transaction it would do nothing
    try:
        with connection.begin():
            yield connection
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise MigrationError(
                    f"after the upgrade a row of {broken[0]} points at no row of {broken[2]}"
                )
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _missing(connection: Connection) -> list[str]:
    """Tables and columns that the code names and the database lacks."""
    from dispatcher.database.tables.metadata import metadata

    there = {
        table: {column["name"] for column in columns}
        for (_, table), columns in inspect(connection).get_multi_columns().items()
    }
    missing = [f"table {name}" for name in metadata.tables if name not in there]
    return missing + [
        f"column {column}"
        for name, table in metadata.tables.items()
        for column in table.columns
        if column.name not in there.get(name, {column.name})
    ]


def _stuck(revision: str, why: str) -> str:
    return (
        f"upgrading the database from revision {revision or 'none'} failed, and nothing was changed: {why}. "
        "A database that was made before the first release cannot be brought along: set DISPATCHER_HOME to a new "
        "folder (or DISPATCHER_DATABASE_URL to an empty database), run `dispatcher db upgrade`, and import the "
        "ledger and the contacts again; keep the old one, with the program that wrote it, for its log"
    )


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""
