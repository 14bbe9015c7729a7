"""Adds and changes users; every change ends what the user could do before and stands in the log."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.users.audit import append_audit
from dispatcher.users.domain.user import Role, User, is_name, parse_roles
from dispatcher.users.passwords import hash_password, is_right
from dispatcher.users.storage import begun_sign_ins, provider_identities, second_factors, sessions, users
from dispatcher.users.token_hash import token_hash

TOKEN_LIFETIME = timedelta(days=365)
TOKEN_MARK = "dsp_"  # noqa: S105 a prefix by which leak scanners know our tokens


class UserError(ValueError):
    """The change cannot be made; the text says why and what to do."""


def add_user(
    database: Database, *, name: str, roles: Iterable[str], password: str, email: str, by: str, at: datetime
) -> User:
    """A new user; raises UserError or WeakPasswordError."""
    name = name.strip()
    if not is_name(name):
        raise UserError("a user's name has 1 to 100 printable characters")
    wanted = _roles(roles)
    password_hash = hash_password(password, name=name)
    with database.writing() as connection:
        user = users.add(
            connection, name=name, email=email.strip(), password_hash=password_hash, roles=wanted, at=at
        )
        if user is None:
            raise UserError(f"there is a user {name!r} already; set-role changes what they may do")
        _log(connection, Event.USER_ADDED, by, at, user=name, roles=sorted(wanted))
    return user


def set_roles(database: Database, *, name: str, roles: Iterable[str], by: str, at: datetime) -> User:
    """Give a user these roles instead of the former; signed-in pages know at the next click."""
    wanted = _roles(roles)
    with database.writing() as connection:
        user = _existing(connection, name)
        if Role.ADMIN not in wanted:
            _keep_an_admin(connection, user)
        users.change(connection, user.id, roles=wanted)
        _log(
            connection,
            Event.USER_ROLES_SET,
            by,
            at,
            user=user.name,
            roles=sorted(wanted),
            before=sorted(user.roles),
        )
        return _existing(connection, name)


def disable_user(database: Database, *, name: str, by: str, at: datetime) -> User:
    """Shut a user out at once: sessions and tokens end. The name stays in the log."""
    with database.writing() as connection:
        user = _existing(connection, name)
        _keep_an_admin(connection, user)
        users.change(connection, user.id, disabled_at=at)
        sessions.revoke_all(connection, user.id, at)
        users.revoke_tokens(connection, user.id, at)
        _log(connection, Event.USER_DISABLED, by, at, user=user.name)
        return _existing(connection, name)


def enable_user(database: Database, *, name: str, by: str, at: datetime) -> User:
    """Let a disabled user in again."""
    with database.writing() as connection:
        user = _existing(connection, name)
        users.change(connection, user.id, disabled_at=None)
        _log(connection, Event.USER_ENABLED, by, at, user=user.name)
        return _existing(connection, name)


def set_password(
    database: Database, *, name: str, password: str, by: str, at: datetime, keep_session: str = ""
) -> None:
    """A new password; all other sessions of the user end."""
    password_hash = hash_password(password, name=name)
    with database.writing() as connection:
        user = _existing(connection, name)
        users.change(connection, user.id, password_hash=password_hash)
        begun_sign_ins.forget_of(connection, user.id)
        sessions.revoke_all(connection, user.id, at, but=keep_session)
        _log(connection, Event.PASSWORD_SET, by, at, user=user.name)


def reset_second_factor(database: Database, *, name: str, why: str, by: str, at: datetime) -> None:
    """Take the phone's codes away from somebody who has lost it; sessions end. They may set up another."""
    if not why.strip():
        raise UserError("say why: whoever reads the log must know that it was really they who asked")
    with database.writing() as connection:
        user = _existing(connection, name)
        if not second_factors.remove(connection, user.id):
            raise UserError(f"{user.name} has no second factor")
        sessions.revoke_all(connection, user.id, at)
        begun_sign_ins.forget_of(connection, user.id)
        _log(connection, Event.SECOND_FACTOR_RESET, by, at, user=user.name, why=why.strip())


def link_provider(database: Database, *, name: str, issuer: str, subject: str, by: str, at: datetime) -> None:
    """Let a user sign in by the provider as that subject; roles follow the provider from then on."""
    if not issuer:
        raise UserError("no provider is set")
    if not subject.strip() or len(subject.strip()) > 255:
        raise UserError("a subject has 1 to 255 characters: the provider shows it as the user's id")
    with database.writing() as connection:
        user = _existing(connection, name)
        provider_identities.link(connection, user.id, issuer, subject.strip())
        _log(connection, Event.PROVIDER_LINKED, by, at, user=user.name, subject=subject.strip())


def end_session(database: Database, user: User, session_id: str, *, at: datetime) -> None:
    """The owner ends one of their sessions. Raises UserError where it is over already."""
    with database.writing() as connection:
        session = next((one for one in sessions.of_user(connection, user, at) if one.id == session_id), None)
        if session is None:
            raise UserError("this session is over already")
        sessions.revoke(connection, session.token_sha256, at)
        append_audit(connection, Event.SESSIONS_ENDED, user.name, at, count=1)


def knows_password(database: Database, user: User, password: str) -> bool:
    """Whether the user at the keyboard is the one who signed in."""
    with database.reading() as connection:
        known = users.password_hash(connection, user.id)
    return is_right(known, password)


def make_token(
    database: Database, *, name: str, label: str, by: str, at: datetime, lasts: timedelta = TOKEN_LIFETIME
) -> str:
    """A bearer token for the API with the user's roles: shown once, kept as a hash."""
    token = TOKEN_MARK + secrets.token_urlsafe(32)
    with database.writing() as connection:
        user = _existing(connection, name)
        if user.disabled_at is not None:
            raise UserError(f"{user.name} is disabled")
        users.add_token(
            connection,
            user.id,
            name=label[:100],
            token_sha256=token_hash(token),
            at=at,
            expires_at=at + lasts,
        )
        _log(connection, Event.TOKEN_MADE, by, at, user=user.name, token=label[:100])
    return token


def revoke_tokens(
    database: Database, *, name: str, by: str, at: datetime, token_id: int | None = None
) -> int:
    """End one of a user's tokens, or all; returns how many."""
    with database.writing() as connection:
        user = _existing(connection, name)
        ended = users.revoke_tokens(connection, user.id, at, token_id=token_id)
        if ended:
            _log(connection, Event.TOKENS_REVOKED, by, at, user=user.name, count=ended)
        return ended


def _roles(words: Iterable[str]) -> frozenset[Role]:
    try:
        return parse_roles(words)
    except ValueError as error:
        raise UserError(str(error)) from None


def _existing(connection: Connection, name: str) -> User:
    user = users.find(connection, name)
    if user is None:
        raise UserError(f"there is no user {name!r}; `dispatcher users list` shows them")
    return user


def _keep_an_admin(connection: Connection, user: User) -> None:
    if Role.ADMIN in user.roles and not users.has_other_admin(connection, user.id):
        raise UserError(f"{user.name} is the last admin: make somebody else one first")


def _log(connection: Connection, event: Event, by: str, at: datetime, **details: object) -> None:
    delivery_log.append(connection, [LogEntry(event=event, at=at, actor=by, details=details)])
