"""Seals the entries that no seal covers yet: order, root, chain, signature, a line outside the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry, to_the_millisecond
from dispatcher.log.storage import delivery_log
from dispatcher.record.domain.seal import NO_SEAL, SealBody, key_id_of, leaf_hash, root_of, tree_of
from dispatcher.record.storage import seals, word_index
from dispatcher.record.storage.seal_journal import JournalLine, SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys, SigningKey
from dispatcher.record.storage.seals import StoredSeal

MOST = 16_384  # entries under one seal: SQLite's write lock is held some 40 ms for it


class SealsLostError(Exception):
    """The file of seals knows more than the database: entries were cut off, or an old backup is in place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """What sealing did, and where the chain ends now."""

    entries: int
    seals: int
    last_number: int
    last_position: int
    root: str
    hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A seal that is not stored yet, with the ids and leaves that it covers."""

    seal: StoredSeal
    ids: list[int]
    leaves: list[bytes]


def seal_log(
    database: Database, keys: SealingKeys, journal: SealJournal, *, now: datetime, after_restore: bool = False
) -> Sealed:
    """Seal everything committed so far; safe to call at any time, from any process.

    `now` is the real clock. Raises SealsLostError unless `after_restore`, which writes the loss down.
    """
    _compare_with_journal(database, journal, now=now, after_restore=after_restore)
    settled, entries, made = _settled(database), 0, 0
    while (draft := _draft(database, keys, settled, now)).ids:
        if not _store(database, draft):
            continue  # another sealer was faster: take what it left
        entries, made = entries + len(draft.ids), made + 1
        remember(database, journal)
        if len(draft.ids) < MOST:
            break
    if not made:
        remember(database, journal)  # a crash may have come between database and file
    _index_words(database)
    return report_on(database, entries, made)


def _draft(database: Database, keys: SealingKeys, settled: int | None, now: datetime) -> Draft:
    """Read and compute outside the write transaction: hashing holds nobody up."""
    with database.reading() as connection:
        previous = seals.last_seal(connection)
        floor = previous.body.settled_id if previous else 0
        rows = seals.unsealed(connection, floor, MOST)
    signing = keys.signing(key_after(previous))
    ids = [row.id for row in rows]
    # with a full batch more may wait below the settled mark: it may rise only to what is surely taken
    whole = settled if settled is not None and len(ids) < MOST else min(settled or 0, ids[-1] if ids else 0)
    taken = [(row.id, leaf_hash(row.entry)) for row in rows]
    return sealed_by(previous, signing, taken, settled=max(floor, whole), now=now)


def sealed_by(
    previous: StoredSeal | None,
    signing: SigningKey,
    taken: Sequence[tuple[int, bytes]],
    *,
    settled: int,
    now: datetime,
    **change_of_key: str,
) -> Draft:
    """Compute the seal that follows `previous` over entries (id, leaf), signed."""
    ids, leaves = [key for key, _ in taken], [leaf for _, leaf in taken]
    first = previous.body.last_position + 1 if previous else 1
    body = SealBody(
        number=previous.body.number + 1 if previous else 1,
        first_position=first,
        last_position=first + len(ids) - 1,
        root=root_of(tree_of(leaves)).hex(),
        previous=previous.hash if previous else NO_SEAL,
        sealed_at=to_the_millisecond(now),
        key_id=signing.key_id,
        settled_id=settled,
        **change_of_key,
    )
    text = body.canonical()
    return Draft(seal=StoredSeal(body=body, text=text, signature=signing.sign(text)), ids=ids, leaves=leaves)


def _store(database: Database, draft: Draft) -> bool:
    """Store the draft unless another sealer was faster."""
    with database.writing() as connection:
        seals.lock_sealing(connection)
        newest = seals.last_seal(connection)
        if (newest.hash if newest else NO_SEAL) != draft.seal.body.previous:
            return False
        seals.add_seal(connection, draft.seal, draft.ids, draft.leaves)
        return True


def _settled(database: Database) -> int | None:
    with database.reading() as connection:
        return seals.settled_id(connection)


def key_after(previous: StoredSeal | None) -> str | None:
    """Name the key that signs what follows a seal; None where there is none yet."""
    if previous is None:
        return None
    return key_id_of(previous.body.next_key) if previous.body.next_key else previous.body.key_id


def _compare_with_journal(
    database: Database, journal: SealJournal, *, now: datetime, after_restore: bool
) -> None:
    if _is_known(database, journal.last()):
        return  # the chain binds what is before it
    lines = journal.lines()
    with database.reading() as connection:
        known = {seal.hash for seal in seals.seals_after(connection, 0)} | seals.given_up(connection)
    lost = [line for line in lines if line.hash not in known]
    if not lost:
        return
    if not after_restore:
        raise SealsLostError(
            f"{journal.path} knows seal {lost[0].number} (to position {lost[0].last_position}), the database "
            "does not: entries were cut off or an older backup was put back. Find out which; "
            "`dispatcher log seal --after-restore` goes on and writes the loss into the log"
        )
    _write_loss_down(database, lost, now)


def _write_loss_down(database: Database, lost: list[JournalLine], now: datetime) -> None:
    details = {"lost_seals": [{"number": each.number, "hash": each.hash} for each in lost]}
    with database.writing() as connection:
        delivery_log.append(
            connection, [LogEntry(event=Event.RESTORED, at=now, actor="sealer", details=details)]
        )


def remember(database: Database, journal: SealJournal) -> None:
    """Bring the file up to the database: also after a crash between the two."""
    newest = journal.last()
    with database.reading() as connection:
        if newest is None or _is_known(database, newest):
            missing = seals.seals_after(connection, newest.number if newest else 0)
        else:
            written = {line.hash for line in journal.lines()}
            missing = [seal for seal in seals.seals_after(connection, 0) if seal.hash not in written]
    journal.add(
        JournalLine(
            number=seal.body.number,
            hash=seal.hash,
            root=seal.body.root,
            last_position=seal.body.last_position,
        )
        for seal in missing
    )


def _is_known(database: Database, line: JournalLine | None) -> bool:
    if line is None:
        return False
    with database.reading() as connection:
        return any(seal.hash == line.hash for seal in seals.seals_after(connection, line.number - 1, limit=1))


def _index_words(database: Database) -> None:
    while True:
        with database.writing() as connection:
            if not word_index.catch_up(connection):
                return


def report_on(database: Database, entries: int, made: int) -> Sealed:
    """Say where the chain ends now."""
    with database.reading() as connection:
        last = seals.last_seal(connection)
    return Sealed(
        entries=entries,
        seals=made,
        last_number=last.body.number if last else 0,
        last_position=last.body.last_position if last else 0,
        root=last.body.root if last else "",
        hash=last.hash if last else "",
    )
