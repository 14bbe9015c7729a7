"""A slow ladder, written from the documentation's words alone: who gets which message on which day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.outside.books import Book, Debt, Person
from tests.outside.legal_hours import first_legal

Json = Mapping[str, Any]
GRACE = timedelta(days=3)  # of config/offers


@dataclass(frozen=True, order=True)
class Sent:
    """A message as it can be told from outside."""

    as_of: date
    debtor: str
    debts: tuple[str, ...]
    step: str
    channel: str
    at: datetime
    courtesy: bool = field(default=False, compare=False)


@dataclass(frozen=True, order=True)
class KeptBack:
    """A debt that has come to a step but must be left alone on that day."""

    as_of: date
    debtor: str
    debt: str
    step: str


@dataclass
class Desk:
    """A desk's memory from day to day. `strategies` are the files' contents in the order of their names."""

    book: Book
    strategies: Sequence[Json]
    at: time = time(18)
    ledger_of: date | None = None  # the day of the newest ledger
    sent: list[Sent] = field(default_factory=list)
    kept_back: list[KeptBack] = field(default_factory=list)
    paid: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    vanished: set[str] = field(default_factory=set)
    opted_out: set[tuple[str, str]] = field(default_factory=set)  # person, channel
    fired: dict[tuple[str, str], tuple[str, date]] = field(default_factory=dict)  # debt, person -> step, day
    rests_until: dict[tuple[str, str], date] = field(default_factory=dict)  # after a broken promise
    waiting: list[tuple[Sent, dict[tuple[str, str], Any]]] = field(default_factory=list)

    def day(self, day: date) -> None:
        """One daily run, and what it deferred until the next one."""
        now = datetime.combine(day, self.at, UTC)
        for strategy, person, kind, dues, besides in self._due(day):
            self._write(strategy, person, kind, dues, besides, day, now)
        self._release(until=now + timedelta(days=1))

    def ledger(self, book: Book, of: date) -> None:
        """A newer ledger. A promise that it shows broken leaves its ladder waiting for the next step's distance from then."""
        before = self.ledger_of
        self.book, self.ledger_of = book, of
        for debt in book.debts.values():
            known = debt.promised is not None and of > debt.promised + GRACE
            knew = debt.promised is not None and before is not None and before > debt.promised + GRACE
            strategy = self.strategy_of(debt)
            if known and not knew and strategy is not None and debt.is_open(of) and debt.balance > 0:
                for person, _ in self.recipients(debt, strategy):
                    self._wait_from(debt, person, strategy["steps"], of)

    def _wait_from(self, debt: Debt, person: str, steps: Sequence[Json], broken: date) -> None:
        names = [step["name"] for step in steps]
        last = self.fired.get((debt.key, person))
        sent = names.index(last[0]) + 1 if last and last[0] in names else 0
        place = next((n for n in range(sent, len(steps)) if steps[n]["kind"] != "courtesy"), None)
        if place is not None:
            stands = steps[place - 1]["day"] if place else 0
            waits = steps[place]["day"] - min(stands, steps[place]["day"] - 1)
            self.rests_until[debt.key, person] = broken + timedelta(days=waits)

    def _due(self, day: date) -> Iterable[tuple[Json, Person, str, list[tuple[Debt, Json]], list[Debt]]]:
        groups: dict[Any, list[tuple[Debt, Json]]] = defaultdict(list)
        besides: dict[Any, list[Debt]] = defaultdict(list)
        strategies = {}
        for debt in sorted(self.book.debts.values(), key=lambda debt: (debt.due, debt.key)):
            strategy = self.strategy_of(debt)
            if strategy is None or not debt.is_open(day) or debt.balance - self.paid[debt.key] <= 0:
                continue
            joins = strategy.get("join", "none") == "debtor"
            for person, vouches in self.recipients(debt, strategy):
                step = self.step_due(strategy, debt, person, day)
                if step is None:
                    if joins and self.may_be_named(debt, person, day):
                        besides[person, debt.currency, "collection", vouches].append(debt)
                    continue
                if self.must_rest(debt, day) or self.owed(debt, day) < _least(strategy):
                    self.kept_back.append(KeptBack(day, person, debt.key, step["name"]))
                    continue
                table = (person, debt.currency, step["kind"], vouches) if joins else (person, debt.key)
                groups[table].append((debt, step))
                strategies[debt.key] = strategy
        for table, dues in groups.items():
            furthest, step = max(dues, key=lambda due: due[1]["day"])
            yield strategies[furthest.key], self.book.people[table[0]], step["kind"], dues, besides[table]

    def may_be_named(self, debt: Debt, person: str, day: date) -> bool:
        """Overdue, not to be left alone, and either written about already or not begun at all."""
        if debt.due >= day or self.must_rest(debt, day):
            return False
        told = any(debt.key in m.debts and m.debtor == person and not m.courtesy for m in self.sent)
        begun = self.fired.get((debt.key, person))
        return told or begun is None or begun[0] in self.courtesies

    @property
    def courtesies(self) -> set[str]:
        """The names of the steps that are no rungs."""
        return {
            s["name"] for strategy in self.strategies for s in strategy["steps"] if s["kind"] == "courtesy"
        }

    def strategy_of(self, debt: Debt) -> Json | None:
        """The first whose conditions the debt meets."""
        person = self.book.people[debt.owner]
        facts = (
            person.columns
            | debt.columns
            | {"currency": debt.currency, "creditor": debt.key.partition("/")[0]}
            | {"ledger_segment": person.columns.get("segment", "")}
        )
        left = debt.balance - self.paid[debt.key]
        for strategy in self.strategies:
            wanted = dict(strategy.get("match", {}))
            limits = wanted.pop("balance", {})
            equal = all(facts.get(k, "") in ([v] if isinstance(v, str) else v) for k, v in wanted.items())
            low, high = Decimal(limits.get("min", "-1e9")), Decimal(limits.get("max", "1e9"))
            if equal and low <= left <= high:
                return strategy
        return None

    def recipients(self, debt: Debt, strategy: Json) -> list[tuple[str, bool]]:
        """Who is written to, and whether they only vouch."""
        found = [(debt.owner, False)]
        if strategy.get("parties") == "all":
            found += [(key, False) for key in debt.joint]
            if strategy.get("guarantors"):
                found += [(key, True) for key in debt.guarantors if key not in debt.joint]
        return found

    def step_due(self, strategy: Json, debt: Debt, person: str, day: date) -> Json | None:
        """Steps go in order and none fires twice; late, the ladder's own distances are kept."""
        steps = strategy["steps"]
        last = self.fired.get((debt.key, person))
        names = [step["name"] for step in steps]
        if last is not None and last[0] not in names:
            return None  # the debt changed its strategy; the books here avoid that
        done = names.index(last[0]) if last else -1
        for step in steps[done + 1 :]:
            if step["kind"] == "courtesy" and day > debt.due:
                continue
            comes = debt.due + timedelta(days=step["day"])
            if last and (step["kind"] == "courtesy" or steps[done]["kind"] != "courtesy"):
                comes = max(comes, last[1] + timedelta(days=step["day"] - steps[done]["day"]))
            comes = max(comes, self.rests_until.get((debt.key, person), comes))
            return step if comes <= day else None
        return None

    def must_rest(self, debt: Debt, day: date) -> bool:
        """Disputed, promised, vanished from the ledger, or covered by credit."""
        disputed = debt.disputed is not None and debt.disputed <= day
        # A promise stands until a ledger of a day after it and its grace can show that it was not kept.
        known = (
            self.ledger_of is not None
            and debt.promised is not None
            and self.ledger_of > debt.promised + GRACE
        )
        promised = debt.promised is not None and not known
        return disputed or promised or debt.key in self.vanished or self.owed(debt, day) <= 0

    def owed(self, debt: Debt, day: date) -> Decimal:
        """What is left of a debt when the credits of its owner, in its currency, go to the oldest debts first."""
        mine = [
            other
            for other in self.book.debts.values()
            if other.owner == debt.owner and other.currency == debt.currency and other.is_open(day)
        ]
        credit = -sum((other.balance for other in mine if other.balance < 0), Decimal())
        for other in sorted(mine, key=lambda other: (other.due, other.key)):
            left = other.balance - self.paid[other.key]
            if left <= 0:
                continue
            share = min(credit, left)
            credit -= share
            if other.key == debt.key:
                return left - share
        return Decimal()

    def _write(
        self,
        strategy: Json,
        person: Person,
        kind: str,
        dues: list[Any],
        besides: list[Debt],
        day: date,
        now: datetime,
    ) -> None:
        step = max((step for _, step in dues), key=lambda step: step["day"])
        latest_due = max(debt.due for debt in (*(debt for debt, _ in dues), *besides))
        ends = now + timedelta(days=step.get("valid_days", 3))
        order = sorted(step["channels"], key=lambda channel: channel != person.preferred)
        for channel in order:
            if channel not in person.reach or (person.key, channel) in self.opted_out:
                continue
            goes = first_legal(now, channel=channel, kind=kind, zones=person.zones, due=latest_due)
            if goes is None or goes >= ends:
                continue
            before = {(debt.key, person.key): self.fired.get((debt.key, person.key)) for debt, _ in dues}
            for debt, own in dues:
                self.fired[debt.key, person.key] = (own["name"], day)
            keys = tuple(sorted(debt.key for debt in (*(debt for debt, _ in dues), *besides)))
            message = Sent(day, person.key, keys, step["name"], channel, goes, kind == "courtesy")
            self.waiting.append((message, before))
            return

    def _release(self, *, until: datetime) -> None:
        """Send what has come to its moment; what has been paid, disputed or has come too late is cancelled."""
        still = []
        for message, before in sorted(self.waiting, key=lambda pair: pair[0].at):
            if message.at >= until:
                still.append((message, before))
            elif self._may_still(message):
                self.sent.append(message)
            else:
                self._give_back(before)
        self.waiting = still

    def _may_still(self, message: Sent) -> bool:
        """As on the business day of the moment: the as-of date moved by the days since the run."""
        now = datetime.combine(message.as_of, self.at, UTC)
        today = message.as_of + (message.at.date() - now.date())
        debts = [self.book.debts.get(key) for key in message.debts]
        if (message.debtor, message.channel) in self.opted_out:
            return False
        return all(
            debt is not None
            and debt.is_open(today)
            and not self.must_rest(debt, today)
            and not (message.courtesy and today > debt.due)
            for debt in debts
        )

    def _give_back(self, before: Mapping[tuple[str, str], Any]) -> None:
        for key, rung in before.items():
            if rung is None:
                self.fired.pop(key, None)
            else:
                self.fired[key] = rung


def _least(strategy: Json) -> Decimal:
    return Decimal(strategy.get("match", {}).get("balance", {}).get("min", "0"))


def replayed(desk: Desk, first: date, last: date) -> Desk:
    """The same desk after these days, both included."""
    day = first
    while day <= last:
        desk.day(day)
        day += timedelta(days=1)
    return desk
