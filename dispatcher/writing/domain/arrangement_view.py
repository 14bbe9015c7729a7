"""What a text may say of an agreement: its payments, what came in, the payment it speaks of, how and when it ended."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.arrangement import InstalmentState, Paid, State
from dispatcher.values.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrangementView:
    """One arrangement as a message about it tells it. `current`: the payment that it is about."""

    kind: str  # promise, plan, settlement
    agreed_on: date
    total: Money
    instalments: tuple[InstalmentState, ...]
    current: InstalmentState | None = None
    ended_on: date | None = None  # kept, broken
    ends_on: date | None = None  # from that day on a ledger without the missed payment ends it
    interest: Money | None = None  # what of the total is interest; None where it bears none
    rate: Decimal | None = None  # of it, in per cent a year

    @property
    def paid(self) -> Money:
        """What came in."""
        return Money(sum(one.paid.minor for one in self.instalments), self.total.currency)

    @property
    def principal(self) -> Money:
        """What was owed when it was agreed, or the part of it that ends the debt."""
        return self.total - self.interest if self.interest else self.total

    @property
    def interest_paid(self) -> Money | None:
        """What of what came in is interest, once everything is paid."""
        return self.interest if self.interest and not self.left.minor else None

    @property
    def left(self) -> Money:
        """What was agreed and has not come in."""
        return self.total - self.paid

    @property
    def due(self) -> Money | None:
        """What is still to pay of the payment it is about."""
        return self.current.amount - self.current.paid if self.current else None

    @property
    def left_after(self) -> Money | None:
        """What is left once that payment has come in."""
        return self.left - self.due if self.due else None

    @property
    def moneys(self) -> tuple[Money, ...]:
        """Every amount that it knows."""
        each = tuple(money for one in self.instalments for money in (one.amount, one.paid))
        parts = (self.principal, self.interest) if self.interest else ()
        return (
            self.total,
            self.paid,
            self.left,
            *parts,
            *(m for m in (self.due, self.left_after) if m),
            *each,
        )

    @property
    def days(self) -> tuple[date, ...]:
        """Every day that it knows."""
        named = (self.agreed_on, self.ended_on, self.ends_on)
        return (*(day for day in named if day), *(one.due_on for one in self.instalments))


def arrangement_view(agreed: Agreed, instalment: int) -> ArrangementView:
    """The view of an arrangement as it stands; `instalment` 0: the whole, whose next payment is the current one."""
    standing = agreed.standing
    unpaid = [one for one in standing.instalments if one.state is not Paid.PAID]
    current = next(
        (one for one in standing.instalments if one.number == instalment), unpaid[0] if unpaid else None
    )
    missed = [one.missed_on for one in unpaid if one.missed_on]
    after = timedelta(days=agreed.terms.watch.broken_after_days)
    return ArrangementView(
        kind=agreed.terms.kind,
        agreed_on=agreed.terms.agreed_on,
        total=agreed.total,
        instalments=standing.instalments,
        current=current,
        ended_on=standing.since if standing.state in (State.KEPT, State.BROKEN) else None,
        ends_on=min(missed) + after if missed and standing.state is State.ACTIVE else None,
        interest=agreed.interest,
        rate=rate_of(agreed),
    )


def rate_of(agreed: Agreed) -> Decimal | None:
    """The rate that a plan bears, in per cent a year; None where it bears none."""
    kept = agreed.offer.get("interest")
    return Decimal(kept["percent"]) if kept else None
