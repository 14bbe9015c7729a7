"""Speaks Lob's letters API and its webhooks as far as we use them."""

import hmac
import itertools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from urllib.parse import parse_qs, urlsplit

from tests.doubles.http_server import Double, Reply, Request, is_revoked, json_reply
from tests.doubles.webhooks import Hook, Webhooks

CODES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 422: "invalid", 429: "rate_limit_exceeded"}


class LobDouble(Double):
    """One letter an idempotency key; reports that it was mailed and its end, and remembers both.

    `fates` are ends by the first line of the address, as Lob names scans; all others are processed for delivery. `now`
    is the account's clock, in seconds.
    """

    name = "lob"

    def __init__(self, webhooks: Webhooks, secret: str = "") -> None:
        super().__init__(webhooks)
        self._secret = secret
        self._numbers = itertools.count(1)
        self._letters: dict[str, dict[str, object]] = {}
        self.made: list[str] = []
        self.fates: dict[str, str] = {}
        self.now: Callable[[], float] = time.time

    def is_send(self, request: Request) -> bool:
        return request.method == "POST" and urlsplit(request.target).path.endswith("/letters")

    def is_ask(self, request: Request) -> bool:
        return not self.is_send(request)

    def handle(self, request: Request) -> Reply:
        parts = urlsplit(request.target)
        if not parts.path.endswith("/letters"):
            return self.refuse(404)
        if not request.headers.get("authorization", "").startswith("Basic ") or is_revoked(request):
            return self.refuse(401)
        if request.method == "GET":
            return self._list(parse_qs(parts.query))
        key = request.headers.get("idempotency-key", "")
        form = read_form(request)
        self.received.append({"key": key, "headers": dict(request.headers), "body": form})
        if key not in self._letters:
            self._letters[key] = self._make(form)
        return json_reply(200, self._letters[key])

    def _make(self, form: dict[str, object]) -> dict[str, object]:
        letter_id = f"ltr_{next(self._numbers):016x}"
        to = {**form["to"], "id": "adr_1", "object": "address", "recipient_moved": False}
        to["address_line1"] = str(to.get("address_line1", "")).upper()
        letter = {"id": letter_id, "object": "letter", "to": to, "metadata": form.get("metadata", {})}
        self.made.append(letter_id)
        line = str(form["to"].get("address_line1", ""))
        names = ("Mailed", self.fates.get(line, "Processed for Delivery"))
        at = datetime.fromtimestamp(self.now(), UTC).isoformat()
        letter |= {"date_created": at, "tracking_events": [_scan(letter_id, name, at) for name in names]}
        words = [name.lower().replace(" ", "_") for name in names]
        self.webhooks.post([self._hook(letter, f"letter.{word}", at) for word in words])
        return letter

    def refuse(self, status: int, code: str = "") -> Reply:
        name = code or CODES.get(status, "internal_server_error")
        error = {"message": f"refused with {status}", "code": name, "status_code": status}
        return json_reply(422 if code else status, {"error": error})

    def _list(self, query: dict[str, list[str]]) -> Reply:
        wanted, since = query.get("metadata[message_id]", [""])[0], query.get("date_created[gte]", [""])[0]
        limit, after = int(query.get("limit", ["10"])[0]), int(query.get("after", ["0"])[0])
        if not 1 <= limit <= 100:
            return self.refuse(422, "invalid")
        found = [
            letter
            for letter in reversed(self._letters.values())
            if (not wanted or _message_id(letter) == wanted) and str(letter["date_created"]) >= since
        ]
        page = found[after : after + limit]
        more = f"https://api.lob.com/v1/letters?after={after + limit}" if len(found) > after + limit else None
        return json_reply(200, {"data": page, "object": "list", "count": len(page), "next_url": more})

    def _hook(self, letter: dict[str, object], name: str, now: str) -> Hook:
        event = {
            "id": f"evt_{letter['id']}_{name}",
            "object": "event",
            "event_type": {"id": name, "resource": "letters", "object": "event_type"},
            "reference_id": letter["id"],
            "date_created": now,
            "body": letter,
        }
        body, at = json.dumps(event).encode(), str(int(self.now() * 1000))
        signature = hmac.digest(self._secret.encode(), at.encode() + b"." + body, "sha256").hex()
        headers = {
            "Lob-Signature": signature,
            "Lob-Signature-Timestamp": at,
            "Content-Type": "application/json",
        }
        return Hook(path="/webhooks/lob", body=body, headers=headers)


def _scan(letter_id: str, name: str, at: str) -> dict[str, object]:
    return {
        "id": f"evnt_{letter_id.removeprefix('ltr_')}{len(name):02}",
        "type": "normal",
        "name": name,
        "details": None,
        "location": None,
        "time": at,
        "date_created": at,
        "date_modified": at,
        "object": "tracking_event",
    }


def _message_id(letter: dict[str, object]) -> object:
    metadata = letter["metadata"]
    return metadata.get("message_id") if isinstance(metadata, dict) else None


def read_form(request: Request) -> dict[str, object]:
    """A multipart form with `to[name]` fields, as nested values; a file by its name, size and first bytes."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form: dict[str, object] = {}
    for part in message_from_bytes(head + request.body).get_payload():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        file = part.get_filename()
        value = (
            {"file": file, "size": len(content), "starts": content[:5].decode()} if file else content.decode()
        )
        outer, _, inner = name.partition("[")
        if inner:
            form.setdefault(outer, {})[inner.rstrip("]")] = value
        else:
            form[outer] = value
    return form
