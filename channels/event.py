"""What providers tell us afterwards, in words that are the same for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """django-anymail's normalised words, and Lob's for letters; `unknown` keeps what we do not know raw."""

    QUEUED = "queued"
    SENT = "sent"
    REJECTED = "rejected"
    FAILED = "failed"
    BOUNCED = "bounced"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    INBOUND = "inbound"
    MAILED = "mailed"
    IN_TRANSIT = "in_transit"
    RETURNED = "returned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryEvent:
    """One event of one message. `event_id` is the provider's and makes a repeat harmless.

    `permanent` tells a hard bounce or a dead number (the address is closed) from a passing one; `opted_out`
    that the provider holds the debtor's wish not to be written to on this address.
    """

    provider: str
    event_id: str
    kind: EventKind
    at: datetime
    message_id: str = ""
    provider_id: str = ""
    address: str = ""
    permanent: bool = False
    opted_out: bool = False
    code: str = ""
    reason: str = ""
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundMessage:
    """What a debtor wrote to us, `sender` being the address or E.164 number it came from."""

    provider: str
    event_id: str
    at: datetime
    sender: str
    to: str
    text: str
    raw: Mapping[str, object] = field(default_factory=dict)
