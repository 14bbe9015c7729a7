"""Copies the database with its keys' public halves and the seals file, and verifies the copy."""

import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from dispatcher.database import instance
from dispatcher.database.backup import copy_sqlite
from dispatcher.database.engine import Database, open_database
from dispatcher.database.instance import Instance
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.verify.verify_log import Verified, verify_log


@dataclass(frozen=True, kw_only=True, slots=True)
class BackedUp:
    """Where the copy lies, its size in bytes, and what verifying it gave."""

    path: Path
    size: int
    verified: Verified


def backup_database(
    database: Database, keys: SealingKeys, journal: SealJournal, target: Path, *, now: datetime
) -> BackedUp:
    """Copy to `target` (a .db file) and beside it `seals.jsonl` and the public keys; the secret keys stay.

    The copy says of itself that it is one, so that nothing is sent from it before a person adopts it. `now` is the
    real clock.
    """
    size = copy_sqlite(database, target)
    _mark_as_copy(target, now)
    if keys.folder.is_dir():
        shutil.copytree(keys.folder, target.parent / "keys", ignore=_all_but_public, dirs_exist_ok=True)
    copy = open_database(f"sqlite:///{target}")
    try:
        # seals made since the copy stand in the live file only: the copy is compared with itself
        verified = verify_log(
            copy, SealingKeys(target.parent / "keys"), SealJournal(target.parent / "no-seals")
        )
    finally:
        copy.close()
    if journal.path.exists():
        shutil.copy2(journal.path, target.parent / journal.path.name)
    return BackedUp(path=target, size=size, verified=verified)


def _mark_as_copy(target: Path, now: datetime) -> None:
    copy = open_database(f"sqlite:///{target}")
    try:
        with copy.writing() as connection:
            own = instance.read(connection) or Instance(id="", place="")
            why = f"this database was put back from a backup of {now:%Y-%m-%d %H:%M:%S}Z"
            instance.write(connection, replace(own, copy_of=why))
    finally:
        copy.close()


def _all_but_public(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".pub")]
