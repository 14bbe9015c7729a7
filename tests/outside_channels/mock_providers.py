"""Providers made from their published descriptions: they keep every request whole and answer as they are told."""

import base64
import itertools
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_send(self) -> bool:
        return self.method == "POST"

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """A urlencoded form; a name given twice is a mistake of the sender."""
        pairs = parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)
        assert len(pairs) == len(dict(pairs)), "a field was given twice"
        return dict(pairs)

    def parts(self) -> dict[str, bytes]:
        """A multipart form by field; a file by its bytes."""
        whole = message_from_bytes(
            f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode() + self.body
        )
        return {
            str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
            for part in whole.get_payload()
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """An answer, or a way to give none: `cut` before anything was done, `lose` after; `wait` seconds first."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    cut: bool = False
    lose: bool = False


class Provider:
    """One provider; `script` holds what goes wrong with the next sends, in order, then all is well."""

    def __init__(self, answer: Callable[[Call], Said]) -> None:
        self.calls: list[Call] = []
        self.script: list[Said] = []
        self.always: Said | None = None
        self.made: dict[str, dict[str, Any]] = {}  # what the provider's own pages would show
        self._answer = answer
        self._lock = threading.Lock()
        self._released = threading.Event()
        self.url = ""

    @property
    def sends(self) -> list[Call]:
        return [call for call in self.calls if call.is_send]

    def forget(self) -> None:
        self.calls, self.script, self.always = [], [], None
        self.made.clear()

    def answer(self, call: Call) -> Said:
        with self._lock:
            self.calls.append(call)
            told = (
                self.script.pop(0) if call.is_send and self.script else self.always if call.is_send else None
            )
            if told is None:
                return self._answer(call)
            if told.lose or told.wait:
                self._answer(call)
        if told.wait:
            self._released.wait(told.wait)
        return told

    @contextmanager
    def listening(self) -> Iterator["Provider"]:
        provider = self

        class Handler(_Handler):
            asked = provider

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._released.set()
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: Provider
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = self.asked.answer(
            Call(method=self.command, path=parts.path, query=parts.query, headers=headers, body=body)
        )
        if said.cut or said.lose:
            # RST instead of FIN: the other side sees a connection that broke, not one that ended.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        head = {"Content-Length": str(len(said.body)), **said.headers}
        self.send_response(said.status)
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.body)

    do_GET = do_POST = _serve  # noqa: N815  the standard library looks for these names

    def log_message(self, *_: object) -> None:
        """What arrives is kept, not printed."""


def as_json(status: int, value: object, **headers: str) -> Said:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Said(
        status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json", **named}
    )


def sendgrid() -> Provider:
    """202, an empty body and a name for the message; of a key, what it may do."""
    numbers = itertools.count(1)

    def answer(call: Call) -> Said:
        if call.path.endswith("/scopes"):
            return as_json(200, {"scopes": ["mail.send"]})
        return Said(status=202, headers={"X-Message-Id": f"sg-{next(numbers)}"})

    return Provider(answer)


def twilio() -> Provider:
    """The Messages resource: create and list."""
    numbers = itertools.count(1)

    def answer(call: Call) -> Said:
        if call.path.split("/")[-1].startswith("AC"):
            return as_json(200, {"sid": call.path.split("/")[-1].removesuffix(".json"), "status": "active"})
        if not call.is_send:
            wanted = parse_qs(call.query).get("To", [""])[0]
            found = [one for one in provider.made.values() if one["to"] == wanted]
            return as_json(200, {"messages": found, "next_page_uri": None})
        form = call.form()
        message = {
            "sid": f"SM{next(numbers):032x}",
            "account_sid": call.path.split("/")[3],
            "body": form["Body"],
            "to": form["To"],
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "status": "queued",
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "date_created": formatdate(),
            "date_updated": formatdate(),
            "date_sent": None,
            "num_segments": "1",
            "num_media": "0",
            "price": None,
            "price_unit": "USD",
            "api_version": "2010-04-01",
            "uri": call.path,
        }
        provider.made[message["sid"]] = message
        return as_json(201, message)

    provider = Provider(answer)
    return provider


def lob() -> Provider:
    """POST and GET /letters; one letter an idempotency key."""
    numbers = itertools.count(1)

    def answer(call: Call) -> Said:
        if not call.is_send:
            wanted = parse_qs(call.query).get("metadata[message_id]", [""])[0]
            found = [one for one in provider.made.values() if one["metadata"]["message_id"] == wanted]
            return as_json(200, {"data": found, "object": "list", "count": len(found)})
        parts = call.parts()
        key = call.headers["idempotency-key"]
        metadata = {"message_id": parts["metadata[message_id]"].decode()}
        letter = {
            "id": f"ltr_{next(numbers):016x}",
            "object": "letter",
            "to": {"id": "adr_1"},
            "metadata": metadata,
        }
        return as_json(200, provider.made.setdefault(key, letter))

    provider = Provider(answer)
    return provider


def basic(call: Call) -> tuple[str, str]:
    """Name and password of a request."""
    kind, _, token = call.headers["authorization"].partition(" ")
    assert kind == "Basic"
    name, _, password = base64.b64decode(token).decode().partition(":")
    return name, password
