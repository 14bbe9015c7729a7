"""Imports what lies in a watched folder, so that the ledger is fresh before the run, and puts the files away."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from channels.durable_file import move_aside
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.find_ledger_day import day_of_ledger

SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".xlsx", ".xlsm", ".zip", ".gz"})
# Office's locks and what browsers and transfer programs have not finished: somebody is at work on the file itself.
TEMPORARY = (".", "~$")
UNFINISHED = (".part", ".tmp", ".temp", ".crdownload", ".filepart", ".partial", "~")
QUIET_SECONDS = 60.0  # a file that changed later than this may still be growing
DONE, FAILED = "done", "failed"

ImportOne = Callable[[Path, str, date], str]
"""(file, mapping or "", day of the ledger) -> what it did, in a sentence; raises when it cannot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """One file and how it went."""

    file: str
    imported: bool
    said: str


def import_watched(
    folder: Path,
    import_one: ImportOne,
    *,
    now: datetime,
    mapping_named: Callable[[str], PortfolioMapping | None] = lambda _name: None,
) -> list[Watched]:
    """Import every finished file, oldest name first.

    Files in a subfolder are read with the mapping of that name. The day of the ledger stands in the file's name
    (2026-11-23, 20261123, 23-11-2026; of a period its end), else in its column `ledger_as_of`; a file without either
    is no newer than it was last written.
    Files go to `done/` or, with the reason beside them, to `failed/`, whatever they are; temporary and hidden ones are
    left alone.
    """
    return [_take(folder, file, import_one, now, mapping_named) for file in list(_waiting(folder, now))]


def _waiting(folder: Path, now: datetime) -> Iterator[Path]:
    if not folder.is_dir():
        raise FileNotFoundError(2, "the watched folder does not exist", str(folder))
    for file in sorted([*folder.glob("*"), *folder.glob("*/*")]):
        if not file.is_file() or file.parent.name in {DONE, FAILED} or _is_temporary(file):
            continue
        if now.timestamp() - file.stat().st_mtime >= QUIET_SECONDS:
            yield file


def _is_temporary(file: Path) -> bool:
    name = file.name.lower()
    return name.startswith(TEMPORARY) or name.endswith(UNFINISHED) or file.parent.name.startswith(".")


def _take(
    folder: Path,
    file: Path,
    import_one: ImportOne,
    now: datetime,
    mapping_named: Callable[[str], PortfolioMapping | None],
) -> Watched:
    mapping = "" if file.parent == folder else file.parent.name
    try:
        _refuse_other_kinds(file)
        day, how = day_of_ledger(file, now, mapping_named(mapping))
        said, imported = f"{import_one(file, mapping, day)}{how}", True
    except (ValueError, LookupError, OSError) as error:
        said, imported = _named(file, str(error)), False
    _put_away(folder, file, said, imported=imported)
    return Watched(file=file.name, imported=imported, said=said)


def _named(file: Path, said: str) -> str:
    return said if file.name in said else f"{file.name}: {said}"


def _refuse_other_kinds(file: Path) -> None:
    if file.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"{file.name}: files of the kind {file.suffix or '(no suffix)'} are not read; export it as CSV or .xlsx"
        )


def _put_away(folder: Path, file: Path, said: str, *, imported: bool) -> None:
    target = move_aside(file, folder / (DONE if imported else FAILED))
    if not imported:
        target.with_name(f"{target.name}.why.txt").write_text(f"{said}\n", encoding="utf-8")
