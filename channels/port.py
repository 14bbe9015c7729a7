"""The contract between the dispatcher and a provider's adapter."""

from datetime import datetime
from typing import Protocol

from channels.kind import ChannelKind
from channels.message import OutboundMessage
from channels.outcome import Outcome


class Channel(Protocol):
    """One provider of one medium. Thread-safe: workers call `send` from several threads at once.

    `send` never raises for what a provider or a network does: every end is an Outcome. `repeat_is_safe`
    says that a second `send` of the same message id cannot reach the debtor twice (an idempotency key, or a
    file named by the id); `can_look_up` that `look_up` can find out what became of a lost answer.
    """

    @property
    def kind(self) -> ChannelKind:
        """The medium."""
        ...

    @property
    def provider(self) -> str:
        """The provider's name as it stands in the log: folder, smtp, sendgrid, twilio, spool, lob."""
        ...

    @property
    def repeat_is_safe(self) -> bool:
        """Whether an attempt with an unknown end may simply be made again."""
        ...

    @property
    def can_look_up(self) -> bool:
        """Whether the provider can be asked what became of a message."""
        ...

    def send(self, message: OutboundMessage, *, now: datetime) -> Outcome:
        """Hand the message over; `now` is the business clock in UTC (dates in headers, validity periods)."""
        ...

    def look_up(
        self, message_id: str, *, to: str, attempted_at: datetime, body: bytes = b""
    ) -> Outcome | None:
        """What became of an attempt whose answer was lost; None when the provider cannot say.

        `body` is what was sent: a provider that cannot be asked by our id needs it to be sure.
        """
        ...

    def check(self) -> str | None:
        """One sentence on what keeps this channel from sending (settings, connection), or None."""
        ...

    def log_in(self) -> str | None:
        """One sentence on why the provider does not let us in, or None; asking sends and costs nothing."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
