"""Reads what a creditor's system asks for: creditors, debts, payments. Each list can be bound to one creditor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from dispatcher.database.tables.portfolio import creditors, debt_parties, debtors, debts, payments
from dispatcher.portfolio.storage.debts import OWED
from dispatcher.values.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtLine:
    """A debt with what is owed on it now."""

    id: int
    creditor: str
    debtor: str  # creditor/reference
    reference: str
    owed: Money
    ledger_balance: Money
    due_date: date
    settled_on: date | None
    disputed_on: date | None
    balance_as_of: date | None
    in_ledger: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentLine:
    """A payment recorded here, in one of its parts."""

    id: int
    creditor: str
    debtor: str
    debt: str
    amount: Money
    paid_on: date
    source: str
    external_id: str
    reversed: bool


def list_creditors(connection: Connection, only: str) -> Sequence[Any]:
    """Creditors with the day of their ledger."""
    query = select(creditors).order_by(creditors.c.key)
    return connection.execute(query.where(creditors.c.key == only) if only else query).all()


def page_of_debts(
    connection: Connection, *, only: str = "", debtor: str = "", after: int = 0, limit: int = 50
) -> list[DebtLine]:
    """Debts in the order they came, behind an id; of one creditor, of one debtor (reference or creditor/reference)."""
    query = _debts().where(debts.c.id > after, *_mine(only)).order_by(debts.c.id).limit(limit)
    if debtor:  # found first: the order by id would lead past all others'
        query = query.where(debts.c.id.in_(_ids_of_debtor(connection, debtor)))
    return [_debt(row) for row in connection.execute(query)]


def find_debt(connection: Connection, creditor: str, reference: str) -> DebtLine | None:
    """One debt by its creditor's key and its reference."""
    query = _debts().where(creditors.c.key == creditor, debts.c.reference == reference)
    row = connection.execute(query).first()
    return _debt(row) if row else None


def debts_called(connection: Connection, reference: str, only: str) -> list[DebtLine]:
    """Debts of that reference, of one creditor or of any."""
    return [
        _debt(row) for row in connection.execute(_debts().where(debts.c.reference == reference, *_mine(only)))
    ]


def page_of_payments(
    connection: Connection, *, only: str = "", external_id: str = "", after: int = 0, limit: int = 50
) -> list[PaymentLine]:
    """Payments in the order they were recorded, behind an id; those of one id of the creditor's own."""
    query = _payments().where(payments.c.id > after, *_mine(only)).order_by(payments.c.id).limit(limit)
    if external_id:  # by its index, which begins with the creditor
        owners = select(creditors.c.id).where(*_mine(only))
        mine = payments.c.creditor_id.in_(list(connection.scalars(owners)))
        named = select(payments.c.id).where(mine, payments.c.external_id == external_id)
        first = list(connection.scalars(named.where(payments.c.split_of.is_(None))))
        query = query.where(or_(payments.c.id.in_(first), payments.c.split_of.in_(first)))
    return [_payment(row) for row in connection.execute(query)]


def get_payment(connection: Connection, payment_id: int, only: str) -> PaymentLine | None:
    """One payment, by the id of its first part."""
    query = _payments().where(payments.c.id == payment_id, payments.c.split_of.is_(None), *_mine(only))
    row = connection.execute(query).first()
    return _payment(row) if row else None


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyLine:
    """Somebody who answers for a debt beside its debtor; both as creditor/reference."""

    debt_id: int
    debtor_id: int
    debt: str
    debtor: str
    relation: str


def page_of_parties(
    connection: Connection,
    *,
    only: str = "",
    debt: str = "",
    after: tuple[int, int] = (0, 0),
    limit: int = 50,
) -> list[PartyLine]:
    """Parties in the order of debts and people, behind a pair of ids; of one creditor, of one debt's reference."""
    at = debt_parties.c
    behind = or_(at.debt_id > after[0], and_(at.debt_id == after[0], at.debtor_id > after[1]))
    query = (
        select(
            debt_parties, debts.c.reference, creditors.c.key, debtors.c.reference.label("debtor_reference")
        )
        .join(debts, debts.c.id == at.debt_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(debtors, debtors.c.id == at.debtor_id)
        .where(at.debt_id >= after[0], behind, *_mine(only))
        .order_by(at.debt_id, at.debtor_id)
        .limit(limit)
    )
    if debt:
        query = query.where(at.debt_id.in_(ids_of_debt(connection, debt)))
    return [
        PartyLine(
            debt_id=row.debt_id,
            debtor_id=row.debtor_id,
            debt=f"{row.key}/{row.reference}",
            debtor=f"{row.key}/{row.debtor_reference}",
            relation=row.relation,
        )
        for row in connection.execute(query)
    ]


def parties_of(connection: Connection, debt_id: int) -> list[tuple[str, str]]:
    """(reference, relation) of everybody who answers for a debt beside its debtor."""
    query = (
        select(debtors.c.reference, debt_parties.c.relation)
        .join(debtors, debtors.c.id == debt_parties.c.debtor_id)
        .where(debt_parties.c.debt_id == debt_id)
        .order_by(debt_parties.c.relation, debtors.c.reference)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def ids_of_debt(connection: Connection, debt: str) -> list[int]:
    """Debts that go by `creditor/reference`, or by a reference of any creditor."""
    creditor, _, reference = debt.rpartition("/")
    query = select(debts.c.id).join(creditors, creditors.c.id == debts.c.creditor_id)
    return list(connection.scalars(query.where(debts.c.reference == reference, *_mine(creditor))))


def _ids_of_debtor(connection: Connection, debtor: str) -> list[int]:
    creditor, _, reference = debtor.rpartition("/")
    whose = select(debtors.c.id).join(creditors, creditors.c.id == debtors.c.creditor_id)
    people = list(connection.scalars(whose.where(debtors.c.reference == reference, *_mine(creditor))))
    return list(connection.scalars(select(debts.c.id).where(debts.c.debtor_id.in_(people))))


def _mine(only: str) -> tuple[ColumnElement[bool], ...]:
    return (creditors.c.key == only,) if only else ()


def _debts() -> Select[Any]:
    return (
        select(debts, OWED.label("owed"), creditors.c.key, debtors.c.reference.label("debtor_reference"))
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
    )


def _debt(row: Any) -> DebtLine:
    return DebtLine(
        id=row.id,
        creditor=row.key,
        debtor=f"{row.key}/{row.debtor_reference}",
        reference=row.reference,
        owed=Money(row.owed, row.currency),
        ledger_balance=Money(row.balance_minor, row.currency),
        due_date=row.due_date,
        settled_on=row.settled_on,
        disputed_on=row.disputed_on,
        balance_as_of=row.balance_as_of,
        in_ledger=row.in_ledger,
    )


def _payments() -> Select[Any]:
    return (
        select(
            payments,
            debts.c.reference.label("debt_reference"),
            debts.c.currency,
            creditors.c.key,
            debtors.c.reference.label("debtor_reference"),
        )
        .join(debts, debts.c.id == payments.c.debt_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
    )


def _payment(row: Any) -> PaymentLine:
    return PaymentLine(
        id=row.id,
        creditor=row.key,
        debtor=f"{row.key}/{row.debtor_reference}",
        debt=row.debt_reference,
        amount=Money(row.amount_minor, row.currency),
        paid_on=row.paid_on,
        source=row.source,
        external_id=row.external_id or "",
        reversed=row.reversed_at is not None,
    )
