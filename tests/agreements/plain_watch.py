"""A second, plain keeping of watch, written from the description alone: day by day, one payment at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal


@dataclass
class Plain:
    """What a day-by-day reading makes of one debt's agreement."""

    kind: str
    dues: Sequence[tuple[date, int]]
    agreed_on: date
    balance: int
    grace: int = 0
    threshold: Decimal = Decimal(100)
    after: int = 0
    paid: list[int] = field(default_factory=list)
    done: list[date | None] = field(default_factory=list)
    missed: list[date | None] = field(default_factory=list)
    state: str = "active"
    since: date | None = None

    def live(
        self, days: Sequence[date], payments: dict[date, list[int]], ledgers: dict[date, int]
    ) -> "Plain":
        """Go through the days; payments of a day come before its ledger is read."""
        self.paid = [0] * len(self.dues)
        self.done = [None] * len(self.dues)
        self.missed = [None] * len(self.dues)
        seen, last, recorded = 0, self.balance, 0
        fallen = 0
        for day in days:
            today = [*payments.get(day, ())]
            recorded += sum(today)
            if day in ledgers:
                fallen += last - ledgers[day]  # the stories' ledgers only fall
                last = ledgers[day]
                extra = fallen - recorded - seen
                if extra > 0:
                    seen += extra
                    today.append(extra)
            for amount in sorted(today, reverse=True):
                if self.state == "active":
                    self._pay(day, amount)
            if day in ledgers and day > self.agreed_on and self.state == "active":
                self._read(day, ledgers[day])
        return self

    def _pay(self, day: date, amount: int) -> None:
        for i, (_, due) in enumerate(self.dues):
            if self.done[i] or amount <= 0:
                continue
            part = min(amount, due - self.paid[i])
            self.paid[i] += part
            amount -= part
            if Decimal(self.paid[i]) >= Decimal(due) * self.threshold / 100:
                self.done[i] = day
        if all(self.done):
            self.state, self.since = "kept", day

    def _read(self, day: date, balance: int) -> None:
        if balance <= 0:
            self.state, self.since = "kept", day
            return
        for i, (due_on, _) in enumerate(self.dues):
            if self.done[i] or day <= due_on + timedelta(days=self.grace):
                continue
            if self.missed[i] is None:
                self.missed[i] = day
            first = self.missed[i]
            at_once = self.kind == "promise" or self.after == 0
            if at_once or (first is not None and day >= first + timedelta(days=self.after)):
                self.state, self.since = "broken", day
