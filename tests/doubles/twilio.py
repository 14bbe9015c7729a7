"""Speaks Twilio's Messages resource and its webhooks as far as we use them."""

import base64
import hmac
import itertools
import json
import re
import time
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.doubles.http_server import Double, Reply, Request, is_revoked, json_reply
from tests.doubles.webhooks import Hook, Webhooks

# Twilio's published test numbers and the code each brings.
MAGIC = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
WORDS = {
    20003: "Authenticate",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    20503: "Service Unavailable",
    21211: "The 'To' number {to} is not a valid phone number.",
    21610: "Attempt to send to unsubscribed recipient",
    21614: "'To' number is not a valid mobile number",
}
BY_STATUS = {401: 20003, 403: 20003, 404: 20404, 429: 20429, 500: 20500, 503: 20503}


NUMBER = re.compile(r"\+[1-9]\d{6,14}")
MOST_CONSENTS = 25


class TwilioDouble(Double):
    """Accepts what logs in; reports `sent` and an end to the callback of each message, and remembers it.

    `fates` are ends by number, (status, error code); all others are delivered. `consents` are the last told of each
    number: to one that withdrew nothing is sent. `now` is the account's clock, in seconds.
    """

    name = "twilio"

    def __init__(self, webhooks: Webhooks, secret: str = "") -> None:
        super().__init__(webhooks)
        self._token = secret
        self._numbers = itertools.count(1)
        self._messages: list[dict[str, object]] = []
        self.fates: dict[str, tuple[str, int]] = {}
        self.consents: dict[str, str] = {}
        self.asked_pages: list[str] = []
        self.now: Callable[[], float] = time.time

    def is_send(self, request: Request) -> bool:
        return request.method == "POST" and urlsplit(request.target).path.endswith("/Messages.json")

    def is_ask(self, request: Request) -> bool:
        return not self.is_send(request)

    def handle(self, request: Request) -> Reply:
        parts = urlsplit(request.target)
        if not request.headers.get("authorization", "").startswith("Basic ") or is_revoked(request):
            return self.refuse(401)
        if parts.path == "/v1/Consents/Bulk" and request.method == "POST":
            return self._consent(parse_qs(request.body.decode()).get("Items", []))
        if one := re.fullmatch(r"/2010-04-01/Accounts/\w+/Messages/(\w+)\.json", parts.path):
            found = [made for made in self._messages if made["sid"] == one[1]]
            return json_reply(200, found[0]) if found else self.refuse(404)
        if one := re.fullmatch(r"/2010-04-01/Accounts/(\w+)\.json", parts.path):
            return json_reply(
                200,
                {"sid": one[1], "status": "suspended" if one[1].endswith("5") else "active", "type": "Full"},
            )
        if not parts.path.endswith("/Messages.json"):
            return self.refuse(404)
        if request.method == "GET":
            return self._list(parts.path, parse_qs(parts.query))
        form = {
            name: values[0]
            for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()
        }
        code = MAGIC.get(form.get("To", ""))
        if code or self.consents.get(form.get("To", "")) == "opt-out":
            return self.refuse(400, str(code or 21610), form["To"])
        return self._accept(request, parts.path, form)

    def _accept(self, request: Request, path: str, form: dict[str, str]) -> Reply:
        sid = f"SM{next(self._numbers):032x}"
        made = _message(sid, path.split("/")[3], form, self.now())
        self.received.append({"provider_id": sid, "headers": dict(request.headers), "body": form})
        status, code = self.fates.get(form["To"], ("delivered", 0))
        ended = {"status": status, "error_code": code or None, "date_sent": made["date_created"]}
        self._messages.append({**made, **ended, "error_message": WORDS.get(code)})
        if callback := form.get("StatusCallback"):
            ends = [("sent", 0), (status, code)]
            self.webhooks.post([self._hook(callback, made, *end) for end in ends])
        return json_reply(201, made)

    def _consent(self, told: list[str]) -> Reply:
        if len(told) > MOST_CONSENTS:
            return self.refuse(400, "30646")
        items = []
        for item in map(json.loads, told):
            error = 0 if NUMBER.fullmatch(item["contact_id"]) else 30646
            if not error:
                self.consents[item["contact_id"]] = item["status"]
            words = ["Invalid contact_id"] if error else []
            items.append(
                {"correlation_id": item["correlation_id"], "error_code": error, "error_messages": words}
            )
        return json_reply(201, {"items": items})

    def refuse(self, status: int, code: str = "", to: str = "+10000000000") -> Reply:
        number = int(code or BY_STATUS.get(status, status))
        message = WORDS.get(number, f"refused with {number}").format(to=to)
        info = f"https://www.twilio.com/docs/errors/{number}"
        return json_reply(status, {"code": number, "message": message, "more_info": info, "status": status})

    def _list(self, path: str, query: dict[str, list[str]]) -> Reply:
        self.asked_pages.append(urlencode(query, doseq=True))
        to, since = query.get("To", [""])[0], query.get("DateSent>", [""])[0][:10]
        found = [
            made
            for made in reversed(self._messages)
            if (not to or made["to"] == to) and (not since or _day(made["date_sent"]) >= since)
        ]
        size, number = int(query.get("PageSize", ["50"])[0]), int(query.get("Page", ["0"])[0])
        more = len(found) > (number + 1) * size
        kept = {name: values[0] for name, values in query.items() if name not in {"Page", "PageToken"}}
        following = urlencode({**kept, "Page": number + 1, "PageToken": f"PA{number}"})
        page = {
            "page": number,
            "page_size": size,
            "next_page_uri": f"{path}?{following}" if more else None,
            "previous_page_uri": None,
            "start": number * size,
            "end": number * size + size - 1,
            "uri": path,
            "first_page_uri": path,
        }
        return json_reply(200, {"messages": found[number * size : (number + 1) * size], **page})

    def _hook(self, callback: str, made: dict[str, object], status: str, code: int = 0) -> Hook:
        form = {
            "MessageSid": str(made["sid"]),
            "SmsSid": str(made["sid"]),
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": str(made["account_sid"]),
            "To": str(made["to"]),
            "From": str(made["from"] or ""),
            "ApiVersion": "2010-04-01",
            **({"ErrorCode": str(code)} if code else {}),
        }
        return Hook(url=callback, body=urlencode(form).encode(), headers=signed(callback, form, self._token))

    def inbound(self, url: str, sender: str, to: str, text: str) -> Hook:
        """Someone writes to our number."""
        sid = f"SM{next(self._numbers):032x}"
        form = {"MessageSid": sid, "From": sender, "To": to, "Body": text}
        made = _message(sid, "AC" + "0" * 32, form, self.now())
        came = {"direction": "inbound", "status": "received", "date_sent": made["date_created"]}
        self._messages.append({**made, **came})
        return Hook(url=url, body=urlencode(form).encode(), headers=signed(url, form, self._token))


def signed(url: str, form: dict[str, str], token: str) -> dict[str, str]:
    """The headers of a form that Twilio posts."""
    text = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()
    return {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}


def _day(date_sent: object) -> str:
    return parsedate_to_datetime(str(date_sent)).date().isoformat() if date_sent else ""


def _message(sid: str, account: str, form: dict[str, str], at: float) -> dict[str, object]:
    now = formatdate(at, usegmt=False)
    return json.loads(
        json.dumps(
            {
                "sid": sid,
                "account_sid": account,
                "api_version": "2010-04-01",
                "body": form.get("Body", ""),
                "date_created": now,
                "date_sent": None,
                "date_updated": now,
                "direction": "outbound-api",
                "error_code": None,
                "error_message": None,
                "from": form.get("From"),
                "messaging_service_sid": form.get("MessagingServiceSid"),
                "num_media": "0",
                "num_segments": "1",
                "price": None,
                "price_unit": None,
                "status": "accepted" if form.get("MessagingServiceSid") else "queued",
                "to": form["To"],
                "uri": f"/2010-04-01/Accounts/{account}/Messages/{sid}.json",
                "subresource_uris": {},
            }
        )
    )
