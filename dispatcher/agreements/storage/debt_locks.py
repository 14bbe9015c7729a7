"""Locks debts for as long as something is agreed on them."""

from collections.abc import Collection

from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError

from dispatcher.database.tables.portfolio import debts


class BeingChangedError(Exception):
    """Another transaction is changing one of them."""


def lock(connection: Connection, debt_ids: Collection[int]) -> None:
    """Keep others from changing debts until the transaction ends; SQLite's transaction is the lock itself.

    Waits for nobody: an import changes debts in an order of its own, so that waiting could end in a deadlock.
    """
    if connection.dialect.name == "sqlite" or not debt_ids:
        return
    query = select(debts.c.id).where(debts.c.id.in_(sorted(debt_ids))).order_by(debts.c.id)
    try:
        with connection.begin_nested():
            connection.execute(query.with_for_update(nowait=True)).all()
    except OperationalError as error:
        raise BeingChangedError from error
