"""A debt before the question whether counsel gets it: how old, how much, what was tried, why nothing came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dispatcher.values.money import Money

PROPOSED, DECIDED, NOTIFIED, HANDED_OVER = "proposed", "decided", "notified", "handed_over"
_FIRST = {PROPOSED: 0, DECIDED: 1, NOTIFIED: 1, HANDED_OVER: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """What was done about one debt, and what came back."""

    sent: Sequence[tuple[str, int]] = ()  # channel, messages that went out
    first_on: date | None = None
    last_on: date | None = None
    in_vain: int = 0  # of them: bounced or returned
    calls: Sequence[tuple[date, str]] = ()  # day, what it came to
    agreed: Sequence[tuple[str, date, str, date | None]] = ()  # kind, day, state, since
    heard: int = 0  # what the person sent us
    heard_on: date | None = None
    paid: Money | None = None
    paid_on: date | None = None

    def sentences(self) -> list[str]:
        """What was tried, and why nothing came of it, for who decides."""
        return [*self._written(), *self._called(), *self._agreed(), self._heard(), self._paid()]

    def _written(self) -> list[str]:
        count = sum(number for _, number in self.sent)
        if not count:
            return ["no message has gone out about it"]
        by = ", ".join(f"{number} by {channel}" for channel, number in self.sent)
        days = (
            f"on {self.first_on}"
            if self.first_on == self.last_on
            else f"from {self.first_on} to {self.last_on}"
        )
        said = [f"{_counted(count, 'message')} went out {days}: {by}"]
        return [*said, f"{self.in_vain} of them came back"] if self.in_vain else said

    def _called(self) -> list[str]:
        if not self.calls:
            return []
        day, outcome = self.calls[-1]
        return [
            f"{_counted(len(self.calls), 'call')}, the last on {day}: {outcome.replace('_', ' ') or 'no outcome'}"
        ]

    def _agreed(self) -> list[str]:
        return [
            f"a {kind} of {on} is {state}" + (f" since {since}" if since else "")
            for kind, on, state, since in self.agreed
        ]

    def _heard(self) -> str:
        if not self.heard:
            return "nothing was heard from them"
        return f"they wrote or called {_counted(self.heard, 'time')}, the last on {self.heard_on}"

    def _paid(self) -> str:
        if self.paid is None or not self.paid.minor:
            return "no payment was recorded"
        return f"{self.paid} was paid, the last on {self.paid_on}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One debt of the list. `decisions` of two may have been made by one person while it is still proposed."""

    debt_id: int
    debtor_id: int
    state: str
    debtor: str  # creditor/reference
    debt: str  # creditor/reference
    owed: Money
    due_date: date
    age_days: int  # days since it was due
    time_barred_on: date | None = None
    last_step_on: date | None = None
    why: str = ""  # what put it before a person, or what was said when it ended
    needs_second: bool = False
    needs_notice: bool = False  # its strategy has a final notice
    decided_on: date | None = None
    decided_by: tuple[str, ...] = ()
    notified_on: date | None = None
    hand_over_on: date | None = None  # the day that the final notice names
    exported_at: str = ""
    tried: Tried = field(default_factory=Tried)

    @property
    def order(self) -> tuple[int, date, date, str]:
        """What waits for a decision first, and of that what is time-barred next."""
        return (_FIRST.get(self.state, 3), self.time_barred_on or date.max, self.due_date, self.debt)

    def is_barred(self, on: date) -> bool:
        """Whether no court takes it any more."""
        return self.time_barred_on is not None and self.time_barred_on <= on

    def may_go(self, on: date) -> bool:
        """Whether nothing but the export is left."""
        if self.state == NOTIFIED:
            return self.hand_over_on is None or self.hand_over_on <= on
        return self.state == DECIDED and not self.needs_notice

    def as_json(self) -> dict[str, Any]:
        """As commands and exports write it."""

        def day(value: date | None) -> str | None:
            return value.isoformat() if value else None

        return {
            "state": self.state,
            "debtor": self.debtor,
            "debt": self.debt,
            "owed": str(self.owed.amount),
            "currency": self.owed.currency,
            "due_date": day(self.due_date),
            "age_days": self.age_days,
            "time_barred_on": day(self.time_barred_on),
            "last_step_on": day(self.last_step_on),
            "why": self.why,
            "tried": self.tried.sentences(),
            "needs_second": self.needs_second,
            "decided_on": day(self.decided_on),
            "decided_by": list(self.decided_by),
            "notified_on": day(self.notified_on),
            "hand_over_on": day(self.hand_over_on),
            "exported_at": self.exported_at or None,
        }


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
