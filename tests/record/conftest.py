"""A log to seal: database, keys and journal."""

from pathlib import Path

import pytest

from dispatcher.database.engine import Database
from tests.record.histories import Log


@pytest.fixture
def log(database: Database, tmp_path: Path) -> Log:
    """An empty log on each kind of database."""
    return Log(database, tmp_path / "home")


@pytest.fixture
def sqlite_log(sqlite_database: Database, tmp_path: Path) -> Log:
    """An empty log where the kind of database does not matter."""
    return Log(sqlite_database, tmp_path / "home")
