"""Leases: one holder of a name at a time, by the real clock, taken over when it runs out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.database.holders import is_dead
from dispatcher.database.tables.operations import leases

_LIVING = (
    select(leases)
    .where(
        leases.c.name.startswith(bindparam("prefix"), autoescape=False),
        leases.c.until > bindparam("real_now", type_=leases.c.until.type),
    )
    .order_by(leases.c.name)
)


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a name, until when, and what they say about it."""

    name: str
    owner: str
    until: datetime
    details: Mapping[str, Any]


def take(
    connection: Connection,
    name: str,
    owner: str,
    *,
    until: datetime,
    real_now: datetime,
    details: Mapping[str, Any] | None = None,
) -> bool:
    """Take or extend a lease; False while somebody else's lives. One statement, so two cannot both win.

    A lease whose owner was a process of this machine that is gone (`holders.is_dead`) may be taken before its time.
    """
    gone = _dead_owner(connection, name)
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    said = {"owner": owner, "until": until, "details": dict(details or {})}
    statement = (
        dialect.insert(leases)
        .values(name=name, **said)
        .on_conflict_do_update(
            index_elements=[leases.c.name],
            set_=said,
            where=or_(leases.c.owner.in_([owner, *gone]), leases.c.until <= real_now),
        )
        .returning(leases.c.owner)
    )
    return connection.scalar(statement) is not None


def _dead_owner(connection: Connection, name: str) -> list[str]:
    owner = connection.scalar(select(leases.c.owner).where(leases.c.name == name))
    return [owner] if owner is not None and is_dead(owner) else []


def release(connection: Connection, name: str, owner: str) -> None:
    """Give a lease back before its time."""
    connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))


def drop(connection: Connection, name: str) -> None:
    """End a lease, whoever holds it."""
    connection.execute(delete(leases).where(leases.c.name == name))


def last(connection: Connection, name: str) -> Lease | None:
    """The newest lease of a name, in force or over."""
    row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
    return None if row is None else Lease(row.name, row.owner, row.until, row.details)


def living(connection: Connection, *, prefix: str, real_now: datetime) -> list[Lease]:
    """Leases in force whose name begins so."""
    rows = connection.execute(_LIVING, {"prefix": prefix, "real_now": real_now})
    return [Lease(row.name, row.owner, row.until, row.details) for row in rows]
