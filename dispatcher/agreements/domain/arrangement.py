"""An arrangement and its state: the fold of its terms, the payments and the ledgers, the same in any order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from dispatcher.agreements.domain.booked_interest import BookedInterest
from dispatcher.agreements.domain.ledger_falls import DebtLedger, Inflow, unexplained
from dispatcher.agreements.domain.offer_terms import Watch
from dispatcher.agreements.domain.schedules import Schedule
from dispatcher.values.money import Money


class State(StrEnum):
    """`active → kept | broken | cancelled | replaced`; the last two are a person's word, the others follow."""

    ACTIVE = "active"
    KEPT = "kept"
    BROKEN = "broken"
    CANCELLED = "cancelled"
    REPLACED = "replaced"


class Paid(StrEnum):
    """An instalment's state."""

    DUE = "due"
    PAID = "paid"
    MISSED = "missed"


ENDED_BY_PERSON = (State.CANCELLED, State.REPLACED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What was agreed: who watches how, which payments, on which debts, in one currency."""

    kind: str  # promise, plan, settlement
    agreed_on: date
    schedule: Schedule
    watch: Watch = field(default_factory=Watch)

    @property
    def breaks_with_miss(self) -> bool:
        """Whether a miss is the end: always for a promise."""
        return self.kind == "promise" or self.watch.broken_after_days == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What came in: payments recorded here since it was agreed, and each debt's ledgers."""

    payments: Sequence[Inflow] = ()
    ledgers: Mapping[int, DebtLedger] = field(default_factory=dict)  # by debt


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalmentState:
    """What came in for one instalment. `paid_on`: when it counted as paid; `missed_on`: of the ledger without it."""

    number: int
    due_on: date
    amount: Money
    paid: Money
    paid_on: date | None = None
    missed_on: date | None = None

    @property
    def state(self) -> Paid:
        """Paid, missed or due."""
        if self.paid_on is not None:
            return Paid.PAID
        return Paid.DUE if self.missed_on is None else Paid.MISSED


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The fold: how an arrangement stands, and since when."""

    state: State
    instalments: tuple[InstalmentState, ...]
    since: date | None = None  # the day it was kept or broken

    @property
    def paid(self) -> int:
        """Minor units that came in."""
        return sum(instalment.paid.minor for instalment in self.instalments)


class _Fold:
    def __init__(self, terms: Terms, booked: BookedInterest) -> None:
        self.terms = terms
        self.booked = booked
        self.paid = [0] * len(terms.schedule)
        self.paid_on: list[date | None] = [None] * len(terms.schedule)
        self.missed_on: list[date | None] = [None] * len(terms.schedule)
        self.ended: tuple[State, date] | None = None

    def pay(self, inflow: Inflow) -> None:
        """Fill the oldest instalment that does not count as paid; what is left goes on to the next."""
        left = inflow.minor
        for place, instalment in enumerate(self.terms.schedule):
            if left <= 0:
                break
            if self.paid_on[place] is not None:
                continue
            part = min(left, instalment.amount.minor - self.paid[place])
            self.paid[place] += part
            left -= part
            if inflow.seen and part:
                self.paid[place] += self.booked.netted(
                    instalment.amount.minor - self.paid[place], max(inflow.day, instalment.due_on)
                )
            if reaches(self.paid[place], instalment.amount.minor, self.terms.watch.threshold_percent):
                self.paid_on[place] = inflow.day
        if all(self.paid_on):
            self.ended = (State.KEPT, inflow.day)

    def look(self, day: date, *, nothing_owed: bool) -> None:
        """A ledger of that day shows what has not been paid by then."""
        if nothing_owed:
            self.ended = (State.KEPT, day)
            return
        watch = self.terms.watch
        for place, instalment in enumerate(self.terms.schedule):
            if self.paid_on[place] is not None or day <= instalment.due_on + timedelta(days=watch.grace_days):
                continue
            missed = self.missed_on[place] = self.missed_on[place] or day
            if self.terms.breaks_with_miss or day >= missed + timedelta(days=watch.broken_after_days):
                self.ended = (State.BROKEN, day)

    def standing(self) -> Standing:
        currency = self.terms.schedule[0].amount.currency
        rows = zip(self.terms.schedule, self.paid, self.paid_on, self.missed_on, strict=True)
        instalments = tuple(
            InstalmentState(
                number=number,
                due_on=instalment.due_on,
                amount=instalment.amount,
                paid=Money(paid, currency),
                paid_on=paid_on,
                missed_on=missed_on,
            )
            for number, (instalment, paid, paid_on, missed_on) in enumerate(rows, start=1)
        )
        state, since = self.ended or (State.ACTIVE, None)
        return Standing(state=state, instalments=instalments, since=since)


def fold(terms: Terms, facts: Facts) -> Standing:
    """How it stands by all facts known. The order in which they arrived decides nothing: their own days do.

    On one day what came in counts before a ledger of that day is looked at. What comes after the end changes
    nothing; a fact that belongs before it does.
    """
    state = _Fold(terms, BookedInterest(terms.schedule, facts.ledgers.values()))
    inflows = [*facts.payments, *(f for ledger in facts.ledgers.values() for f in unexplained(ledger))]
    steps: list[tuple[date, int, int, Inflow | None]] = [
        (inflow.day, 0, -inflow.minor, inflow) for inflow in inflows
    ]
    steps += [(day, 1, 0, None) for day in evidence_days(facts.ledgers.values()) if day > terms.agreed_on]
    for day, _, _, inflow in sorted(steps, key=lambda step: step[:3]):
        if state.ended is not None:
            break
        if inflow is not None:
            state.pay(inflow)
        else:
            state.look(day, nothing_owed=_nothing_owed(facts.ledgers.values(), day))
    return state.standing()


def reaches(paid: int, amount: int, threshold_percent: Decimal) -> bool:
    """Whether what came in counts as all of a payment."""
    return paid * 100 >= amount * threshold_percent


def evidence_days(ledgers: Iterable[DebtLedger]) -> list[date]:
    """The days of ledgers that speak of every debt, or after which nothing more was owed on the silent ones."""
    each = list(ledgers)
    days = {day for ledger in each for day in ledger.days}
    return sorted(day for day in days if all(ledger.speaks_on(day) for ledger in each))


def _nothing_owed(ledgers: Iterable[DebtLedger], day: date) -> bool:
    return all(ledger.balance_on(day) <= 0 for ledger in ledgers)
