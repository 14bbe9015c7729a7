"""Agreed payments whose day has passed and of which no ledger has said yet whether they came."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from dispatcher.agreements.storage.arrangements import watch_of
from dispatcher.database.tables.agreements import arrangements, instalments
from dispatcher.database.tables.portfolio import creditors


@dataclass(frozen=True, kw_only=True, slots=True)
class Awaited:
    """One payment; a ledger of a later day than its own and its grace will tell."""

    creditor_id: int
    creditor: str
    ledger_as_of: date | None
    due_on: date
    grace_days: int


def awaited(connection: Connection, as_of: date) -> list[Awaited]:
    """Unpaid ones of active arrangements whose day has passed and that no ledger has shown to be missed."""
    query = (
        select(
            creditors.c.id, creditors.c.key, creditors.c.ledger_as_of, instalments.c.due_on, arrangements.c.terms
        )
        .join(arrangements, arrangements.c.id == instalments.c.arrangement_id)
        .join(creditors, creditors.c.id == arrangements.c.creditor_id)
        .where(
            arrangements.c.state == "active",
            instalments.c.paid_on.is_(None),
            instalments.c.missed_on.is_(None),
            instalments.c.due_on < as_of,
        )
        .order_by(creditors.c.id, instalments.c.due_on)
    )  # fmt: skip
    return [
        Awaited(
            creditor_id=row.id,
            creditor=row.key,
            ledger_as_of=row.ledger_as_of,
            due_on=row.due_on,
            grace_days=watch_of(row.terms).grace_days,
        )
        for row in connection.execute(query)
    ]
