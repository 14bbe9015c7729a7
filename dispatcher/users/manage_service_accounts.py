"""Adds and changes accounts of creditors' programs; a key is shown once, and two may live while one is replaced."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.users.domain.scopes import parse_scopes
from dispatcher.users.domain.user import ServiceAccount, User, is_name
from dispatcher.users.manage_users import TOKEN_MARK, UserError
from dispatcher.users.storage import service_accounts, users
from dispatcher.users.token_hash import token_hash

KEY_LIFETIME = timedelta(days=365)
MOST_KEYS = 2  # the old one and the one that replaces it
_PREFIX = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedAccount:
    """An account with its living keys, each by the prefix that it shows."""

    user: User
    account: ServiceAccount
    keys: tuple[users.TokenRow, ...]


def add_account(
    database: Database,
    *,
    name: str,
    scopes: Iterable[str],
    creditor: str,
    by: str,
    at: datetime,
    is_test: bool = False,
) -> str:
    """A new account; returns its first key, which is kept as a hash alone. Raises UserError.

    `is_test`: whatever it asks for is answered as if and undone.
    """
    name = name.strip()
    if not is_name(name):
        raise UserError("an account's name has 1 to 100 printable characters")
    wanted = _scopes(scopes)
    with database.writing() as connection:
        user = users.add(connection, name=name, email="", password_hash="", roles=(), at=at)
        if user is None:
            raise UserError(f"there is a user or an account {name!r} already")
        service_accounts.add(connection, user.id, wanted, creditor, is_test=is_test)
        _log(
            connection,
            Event.SERVICE_ACCOUNT_ADDED,
            by,
            at,
            account=name,
            scopes=sorted(wanted),
            creditor=creditor,
            **({"test": True} if is_test else {}),
        )
        return _new_key(connection, user, by, at)


def add_key(database: Database, *, name: str, by: str, at: datetime) -> str:
    """A further key of an account, so that its program can change over. Raises UserError."""
    with database.writing() as connection:
        user, _ = _existing(connection, name)
        if user.disabled_at is not None:
            raise UserError(f"{user.name} is disabled")
        if len(users.tokens(connection, at, user.id)) >= MOST_KEYS:
            raise UserError(
                f"{user.name} has {MOST_KEYS} keys: end the one that is no longer used with "
                "`dispatcher service-accounts end-key`"
            )
        return _new_key(connection, user, by, at)


def end_key(database: Database, *, name: str, prefix: str, by: str, at: datetime) -> None:
    """End a key by what it begins with. Raises UserError."""
    with database.writing() as connection:
        user, _ = _existing(connection, name)
        key = next((one for one in users.tokens(connection, at, user.id) if one.name == prefix), None)
        if key is None:
            raise UserError(f"{user.name} has no living key that begins with {prefix}")
        users.revoke_tokens(connection, user.id, at, token_id=key.id)
        _log(connection, Event.SERVICE_KEY_ENDED, by, at, account=user.name, key=prefix)


def end_account(database: Database, *, name: str, by: str, at: datetime) -> None:
    """Shut an account out for good; its keys end at once. Raises UserError."""
    with database.writing() as connection:
        user, _ = _existing(connection, name)
        users.revoke_tokens(connection, user.id, at)
        users.change(connection, user.id, disabled_at=at)
        _log(connection, Event.SERVICE_ACCOUNT_ENDED, by, at, account=user.name)


def list_accounts(database: Database, at: datetime) -> list[ListedAccount]:
    """Every account with its living keys, by name."""
    with database.reading() as connection:
        return [
            ListedAccount(user=user, account=account, keys=tuple(users.tokens(connection, at, user.id)))
            for user_id, account in service_accounts.list_all(connection)
            if (user := users.get(connection, user_id)) is not None
        ]


def _new_key(connection: Connection, user: User, by: str, at: datetime) -> str:
    key = TOKEN_MARK + secrets.token_urlsafe(32)
    prefix = key[: len(TOKEN_MARK) + _PREFIX]
    users.add_token(
        connection, user.id, name=prefix, token_sha256=token_hash(key), at=at, expires_at=at + KEY_LIFETIME
    )
    _log(connection, Event.SERVICE_KEY_MADE, by, at, account=user.name, key=prefix)
    return key


def _existing(connection: Connection, name: str) -> tuple[User, ServiceAccount]:
    user = users.find(connection, name)
    account = service_accounts.of_user(connection, user.id) if user else None
    if user is None or account is None:
        raise UserError(f"there is no account {name!r}; `dispatcher service-accounts list` shows them")
    return user, account


def _scopes(words: Iterable[str]) -> frozenset[str]:
    try:
        return parse_scopes(words)
    except ValueError as error:
        raise UserError(str(error)) from None


def _log(connection: Connection, event: Event, by: str, at: datetime, **details: object) -> None:
    said = {key: value for key, value in details.items() if value not in ("", None)}
    delivery_log.append(connection, [LogEntry(event=event, at=at, actor=by, details=said)])
