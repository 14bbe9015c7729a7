"""Imports what lies in a watched folder, so that the ledger is fresh before the run, and puts the files away."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

SUFFIXES = frozenset({".csv", ".jsonl", ".ndjson"})
QUIET_SECONDS = 60.0  # a file that changed later than this may still be growing
DONE, FAILED = "done", "failed"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

ImportOne = Callable[[Path, str, date], str]
"""(file, mapping or "", day of the ledger) -> what it did, in a sentence; raises when it cannot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """One file and how it went."""

    file: str
    imported: bool
    said: str


def import_watched(folder: Path, import_one: ImportOne, *, now: datetime) -> list[Watched]:
    """Import every finished file, oldest name first.

    Files in a subfolder are read with the mapping of that name. The day of the ledger stands in the file's name
    (2026-11-23), else it is today's. Files go to `done/` or, with the reason beside them, to `failed/`.
    """
    return [_take(folder, file, import_one, now) for file in list(_waiting(folder, now))]


def _waiting(folder: Path, now: datetime) -> Iterator[Path]:
    if not folder.is_dir():
        raise FileNotFoundError(2, "the watched folder does not exist", str(folder))
    for file in sorted([*folder.glob("*.*"), *folder.glob("*/*.*")]):
        if file.suffix.lower() not in SUFFIXES or file.parent.name in {DONE, FAILED}:
            continue
        if now.timestamp() - file.stat().st_mtime >= QUIET_SECONDS:
            yield file


def _take(folder: Path, file: Path, import_one: ImportOne, now: datetime) -> Watched:
    mapping = "" if file.parent == folder else file.parent.name
    try:
        said, imported = import_one(file, mapping, _ledger_day(file, now)), True
    except (ValueError, LookupError, OSError) as error:
        said, imported = _named(file, str(error)), False
    _put_away(folder, file, now, said, imported=imported)
    return Watched(file=file.name, imported=imported, said=said)


def _named(file: Path, said: str) -> str:
    return said if file.name in said else f"{file.name}: {said}"


def _ledger_day(file: Path, now: datetime) -> date:
    found = _DAY.search(file.stem)
    return date.fromisoformat(found.group()) if found else now.astimezone(UTC).date()


def _put_away(folder: Path, file: Path, now: datetime, said: str, *, imported: bool) -> None:
    place = folder / (DONE if imported else FAILED)
    place.mkdir(exist_ok=True)
    target = place / f"{now:%Y%m%dT%H%M%S}-{file.name}"
    file.replace(target)
    if not imported:
        target.with_name(f"{target.name}.why.txt").write_text(f"{said}\n", encoding="utf-8")
