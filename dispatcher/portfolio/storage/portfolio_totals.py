"""Adds a portfolio up by currency and age, in one pass of the database over the debts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from dispatcher.database.tables.portfolio import creditors, debts
from dispatcher.portfolio.storage.debts import OWED, open_on


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """Debts of one currency that share an age and a state. `credit`: what the creditor owes, negative."""

    currency: str
    bucket: str
    disputed: bool
    credit: bool
    in_ledger: bool
    count: int
    minor: int


def open_sums(connection: Connection, as_of: date, *, creditor: str | None = None) -> Iterator[Sum]:
    """Sums of all debts that are open on a date and not paid to nothing."""
    groups = {
        "currency": debts.c.currency,
        "bucket": _bucket(as_of),
        "disputed": case((debts.c.disputed_on <= as_of, 1), else_=0),
        "credit": case((OWED < 0, 1), else_=0),
        "in_ledger": case((debts.c.in_ledger, 1), else_=0),
    }
    columns = [column.label(name) for name, column in groups.items()]
    query = select(*columns, func.count().label("count"), func.sum(OWED).label("minor"))
    query = query.where(and_(open_on(as_of), OWED != 0)).group_by(*(column.name for column in columns))
    if creditor is not None:
        query = query.join(creditors, creditors.c.id == debts.c.creditor_id).where(
            creditors.c.key == creditor
        )
    for row in connection.execute(query):
        yield Sum(
            currency=row.currency,
            bucket=row.bucket,
            disputed=bool(row.disputed),
            credit=bool(row.credit),
            in_ledger=bool(row.in_ledger),
            count=row[5],
            minor=int(row.minor),
        )


def known_creditors(connection: Connection) -> dict[str, date | None]:
    """Creditors and the day their ledger speaks of."""
    query = select(creditors.c.key, creditors.c.ledger_as_of).order_by(creditors.c.key)
    return {row[0]: row[1] for row in connection.execute(query)}


def _bucket(as_of: date) -> Any:
    edges = {"current": 0, "1-30": 30, "31-60": 60, "61-90": 90}
    cases = [(debts.c.due_date >= as_of - timedelta(days=days), name) for name, days in edges.items()]
    return case(*cases, else_="90+")
