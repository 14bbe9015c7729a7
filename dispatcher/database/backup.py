"""Copies the embedded database while it is in use, and checks the copy."""

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

from channels.durable_file import put_in_place
from dispatcher.database.engine import Database


class BackupProblemError(Exception):
    """The copy could not be made or does not hold together; the message says why."""


def copy_sqlite(database: Database, target: Path) -> int:
    """Write a consistent copy with SQLite's online backup; returns its size in bytes.

    Writers go on meanwhile. The file appears only when it is whole. On PostgreSQL use pg_dump (docs/backup.md).
    """
    if not database.is_sqlite:
        raise BackupProblemError(
            "the database is PostgreSQL: back it up with pg_dump --format=custom (docs/backup.md says how)"
        )
    if target.exists():
        raise BackupProblemError(f"{target} is there already: each backup has a name of its own")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with (
            closing(sqlite3.connect(str(database.writer.url.database))) as source,
            closing(sqlite3.connect(draft)) as copy,
        ):
            source.backup(copy, pages=4_096)
            copy.execute("PRAGMA journal_mode=DELETE")
            problem = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise BackupProblemError(f"{target}: the copy is damaged ({problem}); the database itself may be")
        put_in_place(draft, target, is_new=True)
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size
