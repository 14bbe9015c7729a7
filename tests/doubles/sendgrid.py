"""Speaks SendGrid's v3 mail/send and event webhook as far as we use them."""

import base64
import itertools
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.doubles.http_server import Double, Reply, Request, json_reply
from tests.doubles.webhooks import Hook, Webhooks


class SendGridDouble(Double):
    """Accepts what carries a bearer key; reports `processed` and `delivered`, or a bounce for bounce@..."""

    name = "sendgrid"

    def __init__(self, webhooks: Webhooks, secret: str = "") -> None:
        super().__init__(webhooks)
        self._numbers = itertools.count(1)
        self._key = _private_key(secret)
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public_key = base64.b64encode(public).decode()

    def is_send(self, request: Request) -> bool:
        return request.method == "POST" and request.target == "/v3/mail/send"

    def handle(self, request: Request) -> Reply:
        if not self.is_send(request):
            return self.refuse(404)
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return self.refuse(401)
        said = json.loads(request.body)
        provider_id = f"double-{next(self._numbers):06d}"
        self.received.append({"provider_id": provider_id, "headers": dict(request.headers), "body": said})
        for person in said["personalizations"]:
            self._report(provider_id, person)
        return Reply(202, b"", {"X-Message-Id": provider_id})

    def refuse(self, status: int, code: str = "") -> Reply:
        errors = [{"message": f"refused with {status}", "field": code or None, "help": None}]
        return json_reply(status, {"errors": errors})

    def _report(self, provider_id: str, person: dict[str, object]) -> None:
        to = person["to"][0]["email"]  # type: ignore[index]
        words = ["processed", "bounce" if str(to).startswith("bounce") else "delivered"]
        self.webhooks.post([self._hook(provider_id, word, to, person.get("custom_args")) for word in words])

    def _hook(self, provider_id: str, word: str, to: str, args: object) -> Hook:
        now = int(time.time())
        event = {
            "email": to,
            "event": word,
            "timestamp": now,
            "sg_event_id": f"{provider_id}-{word}",
            "sg_message_id": f"{provider_id}.filter0001.1.1",
            **(args if isinstance(args, dict) else {}),
            **(
                {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 unknown"}
                if word == "bounce"
                else {}
            ),
        }
        headers, body = self.signed(json.dumps([event]).encode(), now)
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
