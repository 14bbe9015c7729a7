"""Signs users in and out: a password against its hash, a new session each time, and an entry for each try."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.users.audit import append_audit
from dispatcher.users.domain.user import User, lock_after
from dispatcher.users.passwords import hash_password, is_outdated, is_right
from dispatcher.users.sealed_secrets import SecretBox
from dispatcher.users.second_factor import takes_code
from dispatcher.users.storage import begun_sign_ins, second_factors, sessions, users
from dispatcher.users.storage import sign_in_tries as tries
from dispatcher.users.storage.sessions import Origin, Session
from dispatcher.users.token_hash import token_hash

IDLE = timedelta(hours=2)
CODE_WITHIN = timedelta(minutes=10)
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
class CodeWanted:
    """The password was right, and a code is asked for within ten minutes. `token` is a cookie's value, kept nowhere."""

    token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SignInRefused:
    """Why not, in words that do not tell whether the name exists."""

    why: str
    retry_after: timedelta | None = None


_WRONG = "This name and password do not go together."
_WRONG_CODE = "This code does not fit, or was used already. Type the newest one that the phone shows."


def sign_in(
    database: Database,
    *,
    name: str,
    password: str,
    now: datetime,
    lasts: timedelta,
    address: str = "",
    agent: str = "",
) -> SignedIn | CodeWanted | SignInRefused:
    """A new session for the right password, or a code asked for. `now` is the real clock; `address` the caller's place.

    Names that nobody has get the same answers after the same time. Whoever guesses waits, by name and place: nobody can
    shut out another, who signs in from elsewhere. Raises BusyError where too many passwords wait: no try was counted.
    """
    key = tries.key_of(name, address)
    with database.reading() as connection:
        user = users.find(connection, name)
        known = users.password_hash(connection, user.id) if user and user.disabled_at is None else None
        until = tries.waits_until(connection, key)
    if until is not None and until > now:
        return _shut(database, name, now, address, until - now)
    if not is_right(known, password):
        return _failed(database, name, key, now, address)
    assert user is not None  # noqa: S101 a right password has a user
    renewed = {"password_hash": hash_password(password)} if is_outdated(known or "") else {}
    with database.writing() as connection:
        if renewed:
            users.change(connection, user.id, **renewed)
        tries.forget(connection, key)
        factor = second_factors.find(connection, user.id)
        if factor is not None and factor.confirmed_at is not None:
            return _want_code(connection, user, now)
        return open_session(connection, user, now, lasts, Origin(address=address, agent=agent))


def sign_in_with_code(
    database: Database,
    box: SecretBox,
    *,
    token: str,
    code: str,
    now: datetime,
    lasts: timedelta,
    address: str = "",
    agent: str = "",
) -> SignedIn | SignInRefused | None:
    """The second step; None where nothing has begun, or too long ago. Raises SealingKeyError.

    Whoever guesses here knows the password, so the wait is by name alone: from no other place there are more guesses.
    """
    with database.reading() as connection:
        begun = begun_sign_ins.find(connection, token_hash(token), now)
        user = users.get(connection, begun[0]) if begun and begun[0] is not None else None
        key = tries.key_of(user.name if user else "", "second factor")
        until = tries.waits_until(connection, key)
    if user is None or user.disabled_at is not None:
        return None
    if until is not None and until > now:
        return _shut(database, user.name, now, address, until - now, wrong=_WRONG_CODE)
    with database.writing() as connection:
        way = takes_code(connection, box, user, code, now)
        if way is not None:
            if not begun_sign_ins.take(connection, token_hash(token)):
                return None
            tries.forget(connection, key)
            return open_session(connection, user, now, lasts, Origin(way=way, address=address, agent=agent))
    return _failed(database, user.name, key, now, address, wrong=_WRONG_CODE)


def open_session(
    connection: Connection, user: User, now: datetime, lasts: timedelta, origin: Origin
) -> SignedIn:
    """A new session and its entry."""
    token, expires_at = secrets.token_urlsafe(32), now + lasts
    sessions.add(
        connection,
        token_sha256=token_hash(token),
        user_id=user.id,
        csrf=secrets.token_hex(32),
        now=now,
        expires_at=expires_at,
        origin=origin,
    )
    append_audit(connection, Event.SIGNED_IN, user.name, now, address=origin.address, way=origin.way)
    return SignedIn(user=user, token=token, expires_at=expires_at)


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


def user_of_token(
    database: Database, token: str, *, now: datetime, in_passing: InPassing = _at_once
) -> User | None:
    """Whose living token it is; notes `in_passing`, once a minute, that it is in use."""
    with database.reading() as connection:
        found = users.find_token(connection, token_hash(token), now)
    if found is None:
        return None
    user, row = found
    if row.last_used_at is None or now - row.last_used_at > _TOUCH_EVERY:
        in_passing(f"token {row.id}", lambda: _touch_token(database, row.id, now))
    return user


def _touch_token(database: Database, token_id: int, now: datetime) -> None:
    with database.writing() as connection:
        users.touch_token(connection, token_id, now)


def _touch(database: Database, digest: str, now: datetime) -> None:
    with database.writing() as connection:
        sessions.touch(connection, digest, now)


def sign_out(database: Database, session: Session, *, now: datetime) -> None:
    """End a session on the server; its cookie is worth nothing from here on."""
    with database.writing() as connection:
        sessions.revoke(connection, session.token_sha256, now)
        append_audit(connection, Event.SIGNED_OUT, session.user.name, now)


def _want_code(connection: Connection, user: User, now: datetime) -> CodeWanted:
    token = secrets.token_urlsafe(32)
    begun_sign_ins.add(
        connection,
        token_sha256=token_hash(token),
        user_id=user.id,
        details={},
        now=now,
        expires_at=now + CODE_WITHIN,
    )
    return CodeWanted(token=token)


def _shut(
    database: Database, name: str, now: datetime, address: str, left: timedelta, *, wrong: str = _WRONG
) -> SignInRefused:
    _log(database, Event.SIGN_IN_REFUSED, name, now, address=address, why="locked")
    return SignInRefused(why=_locked(wrong, left), retry_after=left)


def _failed(
    database: Database, name: str, key: str, now: datetime, address: str, *, wrong: str = _WRONG
) -> SignInRefused:
    with database.writing() as connection:
        number = tries.count(connection, key, now=now)
        lock = lock_after(number)
        tries.keep(connection, key, number, now=now, waits_until=now + (lock or timedelta(0)))
    why = "locked from here" if lock else "wrong"
    _log(database, Event.SIGN_IN_REFUSED, name, now, address=address, why=why)
    return SignInRefused(why=_locked(wrong, lock) if lock else wrong, retry_after=lock)


def _locked(wrong: str, left: timedelta) -> str:
    minutes = max(1, -int(-left.total_seconds() // 60))
    return f"{wrong} There were too many tries: wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."


def _log(database: Database, event: Event, name: str, now: datetime, **details: object) -> None:
    # What was typed as a name may be a password: only names that exist are written down.
    with database.writing() as connection:
        user = users.find(connection, name)
        append_audit(connection, event, user.name if user else "unknown", now, **details)
