"""A small, quick HTTP/1.1 server on loopback that fails on command."""

import asyncio
import base64
import contextlib
import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.doubles.webhooks import Webhooks


@contextlib.contextmanager
def listening(double: "Double") -> Iterator[str]:
    """The double on loopback in a thread of this process, so that a test can look into it; yields its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server, url = asyncio.run_coroutine_threadsafe(serve(double), loop).result(10)
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(status: int, said: object, **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(said).encode(), {"Content-Type": "application/json", **names})


@dataclass(slots=True)
class Faults:
    """What goes wrong with the next sends, in order; when the list is empty all is well.

    `ok`; `<status>` or `<status>:<Retry-After>`; `code:<provider's code>`; `slow:<seconds>`; `reset` (not
    processed, connection cut); `lost` (processed, then cut without an answer); `garbage` (accepted, unreadable);
    `portal` (not processed: a page of HTML with 200, as a captive portal has it); `proxy:<status>` (not processed: a
    proxy's page of HTML); `typed:<content type>` (processed, the right answer under a wrong type); `drip:<seconds>`
    (processed, then the answer a byte at a time); `deaf` (processed, the connection stays open without a word).
    """

    script: deque[str] = field(default_factory=deque)

    def next(self) -> str:
        return self.script.popleft() if self.script else "ok"


def is_revoked(request: Request) -> bool:
    """Whether the key or token says so of itself: what a provider answers to one that it took back."""
    kind, _, said = request.headers.get("authorization", "").partition(" ")
    with contextlib.suppress(ValueError):
        return "revoked" in (base64.b64decode(said).decode() if kind == "Basic" else said)
    return False


class Double:
    """One provider: says which requests are sends, does them, and words its own refusals."""

    def __init__(self, webhooks: Webhooks) -> None:
        self.webhooks = webhooks
        self.faults = Faults()
        self.asked = Faults()  # likewise of what is asked of the account
        self.received: list[dict[str, object]] = []
        self.latency = 0.0  # seconds that every answer to a send takes

    def is_send(self, request: Request) -> bool:
        raise NotImplementedError

    def is_ask(self, request: Request) -> bool:
        """Whether it is a question to the account, or something that it is told."""
        return False

    def handle(self, request: Request) -> Reply:
        raise NotImplementedError

    def refuse(self, status: int, code: str = "") -> Reply:
        raise NotImplementedError


class Sink(Double):
    """Gives a double's first answer to every send and keeps nothing: for measuring clients, not providers."""

    def __init__(self, double: Double) -> None:
        super().__init__(double.webhooks)
        self._double = double
        self._answer: Reply | None = None

    def is_send(self, request: Request) -> bool:
        return self._double.is_send(request)

    def handle(self, request: Request) -> Reply:
        if self._answer is None:
            self._answer = self._double.handle(request)
        return self._answer


class _Connection(asyncio.Protocol):
    def __init__(self, double: Double) -> None:
        self._double = double
        self._buffer = b""
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._advance()

    def _advance(self) -> None:
        if self._busy or (end := self._buffer.find(b"\r\n\r\n")) < 0:
            return
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        length = int(headers.get("content-length", 0))
        if len(self._buffer) < end + 4 + length:
            return
        body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
        method, target, _ = first.split(" ", 2)
        self._answer(Request(method, target, headers, body))

    def _answer(self, request: Request) -> None:
        if request.target.startswith("/_double/"):
            self._write(_control(self._double, request))
            return
        fault = _fault(self._double, request)
        word, _, value = fault.partition(":")
        if word == "ok" and self._double.latency:
            word, value = "slow", str(self._double.latency)
        if word == "slow":
            self._busy = True
            asyncio.get_running_loop().call_later(float(value), self._finish, self._double.handle(request))
        elif word == "drip":
            self._busy = True
            self._drip(_bytes(self._double.handle(request)), float(value))
        elif word == "deaf":
            self._busy = True
            self._double.handle(request)
        elif word in {"reset", "lost"}:
            if word == "lost":
                self._double.handle(request)
            self._transport.abort()
        else:
            self._write(_reply(self._double, request, word, value))

    def _drip(self, rest: bytes, every: float) -> None:
        if rest and not self._transport.is_closing():
            self._transport.write(rest[:1])
            asyncio.get_running_loop().call_later(every, self._drip, rest[1:], every)

    def _finish(self, reply: Reply) -> None:
        self._busy = False
        self._write(reply)
        self._advance()

    def _write(self, reply: Reply) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(_bytes(reply))


def _fault(double: Double, request: Request) -> str:
    if double.is_send(request):
        return double.faults.next()
    return double.asked.next() if double.is_ask(request) else "ok"


def _bytes(reply: Reply) -> bytes:
    head = [
        f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Status')}",
        f"Content-Length: {len(reply.body)}",
    ]
    head += [f"{name}: {value}" for name, value in reply.headers.items()]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + reply.body


_PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please sign in to the network.</body></html>"


def _reply(double: Double, request: Request, word: str, value: str) -> Reply:
    if word == "ok":
        return double.handle(request)
    if word == "garbage":
        accepted = double.handle(request)
        return Reply(accepted.status, b"<html>", {})
    if word in {"portal", "proxy"}:
        return Reply(int(value or 200), _PAGE, {"Content-Type": "text/html; charset=utf-8"})
    if word == "typed":
        accepted = double.handle(request)
        return Reply(accepted.status, accepted.body, {**accepted.headers, "Content-Type": value})
    if word == "code":
        return double.refuse(400, value)
    refused = double.refuse(int(word))
    return (
        Reply(refused.status, refused.body, {**refused.headers, "Retry-After": value}) if value else refused
    )


def _control(double: Double, request: Request) -> Reply:
    """`PUT /_double/faults` a JSON list; `GET /_double/received` and `/_double/hooks`; `DELETE /_double/received`."""
    if request.method == "PUT":
        double.faults.script = deque(json.loads(request.body))
    if request.method == "DELETE":
        double.received.clear()
        double.faults.script.clear()
    return json_reply(200, double.webhooks.answers if request.target.endswith("/hooks") else double.received)


async def serve(
    double: Double, *, port: int = 0, context: ssl.SSLContext | None = None
) -> tuple[asyncio.Server, str]:
    """Start listening on loopback; returns the server and its URL."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(double), "127.0.0.1", port, ssl=context)
    bound = server.sockets[0].getsockname()[1]
    return server, f"{'https' if context else 'http'}://127.0.0.1:{bound}"
