"""Signs users in and out: a password against its hash, a new session each time, and an entry for each try."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.users.domain.user import User, lock_after
from dispatcher.users.passwords import hash_password, is_outdated, is_right
from dispatcher.users.storage import sessions, users
from dispatcher.users.storage import sign_in_tries as tries
from dispatcher.users.storage.sessions import Session

IDLE = timedelta(hours=2)
_TOUCH_EVERY = timedelta(minutes=1)  # a write a minute and user, not a write a page


InPassing = Callable[[str, Callable[[], object]], None]
"""Does a small write when it can: (what, in a word that tells repeats, the write)."""


def _at_once(_key: str, call: Callable[[], object]) -> None:
    call()


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """A new session. `token` is the cookie's value and is kept nowhere."""

    user: User
    token: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SignInRefused:
    """Why not, in words that do not tell whether the name exists."""

    why: str
    retry_after: timedelta | None = None


_WRONG = "This name and password do not go together."


def sign_in(
    database: Database, *, name: str, password: str, now: datetime, lasts: timedelta, address: str = ""
) -> SignedIn | SignInRefused:
    """A new session for the right password. `now` is the real clock; `address` is where the try came from.

    Names that nobody has get the same answers after the same time. Whoever guesses waits, by name and place: nobody can
    shut out another, who signs in from elsewhere.
    """
    with database.reading() as connection:
        user = users.find(connection, name)
        known = users.password_hash(connection, user.id) if user and user.disabled_at is None else None
        until = tries.waits_until(connection, tries.key_of(name, address))
    if until is not None and until > now:
        _log(database, "sign_in_refused", name, now, address=address, why="locked")
        return SignInRefused(why=_locked(until - now), retry_after=until - now)
    if not is_right(known, password):
        return _failed(database, name, now, address)
    assert user is not None  # noqa: S101 a right password has a user
    return _succeeded(database, user, password, known or "", now, lasts, address)


def session_of(
    database: Database, token: str, *, now: datetime, in_passing: InPassing = _at_once
) -> Session | None:
    """The living session behind a cookie; notes `in_passing`, once a minute, that it is in use."""
    if not token:
        return None
    digest = token_hash(token)
    with database.reading() as connection:
        session = sessions.find(connection, digest, now=now, seen_after=now - IDLE)
    if session is not None and now - session.seen_at > _TOUCH_EVERY:
        in_passing(f"session {digest}", lambda: _touch(database, digest, now))
    return session


def _touch(database: Database, digest: str, now: datetime) -> None:
    with database.writing() as connection:
        sessions.touch(connection, digest, now)


def sign_out(database: Database, session: Session, *, now: datetime) -> None:
    """End a session on the server; its cookie is worth nothing from here on."""
    with database.writing() as connection:
        sessions.revoke(connection, session.token_sha256, now)
        append_audit(connection, "signed_out", session.user.name, now)


def token_hash(token: str) -> str:
    """What of a token is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def append_audit(connection: Connection, event: str, user: str, at: datetime, **details: object) -> None:
    """An entry about a user's own doing; `details` hold no debtor's data."""
    said = {key: value for key, value in details.items() if value not in ("", None)}
    delivery_log.append(connection, [LogEntry(event=event, at=at, actor=f"user:{user}", details=said)])


def _succeeded(
    database: Database, user: User, password: str, known: str, now: datetime, lasts: timedelta, address: str
) -> SignedIn:
    token, expires_at = secrets.token_urlsafe(32), now + lasts
    renewed = {"password_hash": hash_password(password)} if is_outdated(known) else {}
    with database.writing() as connection:
        if renewed:
            users.change(connection, user.id, **renewed)
        tries.forget(connection, tries.key_of(user.name, address))
        sessions.add(
            connection,
            token_sha256=token_hash(token),
            user_id=user.id,
            csrf=secrets.token_hex(32),
            now=now,
            expires_at=expires_at,
        )
        append_audit(connection, "signed_in", user.name, now, address=address)
    return SignedIn(user=user, token=token, expires_at=expires_at)


def _failed(database: Database, name: str, now: datetime, address: str) -> SignInRefused:
    key = tries.key_of(name, address)
    with database.writing() as connection:
        number = tries.count(connection, key, now=now)
        lock = lock_after(number)
        tries.keep(connection, key, number, now=now, waits_until=now + (lock or timedelta(0)))
    _log(database, "sign_in_refused", name, now, address=address, why="locked from here" if lock else "wrong")
    return SignInRefused(why=_locked(lock) if lock else _WRONG, retry_after=lock)


def _locked(left: timedelta) -> str:
    minutes = max(1, -int(-left.total_seconds() // 60))
    return f"{_WRONG} There were too many tries: wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."


def _log(database: Database, event: str, name: str, now: datetime, **details: object) -> None:
    # What was typed as a name may be a password: only names that exist are written down.
    with database.writing() as connection:
        user = users.find(connection, name)
        append_audit(connection, event, user.name if user else "unknown", now, **details)
