"""Which payments and ledgers count for an arrangement: those that what was agreed on did not know of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dispatcher.agreements.domain.agreed import Agreed, DebtBase
from dispatcher.agreements.domain.arrangement import Facts
from dispatcher.agreements.domain.ledger_falls import DebtLedger, Inflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """A payment on a debt as it was written down; one that was taken back counts nowhere."""

    id: int
    day: date
    minor: int
    reversed: bool = False


def facts_since(
    agreed: Agreed, paid: Mapping[int, Sequence[Payment]], balances: Mapping[int, Sequence[tuple[date, int]]]
) -> Facts:
    """By debt, its payments and what its ledgers said; the order in which either was written down decides nothing."""
    inflows: list[Inflow] = []
    ledgers: dict[int, DebtLedger] = {}
    for debt in agreed.debt_ids:
        base, payments = agreed.base.debts[debt], paid.get(debt, ())
        gone = _taken_back(base, payments)
        since = _since(agreed, base, payments, gone)
        inflows += since
        bounced = [Inflow(day=one.day, minor=one.minor) for one in payments if one.reversed]
        ledgers[debt] = _ledger(base, balances.get(debt, ()), since, gone, bounced)
    return Facts(payments=inflows, ledgers=ledgers)


def _taken_back(base: DebtBase, payments: Iterable[Payment]) -> int:
    """Of what had come in and no ledger held when it was agreed: what was taken back since."""
    return sum(one.minor for one in payments if one.reversed and one.id in base.open)


def _since(agreed: Agreed, base: DebtBase, payments: Iterable[Payment], gone: int) -> list[Inflow]:
    """What came in since; of days before, what the balance that was agreed on had not counted already.

    A payment of a day before that stands where another was taken back is that one, written down anew.
    """
    fresh = sorted(
        (one.day, one.minor)
        for one in payments
        if not one.reversed and not agreed.base.knows(one.id) and not _held(agreed, base, one.day)
    )
    found = []
    for day, minor in fresh:
        again = min(gone, minor) if day < agreed.terms.agreed_on else 0
        gone -= again
        if minor > again:
            found.append(Inflow(day=day, minor=minor - again))
    return found


def _held(agreed: Agreed, base: DebtBase, paid_on: date) -> bool:
    """Whether the balance that was agreed on contained it already: it came before, and was only written down late."""
    return paid_on < agreed.terms.agreed_on and paid_on <= base.day


def _ledger(
    base: DebtBase, rows: Iterable[tuple[date, int]], explained: Sequence[Inflow], gone: int,
    bounced: Sequence[Inflow],
) -> DebtLedger:  # fmt: skip
    known = {base.day: base.balance} | {day: balance for day, balance in rows if day >= base.day}
    return DebtLedger(balances=known, explained=explained, before=max(0, base.before - gone), bounced=bounced)
