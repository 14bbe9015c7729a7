"""Brings a database to the shape the code expects, and says which shape it has.

Alembic is imported only where something is to be changed: every command asks for the shape, and importing it takes
as long as what most of them do.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from dispatcher.database.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0001"  # the newest revision among `migrations/versions`
_HERE = Path(__file__).parents[1] / "migrations"


def upgrade(database: Database) -> str:
    """Run what is missing; returns the revision reached. Safe to call again."""
    from alembic import command

    with database.writing() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return _revision(connection)


def current(database: Database) -> tuple[str, str]:
    """(revision of the database or "", revision the code expects)."""
    with database.reading() as connection:
        return _revision(connection), HEAD


def damage(database: Database) -> str:
    """What SQLite finds wrong with its file, "" for nothing; PostgreSQL looks after its own."""
    with database.reading() as connection:
        if connection.dialect.name != "sqlite":
            return ""
        found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    return "" if found == "ok" else found.splitlines()[-1]


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""
