"""Remembers the answers to the API's POSTs: a repeat under the same key gets the first answer again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.database.tables.users import idempotency_keys

KEPT = timedelta(days=2)
LEASE = timedelta(
    minutes=1
)  # how long a request that may be done twice is waited for; its program may have died


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What is known under a key; `status` None while the first request has not ended."""

    request_sha256: str
    status: int | None
    body: Any
    created_at: datetime


def claim(
    connection: Connection, user_id: int, key: str, request_sha256: str, now: datetime
) -> Answered | None:
    """Take a key; what it stands for already, or None where it was free and is ours now."""
    connection.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < now - KEPT))
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"user_id": user_id, "key": key, "request_sha256": request_sha256, "created_at": now}
    taken = (
        dialect.insert(idempotency_keys)
        .values(row)
        .on_conflict_do_nothing()
        .returning(idempotency_keys.c.key)
    )
    if connection.scalar(taken) is not None:
        return None
    found = connection.execute(select(idempotency_keys).where(_is(user_id, key))).one()
    return Answered(
        request_sha256=found.request_sha256,
        status=found.status,
        body=found.body,
        created_at=found.created_at,
    )


def take_over(connection: Connection, user_id: int, key: str, known: Answered, now: datetime) -> bool:
    """Claim the key of a request that was cut off; False while its lease runs, or where another was quicker."""
    if known.status is not None or now < known.created_at + LEASE:
        return False
    mine = _is(user_id, key) & (idempotency_keys.c.created_at == known.created_at)
    return connection.execute(update(idempotency_keys).where(mine).values(created_at=now)).rowcount == 1


def remember(connection: Connection, user_id: int, key: str, status: int, body: Any) -> None:
    """Keep the answer."""
    connection.execute(update(idempotency_keys).where(_is(user_id, key)).values(status=status, body=body))


def forget(connection: Connection, user_id: int, key: str) -> None:
    """Give a key back: the request changed nothing and may be sent again."""
    connection.execute(delete(idempotency_keys).where(_is(user_id, key)))


def _is(user_id: int, key: str) -> Any:
    return (idempotency_keys.c.user_id == user_id) & (idempotency_keys.c.key == key)
