"""The ledger's own promises: those that no arrangement knows yet, and those that it no longer names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, and_, exists, or_, select

from dispatcher.database.tables.agreements import arrangement_debts, arrangements, instalments
from dispatcher.database.tables.portfolio import creditors, debts


@dataclass(frozen=True, slots=True)
class LedgerPromise:
    """A debt's promise as the ledger names it; `minor` 0: no amount."""

    debt_id: int
    debtor_id: int
    on: date
    minor: int


def creditor_ids(connection: Connection, keys: Sequence[str]) -> list[int]:
    """Creditors by key."""
    return list(connection.scalars(select(creditors.c.id).where(creditors.c.key.in_(keys))))


def fresh(
    connection: Connection, creditor_ids: Sequence[int], as_of: date, since: date
) -> list[LedgerPromise]:
    """Promises for days from `since` on, on debts without open arrangements; one of debt and day is known for good."""
    on_debt = (
        exists()
        .where(
            arrangement_debts.c.debt_id == debts.c.id,
            arrangement_debts.c.arrangement_id == arrangements.c.id,
            instalments.c.arrangement_id == arrangements.c.id,
            or_(
                arrangement_debts.c.is_open,
                and_(arrangements.c.source == "ledger", instalments.c.due_on == debts.c.promise_date),
            ),
        )
        .correlate(debts)
    )
    query = (
        select(debts.c.id, debts.c.debtor_id, debts.c.promise_date, debts.c.promise_minor)
        .where(
            debts.c.creditor_id.in_(creditor_ids),
            debts.c.promise_date >= since,
            debts.c.in_ledger,
            or_(debts.c.settled_on.is_(None), debts.c.settled_on > as_of),
            debts.c.balance_minor > debts.c.paid_minor,
            ~on_debt,
        )
        .order_by(debts.c.id)
    )
    return [LedgerPromise(row[0], row[1], row[2], row[3] or 0) for row in connection.execute(query)]


def gone(connection: Connection, creditor_ids: Sequence[int], source: str) -> Iterator[tuple[int, bool]]:
    """(arrangement, whether another day is named) of the ledger's own promises that it names no longer."""
    query = (
        select(arrangements.c.id, debts.c.promise_date)
        .join(arrangement_debts, arrangement_debts.c.arrangement_id == arrangements.c.id)
        .join(instalments, instalments.c.arrangement_id == arrangements.c.id)
        .join(debts, debts.c.id == arrangement_debts.c.debt_id)
        .where(
            arrangements.c.creditor_id.in_(creditor_ids),
            arrangements.c.state == "active",
            arrangements.c.source == source,
            debts.c.promise_date.is_distinct_from(instalments.c.due_on),
        )
    )
    for key, named in connection.execute(query).all():
        yield key, named is not None
