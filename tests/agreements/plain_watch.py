"""A second, plain keeping of watch, written from the description alone: day by day, one payment at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, combinations


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
    interest: Sequence[int] = ()  # of each due payment, what of it the creditor books as interest
    bounced: Sequence[tuple[date, int]] = ()  # payments that were recorded and taken back: day, amount
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
        falls = self.read_all(ledgers)
        seen, recorded, fallen = 0, 0, 0
        for day in days:
            today = [(amount, False) for amount in payments.get(day, ())]
            recorded += sum(amount for amount, _ in today)
            fallen += falls.get(day, 0)
            if day in falls and fallen - recorded - seen > 0:
                today.append((fallen - recorded - seen, True))
                seen = fallen - recorded
            for amount, by_ledger in sorted(today, key=lambda one: -one[0]):
                if self.state == "active":
                    self._pay(day, amount, by_ledger=by_ledger)
            if day in ledgers and day > self.agreed_on and self.state == "active":
                self._read(day, ledgers[day])
        return self

    def read_all(self, ledgers: dict[date, int]) -> dict[date, int]:
        """Day -> how much its ledger fell and no later one rose again; rises that are interest are crossed off."""
        falls: dict[date, int] = {}
        self.hidden = [
            (due_on, minor) for (due_on, _), minor in zip(self.dues, self.interest, strict=False) if minor
        ]
        self.made_up = 0
        back = sorted(self.bounced)
        last = self.balance
        for day, now in sorted(ledgers.items()):
            rise, last = now - last, now
            if rise < 0:
                falls[day] = -rise
            elif rise > 0:
                was_back = self._of_these(back, day, rise)
                alike = [on for on, fall in falls.items() if fall == rise]
                holding = [on for on in falls if was_back and on >= was_back[0][0] and falls[on] > rise]
                if alike:
                    del falls[max(alike)]
                elif holding:
                    falls[min(holding)] -= rise
                else:
                    self._cross_off(rise)
                    continue
                back = [one for one in back if one not in was_back]
        return falls

    @staticmethod
    def _of_these(back: Sequence[tuple[date, int]], day: date, rise: int) -> list[tuple[date, int]]:
        known = [one for one in back if one[0] <= day]
        for one in known:
            if one[1] == rise:
                return [one]
        return known if sum(minor for _, minor in known) == rise else []

    def _cross_off(self, rise: int) -> None:
        """A charge that is what some payments in a row bear showed their interest."""
        for first, last in combinations(range(len(self.hidden) + 1), 2):
            if sum(minor for _, minor in self.hidden[first:last]) == rise:
                del self.hidden[first:last]
                return

    def _pay(self, day: date, amount: int, *, by_ledger: bool) -> None:
        for i, (due_on, due) in enumerate(self.dues):
            if self.done[i] or amount <= 0:
                continue
            part = min(amount, due - self.paid[i])
            self.paid[i] += part
            amount -= part
            if by_ledger and part:
                self._make_up(i, max(day, due_on))
            if Decimal(self.paid[i]) >= Decimal(due) * self.threshold / 100:
                self.done[i] = day
        if all(self.done):
            self.state, self.since = "kept", day

    def _make_up(self, i: int, day: date) -> None:
        """What a fall is short of, as its ledger took interest from it that it showed nowhere else."""
        short = self.dues[i][1] - self.paid[i]
        fallen_due = sum(minor for on, minor in self.hidden if on <= day) - self.made_up
        beforehand = [so_far - self.made_up for so_far in accumulate(minor for _, minor in self.hidden)]
        if short > 0 and (short <= fallen_due or short in beforehand):
            self.paid[i] += short
            self.made_up += short

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
