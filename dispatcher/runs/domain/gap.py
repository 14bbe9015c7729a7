"""The time between the making of a copy and its adoption, in which another machine may have sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

LATE_LEDGERS = timedelta(
    days=14
)  # a debt that the copy does not know may stand in a ledger of the gap until then


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """`until` is the day of adoption; debts up to `newest_debt` stood in the copy."""

    until: date
    newest_debt: int

    def as_json(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {"until": self.until.isoformat(), "newest_debt": self.newest_debt}

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Gap":
        """As the database gives it back."""
        return cls(until=date.fromisoformat(value["until"]), newest_debt=value["newest_debt"])

    def covers(self, step: "DueStep") -> bool:
        """Whether the step came due before the adoption, so that another machine may have done it."""
        if step.debt_id > self.newest_debt and step.as_of > self.until + LATE_LEDGERS:
            return False
        return step.came_due <= self.until


@dataclass(frozen=True, kw_only=True, slots=True)
class DueStep:
    """A debt's step that a run of `as_of` has planned. `anchor`: the day of zero of a step before it."""

    debt_id: int
    as_of: date
    due_date: date
    day: int
    anchor: date | None = None

    @property
    def came_due(self) -> date:
        """Its own day by the calendar, or the distance from the step before, whichever is later."""
        return max(self.due_date, self.anchor or self.due_date) + timedelta(days=self.day)
