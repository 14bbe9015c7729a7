"""Sign-ins that have begun and not ended, as rows: after the password, or on the way to the provider."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from dispatcher.database.tables.users import begun_sign_ins

_b = begun_sign_ins.c


def add(
    connection: Connection,
    *,
    token_sha256: str,
    user_id: int | None,
    details: Mapping[str, Any],
    now: datetime,
    expires_at: datetime,
) -> None:
    """Remember one; those that nobody ended are forgotten on the way."""
    connection.execute(delete(begun_sign_ins).where(_b.expires_at <= now))
    row = {
        "token_sha256": token_sha256,
        "user_id": user_id,
        "details": dict(details),
        "expires_at": expires_at,
    }
    connection.execute(insert(begun_sign_ins).values(row))


def find(
    connection: Connection, token_sha256: str, now: datetime
) -> tuple[int | None, dict[str, Any]] | None:
    """(user, details) of one that has begun and whose time is not over."""
    query = select(_b.user_id, _b.details).where(_b.token_sha256 == token_sha256, _b.expires_at > now)
    row = connection.execute(query).first()
    return (row.user_id, row.details) if row else None


def take(connection: Connection, token_sha256: str) -> bool:
    """End it; False where somebody was quicker: each opens one session."""
    query = delete(begun_sign_ins).where(_b.token_sha256 == token_sha256)
    return connection.execute(query).rowcount == 1


def forget_of(connection: Connection, user_id: int) -> None:
    """End all of a user."""
    connection.execute(delete(begun_sign_ins).where(_b.user_id == user_id))
