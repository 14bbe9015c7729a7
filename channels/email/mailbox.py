"""Reads what lies in a mailbox over IMAP, without changing anything there: what was read is remembered on our side."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from channels.email.mailbox_access import MailboxAccess, Place
from channels.email.oauth_token import TokenError, TokenSource
from channels.settings import ChannelSettings

PORTS = {"tls": 993, "starttls": 143}
MOST_BYTES = 2_000_000  # of one mail: what people write stands at its beginning, what they attach is not read
_CHUNK = 20


class MailboxError(Exception):
    """The mailbox cannot be read; the text says why, without a secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail as it lies there, at most MOST_BYTES of it; `at` is when the server got it."""

    place: Place
    at: datetime
    raw: bytes


def read_mailbox(access: MailboxAccess, after: Place) -> Iterator[Mail]:
    """Every mail behind a place, oldest first; raises MailboxError."""
    with _opened(access) as client:
        validity = int(client.select_folder(access.folder, readonly=True)[b"UIDVALIDITY"])
        last = after.uid if after.validity == validity else 0
        uids = sorted(uid for uid in client.search(["UID", f"{last + 1}:*"]) if uid > last)
        for start in range(0, len(uids), _CHUNK):
            part = uids[start : start + _CHUNK]
            found = client.fetch(part, ["INTERNALDATE", f"BODY.PEEK[]<0.{MOST_BYTES}>"])
            for uid in part:
                if uid in found:  # else somebody has moved it meanwhile
                    yield Mail(
                        place=Place(validity=validity, uid=uid), at=_day(found[uid]), raw=_body(found[uid])
                    )


def log_in(access: MailboxAccess) -> int:
    """Sign in and look at the folder; how many mails lie there. Raises MailboxError."""
    with _opened(access) as client:
        lies = int(client.select_folder(access.folder, readonly=True)[b"EXISTS"])
        client.noop()
    return lies


def _body(answer: Any) -> bytes:
    return next((value or b"" for name, value in answer.items() if name.startswith(b"BODY[]")), b"")


def _day(answer: Any) -> datetime:
    at = answer.get(b"INTERNALDATE")
    return at.astimezone(UTC) if isinstance(at, datetime) else datetime.now(UTC)


@contextmanager
def _opened(access: MailboxAccess) -> Iterator[Any]:
    account = access.account
    try:
        client = _connected(account)
    except (OSError, IMAPClientError) as error:
        raise MailboxError(f"{access.name}: {type(error).__name__}: {error}") from None
    try:
        _sign_in(client, account)
        yield client
    except (OSError, IMAPClientError, TokenError) as error:
        raise MailboxError(f"{access.name}: {type(error).__name__}: {error}") from None
    finally:
        _leave(client)


def _connected(account: ChannelSettings) -> Any:
    """Over TLS alone: a password never travels in the clear."""
    context = ssl.create_default_context()
    implicit = account.tls == "tls"
    port = account.port or PORTS[account.tls]
    client = IMAPClient(
        account.host, port, ssl=implicit, ssl_context=context if implicit else None, timeout=account.timeout
    )
    client.normalise_times = False  # times keep their zone
    if not implicit:
        client.starttls(context)
    return client


def _sign_in(client: Any, account: ChannelSettings) -> None:
    if account.oauth_token_url:
        client.oauth2_login(account.username, TokenSource(account).token())
    else:
        client.login(account.username, account.password)


def _leave(client: Any) -> None:
    try:
        client.logout()
    except (OSError, IMAPClientError):
        client.shutdown()
