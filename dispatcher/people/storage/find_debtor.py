"""Finds the debtor whom somebody means by a reference: the one way, whoever asks."""

from sqlalchemy import Connection

from dispatcher.people.domain.facts import RecordError
from dispatcher.people.storage.people_facts import KnownDebtor, find_debtors


class UnknownDebtorError(RecordError):
    """No debtor, or more than one, goes by this reference."""


def find_debtor(connection: Connection, who: str) -> KnownDebtor:
    """The debtor meant by `creditor/reference`, or by a reference that only one creditor has.

    Raises UnknownDebtorError where there is none or more than one.
    """
    creditor, slash, reference = who.partition("/")
    debtors = find_debtors(connection, reference, creditor=creditor) if slash else []
    debtors = debtors or find_debtors(connection, who)
    if not debtors:
        raise UnknownDebtorError(
            f"there is no debtor {who!r}; write creditor/reference as in the portfolio file"
        )
    if len(debtors) > 1:
        names = " or ".join(debtor.full_reference for debtor in debtors)
        raise UnknownDebtorError(f"{who!r} is a debtor of several creditors: say {names}")
    return debtors[0]
