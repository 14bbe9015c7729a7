"""Which debts a payment pays: those named, then those agreed on, then the oldest; no disputed or barred one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dispatcher.values.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Payable:
    """A debt that a payment of unknown aim may pay."""

    debt_id: int
    reference: str
    owed: Money
    due_date: date
    withheld: str = ""  # disputed or time-barred: why nothing may be put on it unasked
    arranged: bool = False  # an arrangement stands on it


class AllocationError(ValueError):
    """A payment that fits no debt; the text says what to do."""


def allocate(amount: Money, debts: Sequence[Payable]) -> list[tuple[Payable, Money]]:
    """(debt, part of the payment), the agreed ones first, then the oldest; the last takes what is over.

    Raises AllocationError where no debt may take it: a payment must not revive or admit what the payer did not name.
    """
    debts = sorted(debts, key=_turn)
    open_debts = [debt for debt in debts if not debt.withheld and debt.owed.minor > 0]
    payable = [debt for debt in open_debts if debt.owed.currency == amount.currency]
    if not payable:
        withheld = "; ".join(f"{debt.reference} is {debt.withheld}" for debt in debts if debt.withheld)
        why = f" ({withheld})" if withheld else ""
        raise AllocationError(f"no debt may take {amount} unasked{why}: say with --debt which one was paid")
    left = amount.minor
    parts: list[tuple[Payable, Money]] = []
    for debt in payable:
        part = left if debt is payable[-1] else min(left, debt.owed.minor)
        if part > 0:
            parts.append((debt, Money(part, amount.currency)))
            left -= part
    return parts


def _turn(debt: Payable) -> tuple[bool, date, str]:
    """Of two debts due on one day the reference decides: a row's id says only how a database came to write it."""
    return not debt.arranged, debt.due_date, debt.reference
