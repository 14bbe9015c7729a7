"""A message on its way, and its state as the fold of what the delivery log says of it."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import reduce
from typing import Any, NamedTuple

from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.messages.domain.clearance import Clearance
from dispatcher.messages.domain.envelope import Envelope
from dispatcher.values.money import Money


class State(StrEnum):
    """Where a message stands; the column in the database is a cache of `fold`."""

    PLANNED = "planned"
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    HELD = "held"
    UNKNOWN = "unknown"
    FAILED = "failed"
    BOUNCED = "bounced"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


WAITING = frozenset({State.QUEUED, State.DEFERRED})
UNSENT = frozenset({State.PLANNED, State.QUEUED, State.DEFERRED, State.HELD})

# What the provider said, in rising order: events come late and in any order, and none of them goes back.
_SHORTEST_ADDRESS = 5  # what is shorter is part of other words, and nobody's address

_PROVIDER_RANK = {
    State.ACCEPTED: 1,
    State.DELIVERED: 2,
    State.FAILED: 3,
    State.BOUNCED: 4,
    State.RETURNED: 4,
}
_OURS = {
    "planned": State.PLANNED,
    "outdated": State.PLANNED,
    "queued": State.QUEUED,
    "retry": State.QUEUED,
    "deferred": State.DEFERRED,
    "held": State.HELD,
    "attempting": State.SENDING,
    "unknown": State.UNKNOWN,
    "cancelled": State.CANCELLED,
    "expired": State.EXPIRED,
}
_PROVIDERS = {
    "accepted": State.ACCEPTED,
    "delivered": State.DELIVERED,
    "rejected": State.FAILED,
    "bounced": State.BOUNCED,
    "returned": State.RETURNED,
    "complained": State.DELIVERED,  # who complains has received
}


class Message(NamedTuple):
    """One row of `messages` with what its log entries repeat. All instants are UTC.

    A `sent_at` in a state that has not been sent tells of an attempt whose end is not known. A named tuple, since a
    frozen dataclass would set its fields one by one, five times a message on its way.
    """

    id: str
    run_id: int | None
    creditor_id: int
    creditor: str
    recipient_id: int
    person: str
    relation: str
    as_of: date
    strategy: str
    step: str
    kind: str
    channel: str
    address: str
    contact_point_id: int | None
    language: str
    template: str
    template_version: int | None
    currency: str
    balance_minor: int
    days_past_due: int
    zones: tuple[str, ...]
    state: State
    rule_packs: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    expires_at: datetime
    next_try_at: datetime | None
    attempts: int
    lease_owner: str | None
    inputs_digest: str
    content_sha256: str | None
    envelope: Envelope
    provider: str
    provider_id: str
    personal_id: int | None
    commitment: str
    sent_at: datetime | None
    created_at: datetime
    notice: str = ""  # of a notice: which one of the law it is
    segment: str = ""
    arm: str = ""
    clearance: Clearance | None = None
    simulated: bool = False

    @property
    def is_in_doubt(self) -> bool:
        """Whether an earlier attempt may have reached the debtor."""
        return self.sent_at is not None


def without_address(text: str, message: Message) -> str:
    """A provider's words without the address they were said of: entries are kept when a person is erased."""
    for address in (message.address, message.address.removeprefix("+")):
        if len(address) > _SHORTEST_ADDRESS and _may_hold(text, address):
            text = re.sub(re.escape(address), "[address]", text, flags=re.IGNORECASE)
    return text


def _may_hold(text: str, address: str) -> bool:
    """Whether to look closely: making a pattern of each address costs a hundred times this, and few are repeated."""
    return not (text.isascii() and address.isascii()) or address.lower() in text.lower()


def entry_of(message: Message, event: Event, *, at: datetime, actor: str, **more: Any) -> LogEntry:
    """The log entry for something that happened to a message; `more` are further fields of LogEntry."""
    fields: dict[str, Any] = {
        "run_id": message.run_id,
        "as_of": message.as_of,
        "message_id": message.id,
        "person": message.person,
        "creditor": message.creditor,
        "strategy": message.strategy or None,
        "step": message.step,
        "kind": message.kind,
        "channel": message.channel,
        "provider": message.provider or None,
        "provider_id": message.provider_id or None,
        "template": message.template,
        "template_version": message.template_version,
        "rule_packs": message.rule_packs,
        "balance": Money(message.balance_minor, message.currency) if message.currency else None,
        "days_past_due": message.days_past_due,
        "zones": message.zones,
        "body_sha256": message.content_sha256,
        "personal_id": message.personal_id,
        "commitment": message.commitment or None,
        "simulated": message.simulated,
    }
    return LogEntry(event=event, at=at, actor=actor, **(fields | more))


def after(state: State, event: str, details: Mapping[str, Any] | None = None) -> State:
    """The state after one more event. Events that say nothing of the state leave it."""
    if event in {"released", "resolved"}:
        return State((details or {}).get("state", state))
    if event in _PROVIDERS:
        return _further(state, _PROVIDERS[event])
    if state in _PROVIDER_RANK:
        return state
    return _OURS.get(event, state)


def fold(events: Iterable[tuple[str, Mapping[str, Any] | None]]) -> State:
    """The state that a message's entries (event, details), in order of writing, come to."""
    return reduce(lambda state, entry: after(state, *entry), events, State.PLANNED)


def _further(state: State, said: State) -> State:
    return state if _PROVIDER_RANK.get(state, 0) > _PROVIDER_RANK[said] else said
