"""What earlier runs and this one left open: how many, since when, and what a person does about it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

STATES = ("unknown", "held", "failed", "expired")  # the gravest first
UNDECIDED = frozenset({"unknown", "held", "failed"})  # a run ends with a finding until a person has decided
_WAY_OUT = {
    "unknown": "`dispatcher reconcile`, then `dispatcher messages resolve ID… --sent|--not-sent --why TEXT`",
    "held": "`dispatcher messages release ID…`, `replan ID…` or `cancel ID…`",
    "failed": "`dispatcher messages acknowledge ID… --why TEXT` once it is dealt with",
    "expired": "told once: they were not sent in time",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOpen:
    """Messages in one state that nobody has decided about; `oldest` is the earliest run's day."""

    state: str
    count: int
    oldest: date

    def age(self, day: date) -> int:
        """Days since the oldest one's run, not below 0."""
        return max(0, (day - self.oldest).days)

    def as_json(self, day: date) -> dict[str, Any]:
        """As a summary prints it."""
        return {"count": self.count, "oldest": self.oldest.isoformat(), "age_days": self.age(day)}

    def sentence(self, day: date) -> str:
        """As a person reads it."""
        days = self.age(day)
        age = "of today" if not days else f"the oldest {days} {'day' if days == 1 else 'days'} old"
        return f"{self.count} {self.state} ({age}): {_WAY_OUT[self.state]}"
