"""Speaks Twilio's Messages resource and its webhooks as far as we use them."""

import base64
import hmac
import itertools
import json
from email.utils import formatdate
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.doubles.http_server import Double, Reply, Request, json_reply
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


class TwilioDouble(Double):
    """Accepts what logs in; reports `sent` and `delivered` to the callback of each message."""

    name = "twilio"

    def __init__(self, webhooks: Webhooks, secret: str = "") -> None:
        super().__init__(webhooks)
        self._token = secret
        self._numbers = itertools.count(1)
        self._messages: list[dict[str, object]] = []

    def is_send(self, request: Request) -> bool:
        return request.method == "POST" and urlsplit(request.target).path.endswith("/Messages.json")

    def handle(self, request: Request) -> Reply:
        parts = urlsplit(request.target)
        if not parts.path.endswith("/Messages.json"):
            return self.refuse(404)
        if not request.headers.get("authorization", "").startswith("Basic "):
            return self.refuse(401)
        if request.method == "GET":
            return self._list(parse_qs(parts.query))
        form = {
            name: values[0]
            for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()
        }
        if code := MAGIC.get(form.get("To", "")):
            return self.refuse(400, str(code), form["To"])
        return self._accept(request, parts.path, form)

    def _accept(self, request: Request, path: str, form: dict[str, str]) -> Reply:
        sid = f"SM{next(self._numbers):032x}"
        made = _message(sid, path.split("/")[3], form)
        self._messages.append(made)
        self.received.append({"provider_id": sid, "headers": dict(request.headers), "body": form})
        if callback := form.get("StatusCallback"):
            self.webhooks.post([self._hook(callback, made, status) for status in ("sent", "delivered")])
        return json_reply(201, made)

    def refuse(self, status: int, code: str = "", to: str = "+10000000000") -> Reply:
        number = int(code or BY_STATUS.get(status, status))
        message = WORDS.get(number, f"refused with {number}").format(to=to)
        info = f"https://www.twilio.com/docs/errors/{number}"
        return json_reply(status, {"code": number, "message": message, "more_info": info, "status": status})

    def _list(self, query: dict[str, list[str]]) -> Reply:
        to = query.get("To", [""])[0]
        found = [made for made in reversed(self._messages) if not to or made["to"] == to]
        page = {
            "page": 0,
            "page_size": 50,
            "next_page_uri": None,
            "previous_page_uri": None,
            "start": 0,
            "end": 0,
        }
        return json_reply(200, {"messages": found, "uri": "", "first_page_uri": "", **page})

    def _hook(self, callback: str, made: dict[str, object], status: str) -> Hook:
        form = {
            "MessageSid": str(made["sid"]),
            "SmsSid": str(made["sid"]),
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": str(made["account_sid"]),
            "To": str(made["to"]),
            "From": str(made["from"] or ""),
            "ApiVersion": "2010-04-01",
        }
        return Hook(url=callback, body=urlencode(form).encode(), headers=signed(callback, form, self._token))

    def inbound(self, url: str, sender: str, to: str, text: str) -> Hook:
        """Someone writes to our number."""
        form = {"MessageSid": f"SM{next(self._numbers):032x}", "From": sender, "To": to, "Body": text}
        return Hook(url=url, body=urlencode(form).encode(), headers=signed(url, form, self._token))


def signed(url: str, form: dict[str, str], token: str) -> dict[str, str]:
    """The headers of a form that Twilio posts."""
    text = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()
    return {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}


def _message(sid: str, account: str, form: dict[str, str]) -> dict[str, object]:
    now = formatdate(usegmt=False)
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
