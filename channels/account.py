"""What a provider's account says when it is asked, for all that its webhooks did not bring, and what it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from channels.event import DeliveryEvent, InboundMessage
from channels.kind import ChannelKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Which messages of a time are asked about; instants in UTC.

    `open` holds the provider's ids of messages that may still come to another end, `ended` those that cannot.
    `doubtful` are addresses that were written to without an answer: not even the provider's id is known of those
    messages.
    """

    since: datetime
    until: datetime
    open: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Gap:
    """What was not learned or not told, and why. A fault is tried again; else the account does not offer it."""

    what: str
    why: str
    is_fault: bool = True

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Strange:
    """A message that the account sent and that the question does not know, by the provider's id."""

    provider_id: str
    address: str


@dataclass(slots=True)
class Told:
    """What an account said."""

    events: list[DeliveryEvent] = field(default_factory=list)
    inbound: list[InboundMessage] = field(default_factory=list)
    strange: list[Strange] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """That an address may not be written to any more, or (`stops` false) may be again; `id` is ours."""

    id: int
    address: str
    stops: bool
    at: datetime


@dataclass(slots=True)
class Passed:
    """The wishes that the provider has taken, by their ids, and what it did not take."""

    taken: set[int] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)


class Account(Protocol):
    """One provider's account. Nothing raises for what a provider or a network does: that is a Gap."""

    @property
    def kind(self) -> ChannelKind:
        """The medium."""
        ...

    @property
    def provider(self) -> str:
        """The provider's name as it stands in the log."""
        ...

    @property
    def reach(self) -> timedelta:
        """How long after it was taken a message may still come to its end."""
        ...

    def lists(self) -> Told:
        """Addresses that the provider does not write to any more, as events that name an address and no message."""
        ...

    def history(self, question: Question) -> Told:
        """What became of messages, and what people wrote."""
        ...

    def pass_on(self, wishes: Sequence[Wish]) -> Passed:
        """Tell the provider whom not to write to, so that nobody else who uses the account does."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
