"""What the end of an attempt means: the message's next state, the log's word for it, what else follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater, Unknown
from dispatcher.delivery.domain.pacing import retry
from dispatcher.log.domain.events import Event
from dispatcher.messages.domain.message import Message, State


@dataclass(frozen=True, kw_only=True, slots=True)
class NotMade:
    """The provider was not called after all: its channel pauses, or the legal window had closed by then.

    `at_once`: nothing speaks against the next try but that this one was not made.
    """

    why: str
    at_once: bool = False


End = Outcome | NotMade


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """An attempt and how it ended; instants on the business clock."""

    message: Message  # as it was claimed, with `attempts` counting this one
    end: End
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Consequence:
    """What an end leads to. `in_doubt`: the debtor may have been reached, so it counts as a contact."""

    outcome: str  # the attempt row's word: accepted, rejected, try_later, unknown, not_made
    state: State
    event: Event
    reason: str = ""
    code: str = ""
    provider_id: str = ""
    next_try_at: datetime | None = None
    in_doubt: bool = False
    close_address: bool = False
    opted_out: bool = False
    stop_channel: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


def consequence(ended: Ended, *, repeat_is_safe: bool) -> Consequence:
    """Read an end. Nothing is repeated after an unknown one unless the provider makes a repeat harmless."""
    match ended.end:
        case Accepted(provider_id=provider_id, note=note):
            return Consequence(
                outcome="accepted",
                state=State.ACCEPTED,
                event=Event.ACCEPTED,
                provider_id=provider_id,
                in_doubt=True,
                details={"note": note} if note else {},
            )
        case Rejected() as rejected:
            return _rejected(rejected)
        case TryLater(reason=reason, after=after, code=code):
            return _again(ended, "try_later", reason, code, after)
        case Unknown(why=why, code=code):
            return _unknown(ended, why, code, repeat_is_safe=repeat_is_safe)
        case NotMade(why=why, at_once=at_once):
            means = _again(ended, "not_made", why, "", None)
            return replace(means, next_try_at=None) if at_once else means


def _rejected(rejected: Rejected) -> Consequence:
    if rejected.scope is Scope.CHANNEL:  # not this message's fault: it waits until the channel is resumed
        return Consequence(
            outcome="rejected",
            state=State.QUEUED,
            event=Event.RETRY,
            reason=rejected.reason,
            code=rejected.code,
            stop_channel=True,
            details={"scope": rejected.scope.value},
        )
    return Consequence(
        outcome="rejected",
        state=State.FAILED,
        event=Event.REJECTED,
        reason=rejected.reason,
        code=rejected.code,
        close_address=rejected.scope is Scope.ADDRESS and not rejected.opted_out,
        opted_out=rejected.opted_out,
        details={"scope": rejected.scope.value},
    )


def _again(
    ended: Ended, outcome: str, reason: str, code: str, after: Any, *, in_doubt: bool = False
) -> Consequence:
    message = ended.message
    in_doubt = in_doubt or message.is_in_doubt  # an earlier attempt's end is still open
    next_try = retry(
        now=ended.at, attempt=message.attempts, wish=after, expires_at=message.expires_at, key=message.id
    )
    if next_try.at is None:
        return Consequence(
            outcome=outcome,
            state=State.UNKNOWN if in_doubt else State.EXPIRED,
            event=Event.UNKNOWN if in_doubt else Event.EXPIRED,
            reason=f"{reason}; no further try fits before it expires",
            code=code,
            in_doubt=in_doubt,
        )
    return Consequence(
        outcome=outcome,
        state=State.QUEUED,
        event=Event.RETRY,
        reason=reason,
        code=code,
        next_try_at=next_try.at,
        in_doubt=in_doubt,
    )


def _unknown(ended: Ended, why: str, code: str, *, repeat_is_safe: bool) -> Consequence:
    if repeat_is_safe:
        return _again(ended, "unknown", why, code, None, in_doubt=True)
    return Consequence(
        outcome="unknown", state=State.UNKNOWN, event=Event.UNKNOWN, reason=why, code=code, in_doubt=True
    )
