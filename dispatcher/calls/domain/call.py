"""A call that somebody should make, and what it came to."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dispatcher.gate.decision import Reason
from dispatcher.planning.domain.strategy import TRIES, CallStep

REST = timedelta(hours=20)  # between two tries
ON_THE_DESK = timedelta(minutes=30)  # somebody who opened a call has it that long
DIALLER = "dialler"


class CallState(StrEnum):
    """Where a call stands. Reserved: somebody, or the dialler, has it, and it counts in every cap."""

    OPEN = "open"
    RESERVED = "reserved"
    MADE = "made"
    REFUSED = "refused"
    EXPIRED = "expired"


class CallOutcome(StrEnum):
    """What a call came to, as the caps count it."""

    CONVERSATION = "conversation"
    UNANSWERED = "unanswered"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    NOT_IN_SERVICE = "not_in_service"


NOBODY_REACHED = frozenset({CallOutcome.UNANSWERED, CallOutcome.BUSY, CallOutcome.VOICEMAIL})


def is_done(step: CallStep, outcome: CallOutcome, tries: int) -> bool:
    """Whether a call that came to this, at its so-manieth try, counts as its step."""
    gave_up = TRIES in step.done_by and outcome in NOBODY_REACHED and tries >= step.tries
    return outcome.value in step.done_by or gave_up


class CallError(ValueError):
    """A call cannot be opened, ended or handed out; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One task. `debts` are ids; `address` is the number, E.164."""

    id: int
    debtor_id: int
    debtor: str
    name: str
    strategy: str
    step: str
    as_of: date
    state: CallState
    address: str
    tries: int
    next_try_at: datetime | None
    expires_at: datetime
    holder: str
    reserved_at: datetime | None
    valid_until: datetime | None
    contact_id: int | None
    debts: tuple[int, ...]
    outcome: str = ""
    made_contact_id: int | None = None  # the contact that the newest try was
    lapsed_until: datetime | None = None  # when the dialler's newest reservation ended without an outcome
    ended_at: datetime | None = None

    def had(self, holder: str, moment: datetime) -> bool:
        """Whether the dialler had it at a moment, and its word comes late: nobody else has had it since."""
        free = self.state in (CallState.OPEN, CallState.EXPIRED, CallState.REFUSED)
        since, until = self.reserved_at, self.lapsed_until
        return (
            free and holder == DIALLER and since is not None and until is not None and since <= moment < until
        )

    def is_due(self, now: datetime) -> bool:
        """Whether it may be looked at again: nobody has it, or whoever had it let the time pass."""
        free = self.state is CallState.OPEN or (self.valid_until is not None and self.valid_until <= now)
        return free and self.expires_at > now and (self.next_try_at is None or self.next_try_at <= now)


@dataclass(frozen=True, kw_only=True, slots=True)
class MayCall:
    """What the gate says of a call right now. `until`: the first instant at which it would be no longer allowed."""

    allowed: bool
    until: datetime | None = None
    not_before: datetime | None = None
    final: bool = False  # it will not become allowed by waiting
    reasons: tuple[Reason, ...] = ()
