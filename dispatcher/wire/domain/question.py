"""What a creditor's system asks before it contacts somebody itself, and what it is answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.kind import Medium
from dispatcher.gate.decision import Outcome, Reason

GOOD_FOR = timedelta(minutes=30)  # an answer, at most: facts change
LATE_BY = timedelta(minutes=5)  # a question may have been so long on its way
AHEAD = timedelta(days=30)  # nobody knows what will have been sent by then


class QuestionError(ValueError):
    """The question cannot be answered; the text says what to mend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """May this person be contacted on this medium at this moment? No debts: about all that may be spoken of."""

    who: str  # creditor/reference
    channel: Medium
    at: datetime
    debts: tuple[str, ...] = ()
    address: str = ""  # empty: any that the channel may use


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The gate's answer. `debts` are those that may be spoken of; `valid_until` bounds a yes."""

    outcome: Outcome
    at: datetime
    debtor: str
    channel: Medium
    address: str = ""
    debts: tuple[str, ...] = ()
    not_before: datetime | None = None
    valid_until: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    packs: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


def refuse_moment(at: datetime, now: datetime) -> None:
    """Raise QuestionError for a moment that has passed, or is too far off to be answered for."""
    if at < now - LATE_BY:
        raise QuestionError("at: that moment has passed")
    if at > now + AHEAD:
        raise QuestionError(f"at: {AHEAD.days} days ahead at most; ask again nearer to it")
