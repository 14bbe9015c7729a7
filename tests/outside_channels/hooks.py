"""Signs and posts webhooks as the providers do, to the whole site of a home."""

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from httpx import Response
from starlette.testclient import TestClient

from dispatcher.web.site.app import build_app
from tests.outside_channels.home import LOB_SECRET, NUMBER, TOKEN, Home

PUBLIC = "https://reminders.acme.example"
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())
WEBHOOK_KEY = base64.b64encode(
    SENDGRID_KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
SIGNED = {"public_url": PUBLIC, "channels": {"email": {"webhook_key": WEBHOOK_KEY}}}
"""What a home needs beside its providers so that their webhooks can be checked."""

_numbers = itertools.count(1)


def sendgrid_headers(
    body: bytes, stamp: str, key: ec.EllipticCurvePrivateKey = SENDGRID_KEY
) -> dict[str, str]:
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }


def twilio_headers(url: str, form: Mapping[str, str], token: str = TOKEN) -> dict[str, str]:
    text = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}


def lob_headers(body: bytes, stamp: str, secret: str = LOB_SECRET) -> dict[str, str]:
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "Lob-Signature": signature, "Lob-Signature-Timestamp": stamp}


class Hooks:
    """Posts to one home; `base` is how the site is reached from inside, behind its proxy."""

    def __init__(self, home: Home, base: str = "http://10.0.0.5:8000") -> None:
        self.home = home
        self.client = TestClient(build_app(home.house), base_url=base, raise_server_exceptions=False)

    def sendgrid(self, *events: Any, late: timedelta = timedelta(0)) -> Response:
        """A batch; every event gets an id unless it has one."""
        named = [
            {"sg_event_id": f"sg-event-{next(_numbers)}", "timestamp": self._seconds(), **event}
            for event in events
        ]
        return self.sendgrid_raw(json.dumps(named).encode() + b"\r\n", late=late)

    def sendgrid_raw(
        self, body: bytes, *, late: timedelta = timedelta(0), key: Any = SENDGRID_KEY
    ) -> Response:
        stamp = str(int((self.home.now() - late).timestamp()))
        return self.client.post(
            "/webhooks/sendgrid", content=body, headers=sendgrid_headers(body, stamp, key)
        )

    def twilio_status(
        self, message_id: str, status: str, sid: str = "SM" + "1" * 32, **more: str
    ) -> Response:
        form = {"MessageSid": sid, "MessageStatus": status, "From": NUMBER, "AccountSid": "AC1", **more}
        return self.twilio(f"/webhooks/twilio/status?message_id={message_id}", form)

    def inbound(self, sender: str, text: str, sid: str = "") -> Response:
        """Somebody writes to our number."""
        form = {"MessageSid": sid or f"SM{next(_numbers):032x}", "From": sender, "To": NUMBER, "Body": text}
        return self.twilio("/webhooks/twilio/inbound", form)

    def twilio(self, target: str, form: Mapping[str, str], *, url: str = "", token: str = TOKEN) -> Response:
        headers = twilio_headers(url or PUBLIC + target, form, token)
        return self.client.post(target, content=urlencode(form), headers=headers)

    def lob(
        self, name: str, letter: Mapping[str, Any], *, late: timedelta = timedelta(0), key: str = ""
    ) -> Response:
        event = {
            "id": key or f"evt_{next(_numbers):016x}",
            "object": "event",
            "event_type": {"id": name, "resource": "letters", "object": "event_type"},
            "reference_id": letter.get("id", ""),
            "date_created": self.home.now().isoformat(),
            "body": {"object": "letter", **letter},
        }
        body = json.dumps(event).encode()
        stamp = str(int((self.home.now() - late).timestamp() * 1000))
        return self.client.post("/webhooks/lob", content=body, headers=lob_headers(body, stamp))

    def _seconds(self) -> int:
        return int(self.home.now().timestamp())


def statuses(answers: Sequence[Response]) -> list[int]:
    return [answer.status_code for answer in answers]
