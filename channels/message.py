"""A finished message as an adapter takes it: frozen, rendered, addressed."""

from dataclasses import dataclass, field
from datetime import datetime

from channels.kind import ChannelKind


@dataclass(frozen=True, kw_only=True, slots=True)
class PostalAddress:
    """A printed address: `lines` as they stand in the window, the parts as a provider's form wants them."""

    name: str
    lines: tuple[str, ...]
    address_line_1: str = ""
    address_line_2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundMessage:
    """One message to one address.

    `body` is exactly what is sent and kept as evidence: MIME for e-mail, UTF-8 text for SMS, PDF for a
    letter. `message_id` is ours and travels with every request. `not_after` is the last legal instant (UTC,
    exclusive) at which it may reach the debtor; adapters turn it into the provider's validity where there is
    one.
    """

    message_id: str
    channel: ChannelKind
    body: bytes
    to: str  # e-mail address or E.164 number; empty for a letter
    to_name: str = ""
    sender: str = ""  # from-address or from-number; empty: the channel's own setting
    sender_name: str = ""
    reply_to: str = ""
    subject: str = ""
    unsubscribe_url: str = ""  # one-click address of RFC 8058
    postal_address: PostalAddress | None = None
    return_address: PostalAddress | None = None
    postage_class: str = "standard"
    pages: int = 0
    categories: tuple[str, ...] = field(default=())
    not_after: datetime | None = None
    attempt: int = 1
    first_attempted_at: datetime | None = None  # an idempotency key does not live for ever
