"""Stores seals and the definite order of entries; finds what is not sealed yet."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, literal, select, text

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.record import sealed_entries, seals
from dispatcher.record.domain.seal import SealBody, body_hash

_SEALER = 0x5EA1  # PostgreSQL's advisory lock: one seal at a time


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSeal:
    """A seal as the database holds it."""

    body: SealBody
    text: str
    signature: str

    @property
    def hash(self) -> str:
        """What the next seal names as its predecessor."""
        return body_hash(self.text)


def last_seal(connection: Connection) -> StoredSeal | None:
    """Return the newest seal."""
    row = connection.execute(select(seals).order_by(seals.c.number.desc()).limit(1)).first()
    return _stored(row) if row else None


def seals_after(connection: Connection, number: int, limit: int = 1_000_000) -> list[StoredSeal]:
    """List seals with a greater number, in order."""
    query = select(seals).where(seals.c.number > number).order_by(seals.c.number).limit(limit)
    return [_stored(row) for row in connection.execute(query)]


def settled_id(connection: Connection) -> int | None:
    """Return an id up to which every entry is committed or will never be; None where that cannot be said now.

    On PostgreSQL an insert takes its table's lock before its number from the sequence and keeps it until the
    end. So the sequence is read first; if nobody holds the lock after that, all numbers up to it are settled.
    Entries must be read in a transaction that begins after this one.
    """
    if connection.dialect.name == "sqlite":  # one writer at a time: ids are in order of commit
        return connection.scalar(select(func.max(log_entries.c.id))) or 0
    sequence = connection.scalar(text("SELECT pg_get_serial_sequence('log_entries', 'id')"))
    issued = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608 the catalogue's own name
    writers = connection.scalar(
        text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' "
            "AND relation = 'log_entries'::regclass AND pid IS DISTINCT FROM pg_backend_pid() "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    )
    return None if writers else int(issued.last_value if issued.is_called else 0)


def unsealed(connection: Connection, above: int, limit: int) -> Sequence[Any]:
    """List (id, entry) not yet sealed with an id above `above`, in order of id."""
    sealed = select(literal(1)).where(sealed_entries.c.entry_id == log_entries.c.id)
    return connection.execute(
        select(log_entries.c.id, log_entries.c.entry)
        .where(log_entries.c.id > above, ~sealed.exists())
        .order_by(log_entries.c.id)
        .limit(limit)
    ).all()


def lock_sealing(connection: Connection) -> None:
    """Let one sealer at a time pass; nobody else waits. SQLite's write lock does it already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SEALER})


def add_seal(
    connection: Connection, seal: StoredSeal, entry_ids: Sequence[int], leaves: Sequence[bytes]
) -> None:
    """Store a seal with the entries it covers, in their order."""
    body = seal.body
    connection.execute(
        insert(seals).values(
            number=body.number,
            sealed_at=body.sealed_at,
            first_position=body.first_position,
            last_position=body.last_position,
            root=body.root,
            previous=body.previous,
            key_id=body.key_id,
            body=seal.text,
            hash=seal.hash,
            signature=seal.signature,
        )
    )
    rows = [
        {"position": body.first_position + i, "entry_id": key, "seal": body.number, "leaf": leaf.hex()}
        for i, (key, leaf) in enumerate(zip(entry_ids, leaves, strict=True))
    ]
    if rows:
        connection.execute(insert(sealed_entries), rows)


def leaves_of(connection: Connection, body: SealBody) -> list[bytes]:
    """List the leaf hashes that a seal covers, in order."""
    query = (
        select(sealed_entries.c.leaf)
        .where(sealed_entries.c.position.between(body.first_position, body.last_position))
        .order_by(sealed_entries.c.position)
    )
    return [bytes.fromhex(leaf) for leaf in connection.scalars(query)]


def entry_at(connection: Connection, position: int) -> int | None:
    """Return the id of the entry at a position."""
    return connection.scalar(select(sealed_entries.c.entry_id).where(sealed_entries.c.position == position))


def given_up(connection: Connection) -> set[str]:
    """Collect the hashes of seals that a `restored` entry names as lost."""
    entries = connection.scalars(select(log_entries.c.entry).where(log_entries.c.event == "restored"))
    return {lost["hash"] for entry in entries for lost in json.loads(entry)["details"]["lost_seals"]}


def _stored(row: Row[tuple[object, ...]]) -> StoredSeal:
    values = row._mapping  # noqa: SLF001 SQLAlchemy's public way to read by name
    return StoredSeal(
        body=SealBody.parse(json.loads(str(values["body"]))),
        text=str(values["body"]),
        signature=str(values["signature"]),
    )
