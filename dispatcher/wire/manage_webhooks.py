"""Adds and ends receivers of events; each gets a secret that is shown once."""

import secrets
from datetime import datetime
from urllib.parse import urlsplit

from channels.loopback import is_loopback
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.wire.domain.signature import secret_of
from dispatcher.wire.storage import webhooks, wire_events

_LONGEST = 2_000


class WebhookError(ValueError):
    """The change cannot be made; the text says why and what to do."""


def add_webhook(
    database: Database, key: bytes, *, url: str, creditor: str, by: str, at: datetime
) -> tuple[int, str]:
    """A receiver of what happens from now on; returns its id and its secret. Raises WebhookError."""
    url = url.strip()
    _refuse_unsafe(url)
    nonce = secrets.token_hex(16)
    with database.writing() as connection:
        position = wire_events.last_position(connection)
        webhook_id = webhooks.add(
            connection, url=url, creditor=creditor, nonce=nonce, position=position, by=by, at=at
        )
        host = urlsplit(url).hostname or ""
        _log(connection, Event.WEBHOOK_ADDED, by, at, webhook=webhook_id, url=host, creditor=creditor)
    return webhook_id, secret_of(key, nonce)


def end_webhook(database: Database, webhook_id: int, *, creditor: str, by: str, at: datetime) -> None:
    """Send nothing more there. Raises WebhookError."""
    with database.writing() as connection:
        _living(connection, webhook_id, creditor)
        webhooks.move(connection, webhook_id, ended_at=at)
        _log(connection, Event.WEBHOOK_ENDED, by, at, webhook=webhook_id)


def retry_webhook(database: Database, webhook_id: int, *, creditor: str, by: str, at: datetime) -> None:
    """Ask a receiver again at once instead of after the wait. Raises WebhookError."""
    with database.writing() as connection:
        _living(connection, webhook_id, creditor)
        webhooks.move(connection, webhook_id, next_try_at=None)
        _log(connection, Event.WEBHOOK_RETRIED, by, at, webhook=webhook_id)


def _living(connection: Connection, webhook_id: int, creditor: str) -> None:
    known = webhooks.get(connection, webhook_id)
    if known is None or known.ended_at is not None or (creditor and known.creditor != creditor):
        raise WebhookError(f"there is no webhook {webhook_id}; `dispatcher webhooks list` shows them")


def _refuse_unsafe(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or len(url) > _LONGEST or not url.isprintable() or " " in url:
        raise WebhookError(f"url: {url[:200]!r} is no address; write https://host/path")
    if parts.username or parts.password:
        raise WebhookError("url: no user and password in an address; the signature proves who speaks")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)):
        return
    raise WebhookError("url: https alone; plain http only to this machine")


def _log(connection: Connection, event: Event, by: str, at: datetime, **details: object) -> None:
    said = {key: value for key, value in details.items() if value not in ("", None)}
    delivery_log.append(connection, [LogEntry(event=event, at=at, actor=by, details=said)])
