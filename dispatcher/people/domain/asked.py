"""What is asked for on debts: their balances by the ledger, and nothing that stands beside them.

Full payment, plans, settlements, promises, the amounts of links and payment slips, the limits of offers and of
arrangements, and what an account is said to owe are all of this sum. What a statute adds is shown beside it and is part
of none of them: the ledger does not hold it, so no payment of it could be watched, and it grows while a text is read.
Whoever wants it paid books it; then it is the balance.
"""

from collections.abc import Iterable
from typing import Protocol

from dispatcher.values.money import Money


class Owed(Protocol):
    """A debt with its balance, net of payments recorded here and of credits."""

    @property
    def balance(self) -> Money:
        """What is open of it."""
        ...


def asked_in_all(debts: Iterable[Owed], currency: str) -> Money:
    """What is asked for on debts of one currency; nothing for none. Raises ValueError where one is in another."""
    return sum((debt.balance for debt in debts), Money(0, currency))


def asked_by_currency(debts: Iterable[Owed]) -> list[Money]:
    """The same of debts in several, an amount each in the order in which they come."""
    totals: dict[str, Money] = {}
    for debt in debts:
        currency = debt.balance.currency
        totals[currency] = totals.get(currency, Money(0, currency)) + debt.balance
    return list(totals.values())
