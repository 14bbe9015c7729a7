"""What is open of a debt, as SQL that every reader of debts shares."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.sql.selectable import FromClause

from dispatcher.database.tables.agreements import arrangement_debts, arrangements
from dispatcher.database.tables.portfolio import debts
from dispatcher.values.money import ODD_EXPONENTS, Money

OWED = debts.c.balance_minor - debts.c.paid_minor


def open_on(as_of: date | BindParameter[date], of: FromClause = debts) -> ColumnElement[bool]:
    """Issued and not settled on a date (or a parameter for one), by the ledger's own columns."""
    return and_(
        or_(of.c.issued_on.is_(None), of.c.issued_on <= as_of),
        or_(of.c.settled_on.is_(None), of.c.settled_on > as_of),
    )


def settled_by_agreement(debt_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a settlement of the debt was kept: for us nothing is owed on it, whatever the ledger still shows."""
    return exists().where(
        arrangement_debts.c.debt_id == debt_id,
        arrangements.c.id == arrangement_debts.c.arrangement_id,
        arrangements.c.kind == "settlement",
        arrangements.c.state == "kept",
    )


def in_minor(limit: Decimal, currency: ColumnElement[str]) -> ColumnElement[int]:
    """A limit in a currency's main unit; the few currencies without two decimals get their own factor."""
    by_exponent: dict[int, list[str]] = {0: [], 3: [], 4: []}
    for name, digits in ODD_EXPONENTS.items():
        by_exponent[digits].append(name)
    return case(
        *(
            (currency.in_(names), Money.of(limit, names[0]).minor if digits else int(limit))
            for digits, names in by_exponent.items()
        ),
        else_=Money.of(limit, "USD").minor,
    )


def books(connection: Any, as_of: date) -> Mapping[tuple[int, str], int]:
    """What each creditor is owed in all on a date, in minor units, by the creditor's id and the currency."""
    query = select(debts.c.creditor_id, debts.c.currency, func.sum(OWED)).where(open_on(as_of), OWED > 0)
    rows = connection.execute(query.group_by(debts.c.creditor_id, debts.c.currency))
    return {(row[0], row[1]): int(row[2]) for row in rows}
