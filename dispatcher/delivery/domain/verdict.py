"""What the second gate says of one message at the moment of sending.

A verdict holds the gate's decision on the contact (`gate/decision.py`) and what only a message has: an end
(`cancel`) and a text that must be made anew (`prepare`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from dispatcher.gate.decision import PROGRAM, Outcome, Reason, own_reason

TOO_LATE = own_reason(
    PROGRAM,
    "validity",
    Outcome.BLOCK,
    "the step's valid_days",
    "it was not sent within the step's validity",
)


class VerdictKind(StrEnum):
    """Send it now, later, after a person looked, never, or after its text was made anew."""

    SEND = "send"
    DEFER = "defer"
    HOLD = "hold"
    CANCEL = "cancel"
    PREPARE = "prepare"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The second gate's answer for one message, with every rule that did not allow.

    `not_before` (UTC) comes with `defer`; `not_after` (UTC, exclusive) is the first instant at which sending is
    no longer legal; `inputs_digest` is that of the facts the text would be made from now; `grounds`: what the rules
    read where it may be sent, as the log keeps it.
    """

    kind: VerdictKind
    not_before: datetime | None = None
    not_after: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    rule_packs: tuple[str, ...] = ()
    inputs_digest: str = ""
    grounds: Mapping[str, Any] = field(default_factory=dict)
    cleared_at: datetime | None = None  # when it was judged, where it was not judged again

    def __post_init__(self) -> None:
        """A deferral without its time would never come back."""
        if self.kind is VerdictKind.DEFER and self.not_before is None:
            raise ValueError("a deferred message needs the instant from which it may be sent")
