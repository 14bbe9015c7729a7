"""Erases a person's bodies and personal values; what happened, its hashes and its seals stay provable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.record.storage import personal_data
from dispatcher.record.storage.personal_data import Holdings


class ErasureRefusedError(Exception):
    """This person may not be erased now; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasure:
    """Who asks for it, when (real clock), and why; `outbox` is the folder where the default channels write messages."""

    actor: str
    now: datetime
    why: str
    outbox: Path | None = None


def look_at(database: Database, person: str) -> Holdings:
    """Find what an erasure would remove; raises ErasureRefusedError for an unknown person."""
    with database.reading() as connection:
        found = personal_data.holdings_of(connection, person)
    if found is None:
        raise ErasureRefusedError(f"no debtor behind {person}")
    return found


def erase_person(database: Database, person: str, erasure: Erasure) -> Holdings:
    """Erase, and write an entry that names what: so that verification knows it from damage.

    Raises ErasureRefusedError where a legal hold stands or messages are on their way.
    """
    with database.writing() as connection:
        found = personal_data.holdings_of(connection, person)
        if found is None:
            raise ErasureRefusedError(f"no debtor behind {person}")
        _refuse(found)
        personal_data.erase(connection, found, now=erasure.now)
        delivery_log.append(connection, [_entry(found, erasure)])
    personal_data.fold_write_ahead_log(database)
    if erasure.outbox is not None:
        _delete_copies(erasure.outbox, found.messages)
    return found


def _delete_copies(outbox: Path, messages: Sequence[str]) -> None:
    for message_id in messages:
        for path in outbox.glob(f"{message_id}.*"):
            path.unlink(missing_ok=True)


def _refuse(found: Holdings) -> None:
    if found.legal_hold:
        raise ErasureRefusedError(
            f"{found.debtor} is under a legal hold: nothing is erased until it is released "
            "(`dispatcher record release`)"
        )
    if found.on_the_way:
        raise ErasureRefusedError(
            f"{found.debtor} has {found.on_the_way} messages on their way or unresolved: cancel or resolve "
            "them first (`dispatcher messages list`)"
        )


def _entry(found: Holdings, erasure: Erasure) -> LogEntry:
    details = {
        "bodies": list(found.bodies),
        "kept_bodies": list(found.kept_bodies),
        "personal": list(found.personal),
        "why": erasure.why,
    }
    return LogEntry(
        event=Event.ERASED, at=erasure.now, actor=erasure.actor, person=found.person, details=details
    )
