"""Finds what other users of the machine may read: people's data lie in these files."""

import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

_KEPT = ("outbox", "outbox.part", "spool", "exports", "changes", "rejects", "uploads", "logs", "keys")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
MOST = 5  # named in one finding


def open_to_others(home: Path, database: str) -> list[str]:
    """Files and folders with data of people that group or others may open, some of many; "" is no database file."""
    return list(islice(_open(home, database), MOST))


def _open(home: Path, database: str) -> Iterator[str]:
    for path in _places(home, database):
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue
        if mode & _OTHERS and not stat.S_ISLNK(mode):
            yield f"{path} ({stat.S_IMODE(mode):04o})"


def _places(home: Path, database: str) -> Iterator[Path]:
    """Each folder before what lies in it; inside a closed folder nothing is open."""
    if database:
        yield from (Path(database + suffix) for suffix in ("", "-wal", "-shm"))
    for name in _KEPT:
        folder = home / name
        if folder.is_dir():
            yield folder
            if folder.stat().st_mode & _OTHERS:
                yield from sorted(folder.rglob("*"))
