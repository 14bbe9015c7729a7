"""Keeps payments recorded here: whether the newest ledger holds them already, what they leave, what was taken back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, insert, or_, select, update

from dispatcher.database.tables.agreements import arrangement_debts
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import creditors, debts, payments
from dispatcher.people.domain.allocation import Payable
from dispatcher.people.storage import people_facts
from dispatcher.portfolio.storage.debts import OWED, settled_by_agreement
from dispatcher.portfolio.storage.portfolios import recount_payments
from dispatcher.values.money import Money

recount = recount_payments


def add(connection: Connection, columns: Mapping[str, Any], *, split_of: int | None) -> int:
    """Write one; born absorbed where the ledger that is known contains it by its day."""
    absorbed = is_in_ledger(connection, columns["debt_id"], columns["paid_on"], columns["recorded_at"])
    values = {**columns, "split_of": split_of, "absorbed_at": columns["recorded_at"] if absorbed else None}
    if columns.get("external_id"):
        values["creditor_id"] = _creditor_of(columns["debt_id"])
    return int(connection.execute(insert(payments).values(**values).returning(payments.c.id)).scalar_one())


def same(
    connection: Connection, debt_id: int, amount_minor: int, paid_on: date, *, is_named: bool = False
) -> int:
    """How many payments of that amount and day count for a debt; against one with an id of its own, those without."""
    query = select(payments.c.id).where(
        payments.c.debt_id == debt_id,
        payments.c.amount_minor == amount_minor,
        payments.c.paid_on == paid_on,
        payments.c.reversed_at.is_(None),
    )
    if is_named:
        query = query.where(payments.c.external_id.is_(None))
    return len(connection.scalars(query).all())


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedPayment:
    """A payment that its creditor's system knows by an id of its own, in all its parts."""

    id: int
    debts: tuple[str, ...]  # references
    debt_ids: tuple[int, ...]
    amount: Money
    paid_on: date
    is_reversed: bool


def named(connection: Connection, creditor: str, external_id: str) -> NamedPayment | None:
    """What a creditor's id of a payment stands for."""
    query = (
        select(payments, debts.c.reference, debts.c.currency)
        .join(debts, debts.c.id == payments.c.debt_id)
        .join(creditors, creditors.c.id == payments.c.creditor_id)
        .where(creditors.c.key == creditor, payments.c.external_id == external_id)
        .order_by(payments.c.id)
    )
    parts = connection.execute(query).all()
    if not parts:
        return None
    return NamedPayment(
        id=parts[0].id,
        debts=tuple(part.reference for part in parts),
        debt_ids=tuple(part.debt_id for part in parts),
        amount=Money(sum(part.amount_minor for part in parts), parts[0].currency),
        paid_on=parts[0].paid_on,
        is_reversed=parts[0].reversed_at is not None,
    )


def lock_ids(connection: Connection, creditor: str) -> None:
    """Let nobody else write payments of a creditor under ids of its own till this transaction ends."""
    connection.execute(select(creditors.c.id).where(creditors.c.key == creditor).with_for_update())


def _creditor_of(debt_id: int) -> Any:
    return select(debts.c.creditor_id).where(debts.c.id == debt_id).scalar_subquery()


def payable(connection: Connection, debt_ids: Collection[int], on: date) -> list[Payable]:
    """What a payment may pay among these debts."""
    arranged = exists().where(arrangement_debts.c.debt_id == debts.c.id, arrangement_debts.c.is_open)
    held = exists().where(
        holds.c.debt_id == debts.c.id, holds.c.kind == "dispute", holds.c.released_at.is_(None)
    )
    query = select(
        debts.c.id, debts.c.reference, OWED.label("owed"), debts.c.currency, debts.c.due_date,
        debts.c.disputed_on, debts.c.time_barred_on, arranged.label("arranged"), held.label("held"),
        settled_by_agreement(debts.c.id).label("settled"),
    ).where(debts.c.id.in_(debt_ids))  # fmt: skip
    return [
        Payable(
            debt_id=row.id,
            reference=row.reference,
            owed=Money(row.owed, row.currency),
            due_date=row.due_date,
            withheld=_withheld(row, on),
            arranged=bool(row.arranged),
        )
        for row in connection.execute(query)
    ]


def open_references(connection: Connection, debtor_id: int, on: date) -> list[str]:
    """The references of all open debts that a person owes something on."""
    owed = people_facts.debts_of(connection, debtor_id, on)
    return [debt.reference for debt in owed if debt.is_open and debt.owed.minor > 0]


def references(connection: Connection, payment_id: int) -> list[str]:
    """The debts that a payment, in all its parts, was put on."""
    query = (
        select(debts.c.reference)
        .join(payments, payments.c.debt_id == debts.c.id)
        .where(_parts_of(payment_id))
        .order_by(payments.c.id)
    )
    return list(connection.scalars(query))


def reverse(connection: Connection, payment_id: int, *, at: datetime, why: str) -> list[int]:
    """Take it back in all its parts; returns their amounts in minor units, none where that was done before."""
    standing = and_(_parts_of(payment_id), payments.c.reversed_at.is_(None))
    taken: Sequence[int] = list(connection.scalars(select(payments.c.amount_minor).where(standing)))
    connection.execute(update(payments).where(standing).values(reversed_at=at, reversed_why=why))
    return list(taken)


def _parts_of(payment_id: int) -> Any:
    return or_(payments.c.id == payment_id, payments.c.split_of == payment_id)


def _withheld(row: Any, on: date) -> str:
    if row.held or (row.disputed_on is not None and row.disputed_on <= on):
        return "disputed"
    if row.time_barred_on is not None and row.time_barred_on <= on:
        return "time-barred"
    return "settled by agreement" if row.settled else ""


def is_in_ledger(connection: Connection, debt_id: int, paid_on: date, recorded_at: datetime) -> bool:
    """A ledger's day holds what came before it, and what came on it where that was written down only later.

    What is recorded on the ledger's own day may have come after it was drawn: it counts until the next one.
    """
    day: date | None = connection.scalar(
        select(creditors.c.ledger_as_of)
        .join(debts, debts.c.creditor_id == creditors.c.id)
        .where(debts.c.id == debt_id, debts.c.in_ledger)
    )
    return day is not None and (paid_on < day or (paid_on == day and recorded_at.date() > day))
