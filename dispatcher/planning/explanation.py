"""The answer to "what comes next?": of a person, of each debt, step and channel."""

from dataclasses import dataclass, field
from datetime import date, datetime

from dispatcher.gate.decision import Reason
from dispatcher.planning.storage import explained


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelAnswer:
    """What the gate says of one channel and address right now."""

    channel: str
    address: str
    decision: str  # allow, defer, hold, block, unreachable
    not_before: datetime | None = None
    zones: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StepAnswer:
    """One step of one debt. `status`: sent, waiting, due, kept back, later, skipped."""

    step: str
    kind: str
    status: str
    sentence: str
    comes_on: date | None = None
    message_id: str = ""
    reasons: tuple[Reason, ...] = ()
    channels: tuple[ChannelAnswer, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtAnswer:
    """One debt of the person."""

    reference: str
    relation: str
    balance: str
    due_date: date
    days_past_due: int
    sentence: str
    issued_on: date | None = None
    strategy: str = ""
    segment: str = ""
    segment_because: str = ""
    steps: tuple[StepAnswer, ...] = field(default=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """The whole answer."""

    debtor: str
    name: str
    as_of: date
    now: datetime
    zones: tuple[str, ...]
    packs: tuple[str, ...]
    debts: tuple[DebtAnswer, ...]
    besides: tuple[explained.Beside, ...] = ()  # of the last month: agreements, answers, confirmations
