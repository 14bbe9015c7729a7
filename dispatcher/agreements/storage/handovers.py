"""Keeps decisions about passing debts to counsel: at most one that stands for a debt."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dispatcher.database.tables.agreements import handovers
from dispatcher.database.tables.portfolio import creditors, debtors, debts

STANDING = ("proposed", "decided", "notified", "handed_over")


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """Write one; the index refuses a second that stands."""
    return int(connection.execute(insert(handovers).values(**values).returning(handovers.c.id)).scalar_one())


def standing(connection: Connection, debt_id: int) -> Any:
    """The row that stands for a debt, or None."""
    query = select(handovers).where(handovers.c.debt_id == debt_id, handovers.c.state.in_(STANDING))
    return connection.execute(query).first()


def change(connection: Connection, key: int, **values: Any) -> None:
    """Set columns of one."""
    connection.execute(update(handovers).where(handovers.c.id == key).values(**values))


def listed(connection: Connection) -> list[Any]:
    """Every row with its debt, oldest first."""
    query = (
        select(
            handovers, creditors.c.key, debts.c.reference, debtors.c.reference.label("debtor"), debts.c.currency,
            debts.c.balance_minor, debts.c.paid_minor, debts.c.due_date, debts.c.time_barred_on,
        )
        .join(debts, debts.c.id == handovers.c.debt_id)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .order_by(handovers.c.id)
    )  # fmt: skip
    return list(connection.execute(query))


def set_exported(connection: Connection, key: int, at: datetime) -> None:
    """Counsel has it: from now on we are silent."""
    change(connection, key, state="handed_over", exported_at=at)
