"""Brings a database to the shape the code expects, and says which shape it has."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dispatcher.storage.engine import Database

_HERE = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> str:
    """Run what is missing; returns the revision reached. Safe to call again."""
    with database.writing() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return _revision(connection)


def current(database: Database) -> tuple[str, str]:
    """(revision of the database or "", revision the code expects)."""
    with database.reading() as connection:
        return _revision(connection), str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""
