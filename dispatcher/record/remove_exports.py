"""Removes files that were made to be taken elsewhere, once they have lain for long: each is a copy of people's data."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

FOLDERS = ("exports", "changes", "rejects", "uploads")


def old_exports(home: Path, *, now: datetime, max_age: timedelta) -> list[Path]:
    """Files of the home's folders for exports that were last written longer ago; `now` is the real clock."""
    oldest = (now - max_age).timestamp()
    files = (path for name in FOLDERS for path in sorted((home / name).rglob("*")))
    return [path for path in files if path.is_file() and path.stat().st_mtime < oldest]


def remove_exports(files: Iterable[Path]) -> int:
    """Remove them; returns how many."""
    count = 0
    for path in files:
        path.unlink(missing_ok=True)
        count += 1
    return count
