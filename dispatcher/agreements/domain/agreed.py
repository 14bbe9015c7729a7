"""An arrangement as it is kept: who agreed on what with whom, by which ledger and payments, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from dispatcher.agreements.domain.arrangement import ENDED_BY_PERSON, Standing, State, Terms
from dispatcher.agreements.domain.schedules import interest_of
from dispatcher.values.money import Money

PAID_IN_TIME = "paid in time"  # the source of what nobody said that they agreed on
REOPENED = "reopened:"  # and how often, among what was told


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtBase:
    """What a debt's ledger said when it was agreed, and what was recorded here that it did not hold yet."""

    day: date
    balance: int  # minor units
    before: int = 0
    open: frozenset[int] = frozenset()  # the payments that `before` is the sum of


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """By what it was agreed: the payments on its debts that were on file count before it.

    Rows are numbered before they can be seen, so `last_payment`, by which older agreements go, may name too many.
    """

    last_payment: int = 0
    known: frozenset[int] | None = None
    debts: Mapping[int, DebtBase] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As the row keeps it."""
        return {
            **({"payments": self.last_payment} if self.known is None else {"known": sorted(self.known)}),
            "debts": {
                str(key): {
                    "day": base.day.isoformat(),
                    "balance": base.balance,
                    "before": base.before,
                    "open": sorted(base.open),
                }
                for key, base in self.debts.items()
            },
        }

    def knows(self, payment: int) -> bool:
        """Whether a payment was on file when it was agreed."""
        return payment <= self.last_payment if self.known is None else payment in self.known

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "Base":
        """Read back."""
        return cls(
            last_payment=written.get("payments", 0),
            known=frozenset(written["known"]) if "known" in written else None,
            debts={
                int(key): DebtBase(
                    day=date.fromisoformat(base["day"]),
                    balance=base["balance"],
                    before=base["before"],
                    open=frozenset(base.get("open", ())),
                )
                for key, base in written.get("debts", {}).items()
            },
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreedDebt:
    """A debt it stands on."""

    id: int
    reference: str  # creditor/reference


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """Somebody who agreed."""

    id: int
    person: str  # pseudonym
    reference: str  # creditor/reference


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreed:
    """One arrangement. `standing` is the cache of the fold."""

    id: int
    creditor: str
    parties: tuple[Party, ...]  # the first is whom it was recorded for
    debts: tuple[AgreedDebt, ...]
    total: Money
    agreed_at: datetime
    terms: Terms
    standing: Standing
    base: Base
    strategy: str = ""
    offer: Mapping[str, Any] = field(default_factory=dict)  # by which terms, with whose approval
    pauses_until: date | None = None
    told: frozenset[str] = frozenset()
    source: str = ""
    note: str = ""
    actor: str = ""
    ended_why: str = ""
    replaces: int | None = None

    @property
    def state(self) -> State:
        """How it stands."""
        return self.standing.state

    @property
    def interest(self) -> Money | None:
        """What of its payments is interest; None where it bears none."""
        if not any(one.interest for one in self.terms.schedule):
            return None
        return interest_of(self.terms.schedule, self.total.currency)

    @property
    def debt_ids(self) -> tuple[int, ...]:
        """The debts' ids."""
        return tuple(debt.id for debt in self.debts)

    @property
    def fell(self) -> bool:
        """Whether it was made by a payment alone, which was taken back: as if it had never been."""
        return self.source == PAID_IN_TIME and self.state is State.CANCELLED

    @property
    def reopenings(self) -> int:
        """How often it was kept, and was not after all."""
        return sum(key.startswith(REOPENED) for key in self.told)

    @property
    def follows_facts(self) -> bool:
        """Whether payments and ledgers still move it: a person's word is final."""
        return self.state not in ENDED_BY_PERSON

    def _parts(self) -> dict[str, str]:
        """What the total is made of, where it is more than what was owed."""
        if self.interest is None:
            return {}
        principal = self.total - self.interest
        return {"principal": str(principal.amount), "interest": str(self.interest.amount)}

    def as_json(self) -> dict[str, Any]:
        """As commands, the API and exports write it; instalments with what came in."""
        return {
            "id": self.id,
            "kind": self.terms.kind,
            "state": self.state.value,
            "debtor": self.parties[0].reference,
            "parties": [party.reference for party in self.parties],
            "debts": [debt.reference for debt in self.debts],
            "currency": self.total.currency,
            "total": str(self.total.amount),
            **self._parts(),
            "agreed_on": self.terms.agreed_on.isoformat(),
            "since": self.standing.since.isoformat() if self.standing.since else None,
            "pauses_until": self.pauses_until.isoformat() if self.pauses_until else None,
            "source": self.source,
            "note": self.note,
            "terms": dict(self.offer),
            "ended_why": self.ended_why,
            "replaces": self.replaces,
            "instalments": [
                {
                    "due_on": one.due_on.isoformat(),
                    "amount": str(one.amount.amount),
                    "paid": str(one.paid.amount),
                    "state": one.state.value,
                }
                for one in self.standing.instalments
            ],
        }
