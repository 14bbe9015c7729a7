"""Opens a copy of SQLite's database that may only be read: an auditor's, on a medium or in a folder of others."""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote


class UnfinishedCopyError(Exception):
    """A copy that was taken in the middle of the program's work; the message says what to do."""


def may_only_be_read(file: Path) -> bool:
    """Whether the file is there, and it or its folder cannot be written by whoever runs this."""
    return file.is_file() and not (_writable(file) and _writable(file.parent))


def connect_read_only(file: Path) -> sqlite3.Connection:
    """A connection that writes nothing, beside the file neither. Raises UnfinishedCopyError, sqlite3.Error."""
    log, index = file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")
    whole = not (log.exists() and log.stat().st_size)
    if not whole and not index.exists() and not _writable(file.parent):
        raise UnfinishedCopyError(
            f"{file} was copied while the program was at work: what stands in {log.name} can only be read "
            "from a folder that may be written. Copy both there, or let `dispatcher backup` make the copy"
        )
    # SQLite would lay an index beside a file in WAL mode: told that nothing changes, it needs none.
    still = "&immutable=1" if whole and not _writable(file.parent) else ""
    return sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode=ro{still}", uri=True, check_same_thread=False
    )


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
