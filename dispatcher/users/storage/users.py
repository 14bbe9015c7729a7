"""Users and the bearer tokens of the API, as rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from dispatcher.database.tables.users import api_tokens, service_accounts, users
from dispatcher.users.domain.user import Role, User


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of the API, without its secret."""

    id: int
    user: str
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None


def add(
    connection: Connection, *, name: str, email: str, password_hash: str, roles: Iterable[Role], at: datetime
) -> User | None:
    """Store a new user; None when the name is taken, however it is written."""
    if find(connection, name) is not None:
        return None
    said = {
        "name": name,
        "email": email,
        "password_hash": password_hash,
        "roles": sorted(roles),
        "created_at": at,
    }
    connection.execute(insert(users).values(**said))
    return find(connection, name)


def find(connection: Connection, name: str) -> User | None:
    """The user of that name, in upper or lower case."""
    row = connection.execute(select(users).where(func.lower(users.c.name) == name.strip().lower())).first()
    return _user(row) if row else None


def get(connection: Connection, user_id: int) -> User | None:
    """One user by id."""
    row = connection.execute(select(users).where(users.c.id == user_id)).first()
    return _user(row) if row else None


def password_hash(connection: Connection, user_id: int) -> str:
    """What a password is checked against."""
    return connection.scalar(select(users.c.password_hash).where(users.c.id == user_id)) or ""


def with_password(connection: Connection) -> set[int]:
    """Ids of the users who have a password here."""
    return set(connection.scalars(select(users.c.id).where(users.c.password_hash != "")))


def list_all(connection: Connection) -> list[User]:
    """Every person, by name; programs' accounts are listed apart."""
    query = select(users).where(users.c.id.not_in(select(service_accounts.c.user_id)))
    return [_user(row) for row in connection.execute(query.order_by(func.lower(users.c.name)))]


def change(connection: Connection, user_id: int, **values: Any) -> None:
    """Set columns of a user."""
    if "roles" in values:
        values["roles"] = sorted(values["roles"])
    connection.execute(update(users).where(users.c.id == user_id).values(**values))


def has_other_admin(connection: Connection, user_id: int) -> bool:
    """Whether somebody else can manage users."""
    return any(
        user.id != user_id and user.disabled_at is None and Role.ADMIN in user.roles
        for user in list_all(connection)
    )


def add_token(
    connection: Connection, user_id: int, *, name: str, token_sha256: str, at: datetime, expires_at: datetime
) -> None:
    """Store a token's hash."""
    connection.execute(
        insert(api_tokens).values(
            user_id=user_id, name=name, token_sha256=token_sha256, created_at=at, expires_at=expires_at
        )
    )


def find_token(connection: Connection, token_sha256: str, now: datetime) -> tuple[User, TokenRow] | None:
    """Whose living token it is, unless that user is disabled."""
    row = connection.execute(
        select(users, *_TOKEN)
        .join(api_tokens, api_tokens.c.user_id == users.c.id)
        .where(
            api_tokens.c.token_sha256 == token_sha256,
            api_tokens.c.revoked_at.is_(None),
            api_tokens.c.expires_at > now,
            users.c.disabled_at.is_(None),
        )
    ).first()
    return (_user(row), _token(row)) if row else None


def touch_token(connection: Connection, token_id: int, now: datetime) -> None:
    """Note that the token, and by it its user, is in use."""
    query = update(api_tokens).where(api_tokens.c.id == token_id).values(last_used_at=now)
    user_id = connection.scalar(query.returning(api_tokens.c.user_id))
    if user_id is not None:
        change(connection, user_id, last_used_at=now)


def tokens(connection: Connection, now: datetime, user_id: int | None = None) -> list[TokenRow]:
    """Living tokens, of one user or of all."""
    query = (
        select(users.c.name, *_TOKEN)
        .join(api_tokens, api_tokens.c.user_id == users.c.id)
        .where(api_tokens.c.revoked_at.is_(None), api_tokens.c.expires_at > now)
        .order_by(api_tokens.c.id)
    )
    if user_id is not None:
        query = query.where(api_tokens.c.user_id == user_id)
    return [_token(row) for row in connection.execute(query)]


def revoke_tokens(connection: Connection, user_id: int, at: datetime, *, token_id: int | None = None) -> int:
    """End one token of a user, or all; returns how many."""
    query = update(api_tokens).where(
        api_tokens.c.user_id == user_id,
        api_tokens.c.revoked_at.is_(None),
        or_(api_tokens.c.id == token_id) if token_id is not None else api_tokens.c.id.is_not(None),
    )
    return connection.execute(query.values(revoked_at=at)).rowcount


_TOKEN = (
    api_tokens.c.id.label("token_id"),
    api_tokens.c.name.label("label"),
    api_tokens.c.created_at.label("made_at"),
    api_tokens.c.expires_at,
    api_tokens.c.last_used_at.label("token_used_at"),
)


def _token(row: Any) -> TokenRow:
    return TokenRow(row.token_id, row.name, row.label, row.made_at, row.expires_at, row.token_used_at)


def _user(row: Any) -> User:
    return User(
        id=row.id,
        name=row.name,
        email=row.email,
        roles=frozenset(Role(role) for role in row.roles),
        disabled_at=row.disabled_at,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
