"""What became of one attempt to hand a message to a provider."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Scope(StrEnum):
    """What a rejection speaks of: this message, this address, or the channel as a whole."""

    MESSAGE = "message"
    ADDRESS = "address"
    CHANNEL = "channel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The provider took the message; `provider_id` is its name for it."""

    provider_id: str
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """The provider refused for good. `code` is the provider's own, kept raw; `opted_out` when it says so."""

    reason: str
    scope: Scope
    code: str = ""
    opted_out: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TryLater:
    """Nothing was sent and a later try may work; `after` is the provider's own wish, if it named one.

    `provider_failed` is false where the provider is well and the obstacle is this message's own (a full
    mailbox, a legal window about to close): a breaker does not count those.
    """

    reason: str
    after: timedelta | None = None
    code: str = ""
    provider_failed: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """The request went out and no usable answer came back: it may have been sent."""

    why: str
    code: str = ""


Outcome = Accepted | Rejected | TryLater | Unknown
