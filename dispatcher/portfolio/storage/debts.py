"""What is open of a debt, as SQL that every reader of debts shares."""

from datetime import date

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    or_,
)

from dispatcher.database.tables.portfolio import debts

OWED = debts.c.balance_minor - debts.c.paid_minor


def open_on(as_of: date | BindParameter[date]) -> ColumnElement[bool]:
    """Issued and not settled on a date (or a parameter for one), by the ledger's own columns."""
    return and_(
        or_(debts.c.issued_on.is_(None), debts.c.issued_on <= as_of),
        or_(debts.c.settled_on.is_(None), debts.c.settled_on > as_of),
    )
