"""Hands the chain of seals over to another key: signed by the old one, or, where that is lost, never silently."""

from datetime import datetime

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.record.seal_log import Sealed, key_after, remember, report_on, seal_log, sealed_by
from dispatcher.record.storage import seals
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import KeyProblemError, SealingKeys


def change_key(
    database: Database, keys: SealingKeys, journal: SealJournal, *, now: datetime, why: str, actor: str
) -> Sealed:
    """Rotate, or replace a key that is lost: `why` is needed for that, and every verification will repeat it.

    Raises KeyProblemError where the key is lost and no reason is given.
    """
    with database.reading() as connection:
        wanted = key_after(seals.last_seal(connection))
    if wanted is None or keys.is_there(wanted):
        return rotate_key(database, keys, journal, now=now)
    if not why:
        keys.signing(wanted)  # raises, saying what is wrong and what to do
    return _replace_key(database, keys, journal, now=now, why=why, actor=actor)


def rotate_key(database: Database, keys: SealingKeys, journal: SealJournal, *, now: datetime) -> Sealed:
    """Hand the chain over to a new key, in a seal signed by the old one."""
    report = seal_log(database, keys, journal, now=now)
    following = keys.prepare_next()
    with database.writing() as connection:
        seals.lock_sealing(connection)
        previous = seals.last_seal(connection)
        draft = sealed_by(
            previous,
            keys.signing(key_after(previous)),
            [],
            settled=previous.body.settled_id if previous else 0,
            now=now,
            next_key=following.public,
        )
        seals.add_seal(connection, draft.seal, [], [])
    keys.signing(following.key_id)  # moves the new key into place
    remember(database, journal)
    return report_on(database, report.entries, report.seals + 1)


def _replace_key(
    database: Database, keys: SealingKeys, journal: SealJournal, *, now: datetime, why: str, actor: str
) -> Sealed:
    keys.set_aside()
    following = keys.prepare_next()
    with database.writing() as connection:
        seals.lock_sealing(connection)
        lost = _lost_key(connection, keys)
        previous = seals.last_seal(connection)
        settled = previous.body.settled_id if previous else 0
        draft = sealed_by(previous, following, [], settled=settled, now=now, replaces_key=lost, why=why)
        seals.add_seal(connection, draft.seal, [], [])
        details = {"lost_key": lost, "new_key": following.key_id, "why": why}
        delivery_log.append(
            connection, [LogEntry(event=Event.KEY_REPLACED, at=now, actor=actor, details=details)]
        )
    keys.signing(following.key_id)
    report = seal_log(database, keys, journal, now=now)
    return report_on(database, report.entries, report.seals + 1)


def _lost_key(connection: Connection, keys: SealingKeys) -> str:
    lost = key_after(seals.last_seal(connection))
    if lost is None or keys.is_there(lost):
        raise KeyProblemError(f"{keys.folder}: another process has changed the key meanwhile: look again")
    return lost
