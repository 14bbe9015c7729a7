"""A migrated SQLite file, made once a test process: some thirty migrations a home are most of what a short test does."""

import atexit
import shutil
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from dispatcher.database import migrate
from dispatcher.database.engine import Database, open_database


@cache
def migrated_file() -> Path:
    """The file, to be copied."""
    folder = Path(mkdtemp(prefix="migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = open_database(f"sqlite:///{folder / 'template.db'}")
    migrate.upgrade(database)
    database.close()  # the last connection folds the write-ahead log into the file
    return folder / "template.db"


def begin(database: Database) -> None:
    """Put it into a SQLite file that has no table yet; any other database is left as it is."""
    file = database.writer.url.database if database.is_sqlite else None
    if not file or file == ":memory:" or database.is_read_only or _is_migrated(Path(file)):
        return
    with closing(sqlite3.connect(file)) as target, closing(sqlite3.connect(migrated_file())) as template:
        if not target.execute("SELECT 1 FROM sqlite_master").fetchone():
            template.backup(target)


def _is_migrated(file: Path) -> bool:
    """By its size: asking for its tables costs as much as all the rest of opening a home again."""
    return file.exists() and file.stat().st_size >= migrated_file().stat().st_size
