"""Practises a restore: puts the newest backup into a home that is thrown away, verifies it there, and says how it went.

A copy that nobody has ever put back is a hope. Nothing of the drill touches the home at work but an entry in its log.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dispatcher.database import migrate
from dispatcher.database.backup import BackupProblemError
from dispatcher.database.engine import Database
from dispatcher.database.restore import SUFFIXES, DamagedCopyError, restored
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.record.storage import drill_counts, seals
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.verify.verify_log import verify_log

OLD = timedelta(days=2)  # a backup is made daily; one that was left out is no finding yet
_MOST_FINDINGS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Drilled:
    """What came of it. `made_at`: when the copy was written; `counts`: rows by table; no findings: it would serve."""

    file: Path
    made_at: datetime
    entries: int
    counts: Mapping[str, int]
    findings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether one could go on from this copy."""
        return not self.findings


def newest_backup(folder: Path, suffix: str = ".db") -> Path:
    """The newest copy in a folder and what lies below it; raises BackupProblemError where there is none."""
    found = [path for path in folder.rglob(f"*{suffix}") if path.is_file() and not path.name.startswith(".")]
    if not found:
        raise BackupProblemError(
            f"{folder}: no backup (a {suffix} file) lies there; docs/backup.md says how one is made, such as by "
            f"`dispatcher backup --out {folder}/DAY/dispatcher.db`"
        )
    return max(found, key=lambda path: (path.stat().st_mtime, str(path)))


def drill_restore(
    database: Database, keys: Path, folder: Path, scratch: Path, *, now: datetime, actor: str
) -> Drilled:
    """Restore the newest copy of a folder, look at it, throw it away, and log what came of it.

    `keys` hold the public keys where the copy has none beside it; `scratch` is where files go meanwhile; `now` is the
    real clock. Raises BackupProblemError where there is no copy, or where this machine cannot restore one.
    """
    file = newest_backup(folder, SUFFIXES[database.is_sqlite])
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as home:
        drilled = _looked_at(database, keys, file, Path(home), now)
    _log(database, drilled, now, actor)
    return drilled


def _looked_at(database: Database, keys: Path, file: Path, home: Path, now: datetime) -> Drilled:
    made_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    findings, entries = _age(made_at, now), 0
    counts: dict[str, int] = {}
    beside = file.parent / "keys"
    public = SealingKeys(beside if beside.is_dir() else keys)
    try:
        with restored(database, file, home) as copy:
            migrate.upgrade(copy)
            # seals made since the copy stand beside it too: it is compared with the log at work instead
            verified = verify_log(copy, public, SealJournal(home / "no-seals"))
            entries = verified.entries
            counts, compared = _compared(database, copy)
            findings += [*(str(finding) for finding in verified.findings), *compared]
    except (DamagedCopyError, migrate.MigrationError) as error:
        findings.append(str(error))
    return Drilled(file=file, made_at=made_at, entries=entries, counts=counts, findings=tuple(findings))


def _age(made_at: datetime, now: datetime) -> list[str]:
    if now - made_at <= OLD:
        return []
    return [f"the newest backup is of {made_at:%Y-%m-%d %H:%M} UTC: what happened since would be lost"]


def _compared(database: Database, copy: Database) -> tuple[dict[str, int], list[str]]:
    """Rows of the copy, and why it is none of the log at work: both are read, neither is changed."""
    with copy.reading() as connection:
        counts, last = drill_counts.counts(connection), seals.last_seal(connection)
        root = drill_counts.root_of_seal(connection, last.body.number) if last else None
    with database.reading() as connection:
        at_work = drill_counts.counts(connection)
        known = drill_counts.root_of_seal(connection, last.body.number) if last else None
    findings = [
        f"the copy holds {count} rows of {table}, the database at work {at_work[table]}"
        for table, count in counts.items()
        if count > at_work[table] or (not count and at_work[table])
    ]
    if last is not None and root != known:
        findings.append(
            f"seal {last.body.number} of the copy is none of the log at work: it is another desk's"
        )
    return counts, findings


def _log(database: Database, drilled: Drilled, now: datetime, actor: str) -> None:
    details = {
        "file": drilled.file.name,
        "made_at": f"{drilled.made_at:%Y-%m-%dT%H:%M:%SZ}",
        "passed": drilled.passed,
        "entries": drilled.entries,
        "rows": dict(drilled.counts),
        "findings": [finding[:300] for finding in drilled.findings[:_MOST_FINDINGS]],
    }
    with database.writing() as connection:
        delivery_log.append(
            connection, [LogEntry(event=Event.RESTORE_DRILLED, at=now, actor=actor, details=details)]
        )
