"""Reads Lob's webhooks: what became of a letter."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from channels.event import DeliveryEvent, EventKind
from channels.letter.lob_settings import LOB
from channels.webhook import (
    TOLERANCE,
    BadSignatureError,
    MalformedWebhookError,
    header,
    read_json,
    require_near,
    require_same,
    short_id,
    signed_at,
)

SIGNATURE_HEADER = "Lob-Signature"
TIMESTAMP_HEADER = "Lob-Signature-Timestamp"
# Of the letter itself, certified or not; a return envelope's own journey says nothing about the letter.
_KINDS: Final[Mapping[str, EventKind]] = {
    "created": EventKind.QUEUED,
    "rendered_pdf": EventKind.QUEUED,
    "rendered_thumbnails": EventKind.QUEUED,
    "mailed": EventKind.MAILED,
    "in_transit": EventKind.IN_TRANSIT,
    "in_local_area": EventKind.IN_TRANSIT,
    "international_exit": EventKind.IN_TRANSIT,
    "re-routed": EventKind.IN_TRANSIT,
    "pickup_available": EventKind.IN_TRANSIT,
    "processed_for_delivery": EventKind.DELIVERED,  # the last mile: usually the last word on first class
    "delivered": EventKind.DELIVERED,
    "viewed": EventKind.OPENED,
    "returned_to_sender": EventKind.RETURNED,
    "rejected": EventKind.REJECTED,
    "failed": EventKind.FAILED,
    "deleted": EventKind.FAILED,
}


def parse_lob_event(
    raw_body: bytes,
    headers: Mapping[str, str],
    secret: str,
    now: datetime,
    *,
    tolerance: timedelta | None = TOLERANCE,
) -> DeliveryEvent:
    """One event. Raises BadSignatureError, StaleTimestampError or MalformedWebhookError."""
    timestamp = header(headers, TIMESTAMP_HEADER)
    verify_lob_signature(raw_body, header(headers, SIGNATURE_HEADER), timestamp, secret)
    require_near(signed_at(timestamp, "Lob", per_second=1000), now, tolerance)
    return event_of(_object(raw_body), now)


def verify_lob_signature(raw_body: bytes, signature: str, timestamp: str, secret: str) -> None:
    """Check the HMAC over the timestamp, a dot and the raw body. Raises BadSignatureError."""
    if not secret:
        raise BadSignatureError("the Lob signature cannot be checked: no WEBHOOK_SECRET")
    computed = hmac.digest(secret.encode(), timestamp.encode() + b"." + raw_body, "sha256").hex()
    require_same(computed, signature, "Lob")


def _object(raw_body: bytes) -> dict[str, object]:
    said = read_json(raw_body, "Lob")
    if not isinstance(said, dict) or not said.get("id"):
        raise MalformedWebhookError("Lob's event has no id")
    return said


def event_of(raw: Mapping[str, object], now: datetime) -> DeliveryEvent:
    """One event as the webhook words it; `now` stands in where it names no time."""
    name = str(_inside(raw, "event_type").get("id") or "")
    letter = _inside(raw, "body")
    kind = _kind(name)
    return DeliveryEvent(
        provider=LOB.name,
        event_id=short_id(str(raw["id"])),
        kind=kind,
        at=_instant(raw.get("date_created"), now),
        message_id=str(_inside(letter, "metadata").get("message_id") or ""),
        provider_id=str(raw.get("reference_id") or letter.get("id") or ""),
        permanent=kind is EventKind.RETURNED,
        code=name,
        raw=raw,
    )


def _kind(name: str) -> EventKind:
    resource, _, rest = name.partition(".")
    return (
        _KINDS.get(rest.removeprefix("certified."), EventKind.UNKNOWN)
        if resource == "letter"
        else EventKind.UNKNOWN
    )


def _inside(raw: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def _instant(value: object, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return now
