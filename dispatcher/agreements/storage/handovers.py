"""Keeps decisions about passing debts to counsel: at most one that stands for a debt."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, or_, select, tuple_, update

from dispatcher.database.bulk import insert_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import handovers
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.portfolio import creditors, debtors, debts

STANDING = ("proposed", "decided", "notified", "handed_over")
TO_GO = ("decided", "notified")
ARRIVED = ("accepted", "delivered")  # what may never have arrived announces nothing
LEDGER = "ledger"  # who decided, where the creditor's ledger says so

_LISTED = (
    select(
        handovers, creditors.c.key, debts.c.reference, debtors.c.reference.label("debtor"), debts.c.debtor_id,
        debtors.c.person, debts.c.currency, debts.c.balance_minor, debts.c.paid_minor, debts.c.due_date,
        debts.c.time_barred_on, debts.c.settled_on,
    )
    # Each has its debt; SQLite goes through all debts first where it may choose, and nothing says how few these are.
    .outerjoin(debts, debts.c.id == handovers.c.debt_id)
    .outerjoin(debtors, debtors.c.id == debts.c.debtor_id)
    .outerjoin(creditors, creditors.c.id == debts.c.creditor_id)
    .order_by(handovers.c.id)
)  # fmt: skip


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


def listed(connection: Connection, states: Sequence[str] = ()) -> list[Any]:
    """Every row with its debt, or those in these states, oldest first."""
    query = _LISTED.where(handovers.c.state.in_(states)) if states else _LISTED
    return list(connection.execute(query))


def set_exported(connection: Connection, key: int, at: datetime) -> None:
    """Counsel has it: from now on we are silent."""
    change(connection, key, state="handed_over", exported_at=at)


def decided_by_ledger(connection: Connection, creditor_ids: Collection[int], as_of: date) -> list[Any]:
    """Debts that the ledger says are decided and nobody has: what was ended here since its day stays ended."""
    known = exists().where(
        handovers.c.debt_id == debts.c.id,
        or_(handovers.c.state.in_(STANDING), handovers.c.ended_on >= debts.c.handover_decided_on),
    )
    query = (
        select(debts.c.id, debts.c.handover_decided_on)
        .where(
            debts.c.creditor_id.in_(creditor_ids),
            debts.c.handover_decided_on <= as_of,
            debts.c.in_ledger,
            or_(debts.c.settled_on.is_(None), debts.c.settled_on > as_of),
            debts.c.balance_minor > debts.c.paid_minor,
            ~known,
        )
        .order_by(debts.c.id)
    )
    return list(connection.execute(query))


def taken_back_by_ledger(connection: Connection, creditor_ids: Collection[int]) -> list[int]:
    """Those that stand by the ledger's word alone, which it no longer says."""
    query = (
        select(handovers.c.id, handovers.c.decided_by)
        .join(debts, debts.c.id == handovers.c.debt_id)
        .where(
            debts.c.creditor_id.in_(creditor_ids),
            handovers.c.state.in_(TO_GO),
            debts.c.handover_decided_on.is_(None),
        )
        .order_by(handovers.c.id)
    )
    return [key for key, by in connection.execute(query) if by == [LEDGER]]


def add_all(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write many, all of the same columns."""
    insert_rows(connection, handovers, rows)


def of_ids(connection: Connection, ids: Collection[int]) -> list[Any]:
    """Rows with their debts, by id."""
    return list(connection.execute(_LISTED.where(one_of(handovers.c.id, "ids")), {"ids": sorted(ids)}))


def of_debts(connection: Connection, debt_ids: Collection[int]) -> list[Any]:
    """The rows that stand for these debts, with them."""
    query = _LISTED.where(one_of(handovers.c.debt_id, "ids"), handovers.c.state.in_(STANDING))
    return list(connection.execute(query, {"ids": sorted(debt_ids)}))


def notices_out(
    connection: Connection, debt_ids: Collection[int], steps: Collection[tuple[str, str]]
) -> dict[int, date]:
    """Debt -> the day of the newest message of these (strategy, step) that went out about it and did not come back."""
    if not debt_ids or not steps:
        return {}
    query = (
        select(message_debts.c.debt_id, func.max(messages.c.as_of))
        .join(messages, messages.c.id == message_debts.c.message_id)
        .where(
            one_of(message_debts.c.debt_id, "ids"),
            tuple_(message_debts.c.strategy, message_debts.c.step).in_(sorted(steps)),
            messages.c.state.in_(ARRIVED),
        )
        .group_by(message_debts.c.debt_id)
    )
    return {row[0]: row[1] for row in connection.execute(query, {"ids": sorted(debt_ids)})}
