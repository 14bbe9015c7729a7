"""Speaks SendGrid's v3 mail/send and event webhook as far as we use them."""

import base64
import itertools
import json
import time
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.doubles.http_server import Double, Reply, Request, is_revoked, json_reply
from tests.doubles.sendgrid_books import Books, Mail
from tests.doubles.webhooks import Hook, Webhooks


class SendGridDouble(Double):
    """Accepts what carries a bearer key; reports what becomes of it, by its address, and remembers it.

    `now` is the account's clock, in seconds.
    """

    name = "sendgrid"

    def __init__(self, webhooks: Webhooks, secret: str = "") -> None:
        super().__init__(webhooks)
        self._numbers = itertools.count(1)
        self.books = Books()
        self.now: Callable[[], float] = time.time
        self._key = _private_key(secret)
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public_key = base64.b64encode(public).decode()

    def is_send(self, request: Request) -> bool:
        return request.method == "POST" and request.target == "/v3/mail/send"

    def is_ask(self, request: Request) -> bool:
        return not self.is_send(request)

    def handle(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("Bearer ") or is_revoked(request):
            return self.refuse(401)
        if request.target == "/v3/scopes":
            narrow = request.headers["authorization"].endswith("-reads")
            return json_reply(
                200, {"scopes": ["suppression.read"] if narrow else ["mail.send", "suppression.read"]}
            )
        if not self.is_send(request):
            return self.books.answer(request) or self.refuse(404)
        said = json.loads(request.body)
        provider_id = f"double-{next(self._numbers):06d}"
        self.received.append({"provider_id": provider_id, "headers": dict(request.headers), "body": said})
        for person in said["personalizations"]:
            self._report(provider_id, said.get("subject", ""), person)
        return Reply(202, b"", {"X-Message-Id": provider_id})

    def refuse(self, status: int, code: str = "") -> Reply:
        errors = [{"message": f"refused with {status}", "field": code or None, "help": None}]
        return json_reply(status, {"errors": errors})

    def _report(self, provider_id: str, subject: str, person: dict[str, object]) -> None:
        to = str(person["to"][0]["email"])
        arguments = person.get("custom_args")
        told = arguments if isinstance(arguments, dict) else {}
        mail = self.books.send(f"{provider_id}.filter0001.1.1", to, subject, told, int(self.now()))
        self.webhooks.post([self._hook(mail, *event) for event in mail.events])

    def _hook(self, mail: Mail, word: str, at: int, more: dict[str, str]) -> Hook:
        event = {
            "email": mail.to,
            "event": word,
            "timestamp": at,
            "sg_event_id": f"{mail.msg_id}-{word}",
            "sg_message_id": mail.msg_id,
            **mail.arguments,
            **more,
        }
        headers, body = self.signed(json.dumps([event]).encode(), at)
        return Hook(path="/webhooks/sendgrid", body=body, headers=headers)

    def signed(self, body: bytes, at: int) -> tuple[dict[str, str], bytes]:
        """Headers and body of a POST as SendGrid makes it, the body with the line end that is signed too."""
        body += b"\r\n"
        signature = self._key.sign(str(at).encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": str(at),
        }
        return headers, body


def _private_key(secret: str) -> ec.EllipticCurvePrivateKey:
    """A fresh key, or the same one for the same secret, so that a restart keeps its public key."""
    if not secret:
        return ec.generate_private_key(ec.SECP256R1())
    return ec.derive_private_key(int.from_bytes(secret.encode()[:30].ljust(30, b"x")), ec.SECP256R1())
