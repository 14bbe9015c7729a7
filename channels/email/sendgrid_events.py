"""Reads SendGrid's event webhook: signed batches of what became of e-mails."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from channels.email.sendgrid_settings import SENDGRID
from channels.event import DeliveryEvent, EventKind
from channels.webhook import (
    TOLERANCE,
    BadSignatureError,
    MalformedWebhookError,
    header,
    read_json,
    require_near,
    short_id,
    signed_at,
)

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

_KINDS: Final[Mapping[str, EventKind]] = {
    "processed": EventKind.QUEUED,
    "deferred": EventKind.DEFERRED,
    "delivered": EventKind.DELIVERED,
    "dropped": EventKind.REJECTED,
    "bounce": EventKind.BOUNCED,
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
}
# SendGrid refuses to send where it remembers one of these.
_DEAD_ADDRESS: Final = frozenset({"bounced address"})
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]+")
_WISHES: Final = frozenset({"unsubscribed address", "spam reporting address"})
_ROUTING = re.compile(r"\.(?:filter|recvd-).*$")


def parse_sendgrid_events(
    raw_body: bytes,
    headers: Mapping[str, str],
    public_key: str,
    now: datetime,
    *,
    tolerance: timedelta | None = TOLERANCE,
) -> list[DeliveryEvent]:
    """The events of one POST. Raises BadSignatureError, StaleTimestampError or MalformedWebhookError."""
    timestamp = header(headers, TIMESTAMP_HEADER)
    verify_sendgrid_signature(raw_body, header(headers, SIGNATURE_HEADER), timestamp, public_key)
    require_near(signed_at(timestamp, "SendGrid"), now, tolerance)
    return [event_of(said, now) for said in _batch(raw_body)]


def verify_sendgrid_signature(raw_body: bytes, signature: str, timestamp: str, public_key: str) -> None:
    """Check ECDSA over the timestamp and the raw body. Raises BadSignatureError, also for an unusable key."""
    try:
        given = base64.b64decode(signature, validate=True)
        _key(public_key).verify(given, timestamp.encode() + raw_body, ECDSA(SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        raise BadSignatureError("the SendGrid signature is missing or wrong") from None


@lru_cache(maxsize=8)
def _key(public_key: str) -> EllipticCurvePublicKey:
    """The key as SendGrid shows it (base64 of DER), or as PEM."""
    if "BEGIN" in public_key:
        key = load_pem_public_key(public_key.encode())
    else:
        key = load_der_public_key(base64.b64decode(public_key))
    if not isinstance(key, EllipticCurvePublicKey):
        raise TypeError("SendGrid's key is no elliptic-curve key")
    return key


def _batch(raw_body: bytes) -> list[object]:
    said = read_json(raw_body, "SendGrid")
    if not isinstance(said, list):
        raise MalformedWebhookError("SendGrid's body is no list of events")
    return said


def event_of(said: object, now: datetime) -> DeliveryEvent:
    """One event as the webhook words it; `now` stands in where it names no time."""
    raw = said if isinstance(said, dict) else {"value": said}
    kind = _KINDS.get(_text(raw, "event"), EventKind.UNKNOWN)
    reason = _text(raw, "reason") or _text(raw, "response")
    wish = kind is EventKind.UNSUBSCRIBED or (kind is EventKind.REJECTED and reason.casefold() in _WISHES)
    return DeliveryEvent(
        provider=SENDGRID.name,
        event_id=short_id(_text(raw, "sg_event_id")) or _digest(raw),
        kind=kind,
        at=_instant(raw.get("timestamp"), now),
        message_id=_text(raw, "message_id"),
        provider_id=routed(_text(raw, "sg_message_id")),
        address=_text(raw, "email"),
        permanent=_is_permanent(raw, kind, reason),
        opted_out=wish,
        code=_text(raw, "status"),
        reason=reason,
        raw=raw,
    )


def routed(sg_message_id: str) -> str:
    """SendGrid's id as it was told on acceptance, without the way that the mail took inside."""
    return _ROUTING.sub("", sg_message_id)


def well_formed(address: str) -> bool:
    """Whether it reads like an e-mail address."""
    return _ADDRESS.fullmatch(address) is not None


def _is_permanent(raw: Mapping[str, object], kind: EventKind, reason: str) -> bool:
    """A bounce is hard unless SendGrid calls it blocked, which means refused for now."""
    if kind is EventKind.BOUNCED:
        return _text(raw, "type") != "blocked"
    if kind is not EventKind.REJECTED:
        return False
    if reason.casefold() == "invalid":  # also said of a name with a comma: then the address is a good one
        return not well_formed(_text(raw, "email"))
    return reason.casefold() in _DEAD_ADDRESS


def _text(raw: Mapping[str, object], name: str) -> str:
    value = raw.get(name)
    return str(value).strip() if isinstance(value, str | int) else ""


def _digest(raw: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()


def _instant(value: object, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(int(str(value)), UTC)
    except (ValueError, OverflowError, OSError):
        return now
