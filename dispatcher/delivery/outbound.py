"""Turns a message's row and its stored bytes into what an adapter takes."""

from datetime import datetime

from channels.kind import ChannelKind
from channels.message import OutboundMessage
from dispatcher.messages.domain.message import Message


def outbound(message: Message, body: bytes, *, not_after: datetime | None) -> OutboundMessage:
    """The frozen message for one attempt; `not_after` is the earlier of the window's end and the expiry."""
    envelope = message.envelope
    return OutboundMessage(
        message_id=message.id,
        channel=ChannelKind(message.channel),
        body=body,
        to=envelope.to or message.address,
        to_name=envelope.to_name,
        sender=envelope.sender,
        sender_name=envelope.sender_name,
        reply_to=envelope.reply_to,
        subject=envelope.subject,
        unsubscribe_url=envelope.unsubscribe_url,
        postal_address=envelope.postal_address,
        return_address=envelope.return_address,
        postage_class=envelope.postage_class,
        pages=envelope.pages,
        categories=(message.template,),
        not_after=not_after,
        attempt=message.attempts,
        first_attempted_at=message.sent_at,
    )
