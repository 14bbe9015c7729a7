"""Keeps what each ledger shows to have come in for a debt, so that it can be told what a message brought in."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, insert, literal, select, update

from dispatcher.database.tables.portfolio import balance_falls, creditors, debts, payments
from dispatcher.portfolio.storage.portfolio_staging import staged_debts


def note_falls(connection: Connection, as_of: date, now: datetime) -> int:
    """Before the staged ledger is merged: how much lower it has known balances. Returns the last fall noted before."""
    before = connection.scalar(select(func.coalesce(func.max(balance_falls.c.id), 0))) or 0
    t = staged_debts.c
    day = func.coalesce(t.settled_on, literal(as_of, debts.c.due_date.type))
    fall = debts.c.balance_minor - case((t.balance_minor > 0, t.balance_minor), else_=0)
    known = and_(
        t.creditor == creditors.c.key, t.reference == debts.c.reference, t.currency == debts.c.currency
    )
    query = (
        select(debts.c.id, day, fall, literal(now, balance_falls.c.read_at.type))
        .select_from(debts)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(staged_debts, known)
        .where(fall > 0, debts.c.settled_on.is_(None))
    )
    names = ["debt_id", "day", "minor", "read_at"]
    connection.execute(insert(balance_falls).from_select(names, query))
    return before


def less_recorded(connection: Connection, after: int, now: datetime) -> None:
    """After payments were absorbed: what was recorded here by its own day counts there, and not as a fall too."""
    absorbed: Any = (
        select(func.coalesce(func.sum(payments.c.amount_minor), 0))
        .where(payments.c.debt_id == balance_falls.c.debt_id, payments.c.absorbed_at == now)
        .scalar_subquery()
    )
    new = balance_falls.c.id > after
    connection.execute(update(balance_falls).where(new).values(minor=balance_falls.c.minor - absorbed))
    connection.execute(delete(balance_falls).where(new, balance_falls.c.minor <= 0))
