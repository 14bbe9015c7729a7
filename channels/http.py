"""Pooled HTTPS with time-outs that knows whether a request had left before it failed."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from channels.deadline import DeadlineReader, buffered
from channels.loopback import is_loopback

# A kept connection that the other side has given up meanwhile turns the next request into an unknown outcome.
# Load balancers close idle ones after about a minute; we are first.
IDLE_SECONDS = 30.0
LARGEST_ANSWER = 16_000_000  # bytes; a page of two hundred messages is a hundredth of it
LONGEST_PAUSE = timedelta(days=1)
_PIECE = 65_536
_DIGITS = 12  # more are no time of anybody
_EPOCH_FROM = 1_000_000_000  # a reset time above this is an instant, below it a number of seconds

_call = threading.local()


class NotWrittenError(Exception):
    """Nothing of the request reached the provider: it may be made again."""


class NoAnswerError(Exception):
    """The request went out, at least in part, and no whole answer came back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A provider's whole answer; header names match without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> Mapping[str, object]:
        """The JSON object of the body; empty where it is none, which a proxy in between may answer any time."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class _WholeAnswer(http.client.HTTPResponse):
    """An answer of which status line, headers and body share one deadline, counted from when it is waited for."""

    def __init__(self, sock: socket.socket, *rest: Any, **more: Any) -> None:
        super().__init__(sock, *rest, **more)
        limit = sock.gettimeout()
        if limit is not None:
            self.fp.close()
            self.fp = buffered(DeadlineReader(sock, time.monotonic() + limit))


class _PlainConnection(HTTPConnection):
    """Notes the moment the first byte of a request goes out, and refuses to be reused when idle for long."""

    response_class = _WholeAnswer
    _used_at = 0.0
    _asking = False
    _head: bytes | None = None  # empty: the next bytes are a head whose body follows

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._used_at < IDLE_SECONDS and super().is_connected

    def request(self, method: str, url: str, body: object = None, *rest: object, **more: object) -> None:
        self._head = b"" if body else None
        self._asking = True
        try:
            super().request(method, url, body, *rest, **more)  # type: ignore[arg-type]  # passed on as it came
        finally:
            self._asking = False

    def send(self, data: object) -> None:
        """Write; a head that a body follows waits for it, so that both leave in one TLS record."""
        if self._head == b"" and isinstance(data, bytes):
            self._head = data
            return
        if self._head and isinstance(data, bytes):
            data, self._head = self._head + data, None
        if self.sock is None:
            self.connect()
        _call.written = self._asking  # talking to a proxy is not yet asking
        self._used_at = time.monotonic()
        super().send(data)  # type: ignore[arg-type]  # what http.client takes, we pass on


class _TlsConnection(_PlainConnection, HTTPSConnection):
    """The same over TLS: a failed handshake is before the first byte."""


def foreign(answer: Answer, provider: str) -> str:
    """Why an answer is none of the provider's own, "" where it may be one.

    Portals and proxies answer for anybody, in HTML; no API of ours does. What they say judges the way there, never a
    message.
    """
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"} or answer.body.lstrip()[:1] == b"<":
        return (
            f"HTTP {answer.status} with a page of HTML is no answer of {provider}: something in between answered "
            "(a portal, a proxy), or BASE_URL points at something else"
        )
    return ""


def not_let_in(answer: Answer, provider: str) -> str | None:
    """Why a question that any good key may ask was not answered, or None."""
    if words := foreign(answer, provider):
        return words
    if answer.status in {401, 403}:
        return f"{provider} does not let us in (HTTP {answer.status}): look at the key, and at what it may do"
    return None if 200 <= answer.status < 300 else f"{provider} answers HTTP {answer.status}"


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Transport:
    """One provider's host. Thread-safe; connections are kept and shared, redirects and retries are off.

    Certificates are checked against the system's authorities, or those that SSL_CERT_FILE names.
    """

    def __init__(self, base_url: str, *, connect_timeout: float, timeout: float, concurrency: int) -> None:
        self._origin = base_url.rstrip("/")
        self._timeout = timeout
        parts = urlsplit(self._origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(
                f"BASE_URL {base_url!r} is no http(s) address; write https://host or leave it empty"
            )
        self._host = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path
        self._pool = _pool(parts, concurrency, urllib3.Timeout(connect=connect_timeout, read=timeout))

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Ask once; `url` is absolute under the base URL, or a path below it.

        Raises NotWrittenError or NoAnswerError, whose texts hold neither headers nor bodies nor paths.
        """
        path = url.removeprefix(self._origin) if url.startswith(self._origin) else url
        _call.written = False
        try:
            response = self._pool.urlopen(
                method,
                self._prefix + path,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            content = self._whole(response)
        except HTTPError as error:
            raise self._failure(error) from None
        except (
            ValueError
        ):  # of the standard library, for a header with a line break; its words repeat the header
            raise self._unfit() from None
        return Answer(status=response.status, headers=response.headers, body=content)

    def _whole(self, response: BaseHTTPResponse) -> bytes:
        """The body, which ends in time or not at all."""
        content = bytearray()
        while piece := response.read1(_PIECE):
            content += piece
            if len(content) > LARGEST_ANSWER:
                response.close()
                raise ReadTimeoutError(self._pool, "", "it does not end")
        response.release_conn()
        return bytes(content)

    def _failure(self, error: HTTPError) -> NotWrittenError | NoAnswerError:
        words = _words(error, self._host, self._timeout)
        return NoAnswerError(words) if _call.written else NotWrittenError(words)

    def _unfit(self) -> NotWrittenError | NoAnswerError:
        words = f"HTTP cannot carry what was to be said to {self._host}: look for a line break in its key"
        return NoAnswerError(words) if _call.written else NotWrittenError(words)

    def close(self) -> None:
        """Close every kept connection."""
        self._pool.close()


def _pool(parts: SplitResult, concurrency: int, limits: urllib3.Timeout) -> urllib3.HTTPConnectionPool:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return _PlainPool(host, parts.port, timeout=limits, maxsize=concurrency)
    context = ssl.create_default_context()
    proxy = getproxies().get("https")
    if proxy and not is_loopback(host) and not proxy_bypass(host):
        return _through(proxy, parts, timeout=limits, maxsize=concurrency, ssl_context=context)
    return _TlsPool(host, parts.port, timeout=limits, maxsize=concurrency, ssl_context=context)


def _through(proxy: str, parts: SplitResult, **limits: object) -> urllib3.HTTPConnectionPool:
    """A pool through the proxy that HTTPS_PROXY names; it sees the host's name, not what is said."""
    way = urlsplit(proxy if "//" in proxy else f"http://{proxy}")
    login = f"{unquote(way.username)}:{unquote(way.password or '')}" if way.username else None
    headers = urllib3.make_headers(proxy_basic_auth=login)
    bare = way._replace(netloc=way.netloc.rpartition("@")[2]).geturl()
    manager = urllib3.ProxyManager(bare, proxy_headers=headers, **limits)  # type: ignore[arg-type]  # each limit has its own type
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
    return manager.connection_from_host(parts.hostname, parts.port, "https")


def _words(error: HTTPError, host: str, timeout: float) -> str:
    match error:
        case NameResolutionError():
            return f"the name of {host} cannot be resolved"
        case ProxyError():
            return f"the proxy in HTTPS_PROXY does not let us through to {host}"
        case NewConnectionError() | ConnectTimeoutError():
            return f"no connection to {host}"
        case ReadTimeoutError():
            return f"no answer from {host} within {timeout:g} s"
        case SSLError():
            return f"TLS with {host} failed: {_certificate_words(error)}"
        case _:
            return f"the connection to {host} broke off"


def _certificate_words(error: SSLError) -> str:
    cause = error.args[0] if error.args else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"{cause.verify_message} (SSL_CERT_FILE names other authorities)"
    return getattr(cause, "reason", None) or type(cause).__name__


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """The pause the provider asks for: Retry-After in seconds or as a date, else a rate limit's reset.

    Dates are read against the answer's own Date header, so that our clock need not be right.
    """
    clock = _date(headers.get("Date", "")) or now
    wish = headers.get("Retry-After", "").strip()
    if wish.isdecimal():
        return _bounded(timedelta(seconds=min(int(wish[:_DIGITS]), 10**6)))
    if at := _date(wish):
        return _bounded(at - clock)
    for name in ("X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset"):
        if (value := headers.get(name, "").strip()).isdecimal():
            return _bounded(_until_reset(int(value[:_DIGITS]), clock))
    return None


def _until_reset(value: int, clock: datetime) -> timedelta:
    seconds = value - clock.timestamp() if value > _EPOCH_FROM else value
    return timedelta(seconds=min(seconds, 10**6))


def _bounded(pause: timedelta) -> timedelta:
    return min(max(pause, timedelta(0)), LONGEST_PAUSE)


def _date(text: str) -> datetime | None:
    with contextlib.suppress(ValueError, TypeError):
        at = parsedate_to_datetime(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None
