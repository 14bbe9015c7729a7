"""Turns a message's row and its stored bytes into what an adapter takes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels.kind import ChannelKind
from channels.message import OutboundMessage, PostalAddress
from dispatcher.messages.domain.message import Message

_TEXTS = (
    "to",
    "to_name",
    "sender",
    "sender_name",
    "reply_to",
    "subject",
    "unsubscribe_url",
)


def outbound(message: Message, body: bytes, *, not_after: datetime | None) -> OutboundMessage:
    """The frozen message for one attempt; `not_after` is the earlier of the window's end and the expiry."""
    envelope = message.envelope
    return OutboundMessage(
        message_id=message.id,
        channel=ChannelKind(message.channel),
        body=body,
        **{"to": message.address} | {name: envelope[name] for name in _TEXTS if envelope.get(name)},
        postal_address=_address(envelope.get("postal_address")),
        return_address=_address(envelope.get("return_address")),
        postage_class=envelope.get("postage_class") or "standard",
        pages=envelope.get("pages") or 0,
        categories=(message.template,),
        not_after=not_after,
        attempt=message.attempts,
        first_attempted_at=message.sent_at,
    )


def _address(parts: Mapping[str, Any] | None) -> PostalAddress | None:
    return PostalAddress(**{**parts, "lines": tuple(parts.get("lines", ()))}) if parts else None
