"""Signs what is sent to a receiver, as the open form Standard Webhooks (version 1, symmetric) describes it."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

SECRET_MARK = "whsec_"  # noqa: S105 what such secrets begin with


def secret_of(key: bytes, nonce: str) -> str:
    """A receiver's secret, made anew from a key that the database does not hold and the receiver's own nonce."""
    made = hmac.digest(key, f"webhook {nonce}".encode(), hashlib.sha256)
    return SECRET_MARK + base64.b64encode(made).decode()


def headers_of(secret: str, event_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """The three headers by which a receiver knows who speaks and tells repeats; `timestamp` in whole seconds."""
    key = base64.b64decode(secret.removeprefix(SECRET_MARK))
    signed = hmac.digest(key, b".".join((event_id.encode(), str(timestamp).encode(), body)), hashlib.sha256)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
