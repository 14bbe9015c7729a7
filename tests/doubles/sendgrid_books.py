"""What a SendGrid account remembers: its mails with their events, and the addresses that it drops mail to."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

from tests.doubles.http_server import Reply, Request, json_reply

LISTS = ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
MOST = 500
MOST_MESSAGES = 1_000
# What becomes of a mail by the first word of its address; everything else is delivered.
FATES = {
    "bounce": ("bounce", "bounces", {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 unknown"}),
    "block": ("bounce", "blocks", {"type": "blocked", "status": "4.0.0", "reason": "450 try another day"}),
    "spam": ("spamreport", "spam_reports", {}),
    "unsub": ("unsubscribe", "unsubscribes", {}),
}
_DROPPED = {
    "bounces": "Bounced Address",
    "invalid_emails": "Invalid",
    "spam_reports": "Spam Reporting Address",
    "unsubscribes": "Unsubscribed Address",
}
_ACTIVITY = {"bounce": "bounced", "spamreport": "spam_report"}
_BOUNDS = re.compile(r'last_event_time BETWEEN TIMESTAMP "([^"]+)" AND TIMESTAMP "([^"]+)"')


@dataclass(slots=True)
class Mail:
    msg_id: str
    to: str
    subject: str
    arguments: dict[str, str]
    events: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)

    @property
    def last(self) -> int:
        return max(at for _, at, _ in self.events)

    @property
    def status(self) -> str:
        words = {word for word, _, _ in self.events}
        if words & {"bounce", "dropped"}:
            return "not_delivered"
        return "delivered" if "delivered" in words else "processed"


@dataclass(slots=True)
class Books:
    """`has_activity` is the additional history that an account must buy."""

    mails: list[Mail] = field(default_factory=list)
    lists: dict[str, list[dict[str, object]]] = field(default_factory=lambda: {name: [] for name in LISTS})
    groups: list[dict[str, object]] = field(default_factory=list)
    has_activity: bool = True
    asked: list[str] = field(default_factory=list)

    def send(self, msg_id: str, to: str, subject: str, arguments: dict[str, str], now: int) -> Mail:
        """Take a mail; its events are those that the webhook tells."""
        mail = Mail(msg_id, to, subject, arguments)
        dropping = next((name for name in _DROPPED if self._is_on(name, to)), None)
        if dropping:
            mail.events.append(("dropped", now, {"reason": _DROPPED[dropping]}))
        else:
            mail.events += self._fate(to, now)
        self.mails.append(mail)
        return mail

    def _fate(self, to: str, now: int) -> Iterator[tuple[str, int, dict[str, str]]]:
        word, name, more = FATES.get(re.split(r"\W", to)[0], ("delivered", "", {}))
        yield "processed", now, {}
        if word in {"spamreport", "unsubscribe"}:
            yield "delivered", now, {}
        yield word, now, more
        if name:
            row = {"created": now, "email": to}
            row |= {key: more[key] for key in ("reason", "status") if key in more}
            row |= {"ip": "10.63.202.100"} if name == "spam_reports" else {}
            self.lists[name].append(row)

    def _is_on(self, name: str, to: str) -> bool:
        return any(str(row["email"]).lower() == to.lower() for row in self.lists[name])

    def answer(self, request: Request) -> Reply | None:
        """The answer to a question about the account, None where it is none."""
        parts = urlsplit(request.target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append(f"{request.method} {request.target}")
        folder, _, name = parts.path.rpartition("/")
        if folder == "/v3/suppression" and name in self.lists and request.method == "GET":
            return self._list(self.lists[name], query)
        if parts.path == "/v3/asm/suppressions":
            return json_reply(200, self.groups)
        if parts.path.startswith("/v3/asm/suppressions/global"):
            return self._global(request, unquote(name))
        if parts.path.startswith("/v3/messages"):
            return self._activity(parts.path, query)
        return None

    @staticmethod
    def _list(rows: list[dict[str, object]], query: dict[str, str]) -> Reply:
        limit, offset = int(query.get("limit", MOST)), int(query.get("offset", 0))
        if not 1 <= limit <= MOST:
            return json_reply(400, {"errors": [{"message": "limit is out of range"}]})
        newest = sorted(rows, key=lambda row: -int(str(row["created"])))
        return json_reply(200, newest[offset : offset + limit])

    def _global(self, request: Request, address: str) -> Reply:
        rows = self.lists["unsubscribes"]
        if request.method == "DELETE":
            rows[:] = [row for row in rows if row["email"] != address]
            return Reply(204)
        told = json.loads(request.body)["recipient_emails"]
        if bad := [one for one in told if "@" not in one]:
            return json_reply(
                400, {"errors": [{"message": f"{bad[0]} is no address", "field": "recipient_emails"}]}
            )
        known = {row["email"] for row in rows}
        rows += [
            {"created": int(datetime.now(UTC).timestamp()), "email": one} for one in told if one not in known
        ]
        return json_reply(201, {"recipient_emails": told})

    def _activity(self, path: str, query: dict[str, str]) -> Reply:
        if not self.has_activity:
            return json_reply(403, {"errors": [{"message": "access forbidden"}]})
        if path != "/v3/messages":
            found = [
                mail for mail in self.mails if mail.msg_id == unquote(path.removeprefix("/v3/messages/"))
            ]
            return json_reply(200, _detail(found[0])) if found else json_reply(404, {"errors": []})
        limit, bounds = int(query.get("limit", 10)), _BOUNDS.fullmatch(query.get("query", ""))
        if bounds is None or not 1 <= limit <= MOST_MESSAGES:
            return json_reply(400, {"errors": [{"message": "invalid syntax"}]})
        since, until = (int(datetime.fromisoformat(text).timestamp()) for text in bounds.groups())
        found = [mail for mail in self.mails if since <= mail.last <= until]
        return json_reply(200, {"messages": [_short(mail) for mail in found[:limit]]})


def _stamp(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _short(mail: Mail) -> dict[str, object]:
    return {
        "from_email": "letters@acme.example",
        "msg_id": mail.msg_id,
        "subject": mail.subject,
        "to_email": mail.to,
        "status": mail.status,
        "opens_count": 0,
        "clicks_count": 0,
        "last_event_time": _stamp(mail.last),
    }


def _detail(mail: Mail) -> dict[str, object]:
    short = _short(mail)
    for name in ("opens_count", "clicks_count", "last_event_time"):
        del short[name]
    return short | {
        "template_id": "",
        "asm_group_id": 1,
        "teammate": "",
        "api_key_id": "abcdef",
        "events": [_event(*event) for event in mail.events],
        "originating_ip": "10.0.0.1",
        "categories": [],
        "unique_args": json.dumps(mail.arguments),
        "outbound_ip": "10.0.0.2",
        "outbound_ip_type": "shared",
    }


def _event(word: str, at: int, more: dict[str, str]) -> dict[str, str]:
    return {
        "event_name": _ACTIVITY.get(word, word),
        "processed": _stamp(at),
        "reason": more.get("reason", ""),
        "bounce_type": "soft" if more.get("type") == "blocked" else "hard",
        "http_user_agent": "",
        "mx_server": "mx.debtors.example",
    }
