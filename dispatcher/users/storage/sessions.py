"""Sessions as rows: only the token's hash is kept, and any of them can be ended at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from dispatcher.database.tables.users import sessions
from dispatcher.users.domain.user import User
from dispatcher.users.storage import users as user_rows

_LONGEST_AGENT = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A living session and whose it is. Instants on the real clock."""

    token_sha256: str
    user: User
    csrf: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    way: str = ""  # "password", "code", "recovery code" or "provider"
    address: str = ""
    agent: str = ""

    @property
    def id(self) -> str:
        """How its owner names it; it opens nothing."""
        return self.token_sha256[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """How and where from somebody signed in."""

    way: str = "password"
    address: str = ""
    agent: str = ""


def add(
    connection: Connection,
    *,
    token_sha256: str,
    user_id: int,
    csrf: str,
    now: datetime,
    expires_at: datetime,
    origin: Origin = Origin(),
) -> None:
    """Store a new session; those long over are forgotten on the way."""
    connection.execute(delete(sessions).where(sessions.c.expires_at < now))
    connection.execute(
        insert(sessions).values(
            token_sha256=token_sha256,
            user_id=user_id,
            csrf=csrf,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
            way=origin.way,
            address=origin.address,
            agent=origin.agent[:_LONGEST_AGENT],
        )
    )
    user_rows.change(connection, user_id, last_used_at=now)


def find(connection: Connection, token_sha256: str, *, now: datetime, seen_after: datetime) -> Session | None:
    """The session, unless it is over, ended, idle since before `seen_after`, or its user disabled."""
    row = connection.execute(
        select(sessions).where(
            sessions.c.token_sha256 == token_sha256,
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > now,
            sessions.c.seen_at > seen_after,
        )
    ).first()
    user = user_rows.get(connection, row.user_id) if row else None
    if row is None or user is None or user.disabled_at is not None:
        return None
    return _session(row, user)


def of_user(connection: Connection, user: User, now: datetime) -> list[Session]:
    """A user's living sessions, the newest first."""
    query = select(sessions).where(
        sessions.c.user_id == user.id, sessions.c.revoked_at.is_(None), sessions.c.expires_at > now
    )
    return [_session(row, user) for row in connection.execute(query.order_by(sessions.c.created_at.desc()))]


def touch(connection: Connection, token_sha256: str, now: datetime) -> None:
    """Note that the session is in use."""
    query = update(sessions).where(sessions.c.token_sha256 == token_sha256)
    user_id = connection.scalar(query.values(seen_at=now).returning(sessions.c.user_id))
    if user_id is not None:
        user_rows.change(connection, user_id, last_used_at=now)


def set_way(connection: Connection, token_sha256: str, way: str) -> None:
    """Its owner has shown more of themselves."""
    connection.execute(update(sessions).where(sessions.c.token_sha256 == token_sha256).values(way=way))


def revoke(connection: Connection, token_sha256: str, now: datetime) -> None:
    """End one session."""
    connection.execute(update(sessions).where(sessions.c.token_sha256 == token_sha256).values(revoked_at=now))


def revoke_all(connection: Connection, user_id: int, now: datetime, *, but: str = "") -> int:
    """End all sessions of a user but one; returns how many."""
    query = update(sessions).where(
        sessions.c.user_id == user_id, sessions.c.revoked_at.is_(None), sessions.c.token_sha256 != but
    )
    return connection.execute(query.values(revoked_at=now)).rowcount


def _session(row: Any, user: User) -> Session:
    return Session(
        token_sha256=row.token_sha256,
        user=user,
        csrf=row.csrf,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        way=row.way,
        address=row.address,
        agent=row.agent,
    )
