"""Where events are sent to, how far each receiver has come, and every try."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from dispatcher.database.tables.wire import webhook_tries, webhooks


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """One receiver. `position`: of the last event that it took; `failures`: tries in a row of the one after it."""

    id: int
    url: str
    creditor: str
    nonce: str
    position: int
    failures: int
    created_at: datetime
    created_by: str
    failing_since: datetime | None
    next_try_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """One request to a receiver; `status` None: no answer, `said` why."""

    position: int
    at: datetime
    status: int | None
    said: str = ""


def add(
    connection: Connection, *, url: str, creditor: str, nonce: str, position: int, by: str, at: datetime
) -> int:
    """A receiver of what happens from now on."""
    row = {
        "url": url, "creditor": creditor or None, "nonce": nonce, "position": position, "created_by": by,
        "created_at": at, "failures": 0,
    }  # fmt: skip
    return int(connection.execute(insert(webhooks).values(row).returning(webhooks.c.id)).scalar_one())


def living(connection: Connection) -> list[Webhook]:
    """Receivers that have not ended, in order."""
    query = select(webhooks).where(webhooks.c.ended_at.is_(None)).order_by(webhooks.c.id)
    return [_webhook(row) for row in connection.execute(query)]


def due(connection: Connection, now: datetime) -> list[Webhook]:
    """Receivers that may be tried now."""
    may = or_(webhooks.c.next_try_at.is_(None), webhooks.c.next_try_at <= now)
    query = select(webhooks).where(webhooks.c.ended_at.is_(None), may).order_by(webhooks.c.id)
    return [_webhook(row) for row in connection.execute(query)]


def get(connection: Connection, webhook_id: int) -> Webhook | None:
    """One receiver, ended or not."""
    row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).first()
    return _webhook(row) if row else None


def tries(connection: Connection, webhook_id: int, limit: int = 100) -> list[Try]:
    """The newest tries, newest first."""
    c = webhook_tries.c
    query = select(webhook_tries).where(c.webhook_id == webhook_id).order_by(c.id.desc()).limit(limit)
    rows = connection.execute(query)
    return [Try(position=row.position, at=row.at, status=row.status, said=row.said) for row in rows]


def note_tries(connection: Connection, webhook_id: int, found: Sequence[Try]) -> None:
    """Keep what was tried."""
    rows = [
        {
            "webhook_id": webhook_id,
            "position": one.position,
            "at": one.at,
            "status": one.status,
            "said": one.said,
        }
        for one in found
    ]
    if rows:
        connection.execute(insert(webhook_tries), rows)


def move(connection: Connection, webhook_id: int, **values: Any) -> None:
    """Set columns of a receiver."""
    connection.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(**values))


def _webhook(row: Any) -> Webhook:
    return Webhook(
        id=row.id,
        url=row.url,
        creditor=row.creditor or "",
        nonce=row.nonce,
        position=row.position,
        failures=row.failures,
        created_at=row.created_at,
        created_by=row.created_by,
        failing_since=row.failing_since,
        next_try_at=row.next_try_at,
        ended_at=row.ended_at,
    )
