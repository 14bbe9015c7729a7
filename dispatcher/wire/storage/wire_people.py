"""Reads what a creditor's system asks for about people: who they are, contacts and stops, without anybody's words."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, select

from dispatcher.database.tables.people import contacts, opt_outs
from dispatcher.database.tables.portfolio import creditors, debtors


def page_of_debtors(
    connection: Connection, *, only: str = "", after: int = 0, limit: int = 50
) -> Sequence[Any]:
    """Debtors in the order they came, behind an id."""
    return connection.execute(
        _whose(debtors, only).where(debtors.c.id > after).order_by(debtors.c.id).limit(limit)
    ).all()


def find_debtor_row(connection: Connection, creditor: str, reference: str) -> Any:
    """One debtor; None where there is none."""
    query = _whose(debtors, creditor).where(debtors.c.reference == reference)
    return connection.execute(query).first()


def page_of_contacts(
    connection: Connection, *, only: str = "", debtor: str = "", after: int = 0, limit: int = 50
) -> Sequence[Any]:
    """Contacts made elsewhere, and what people sent, in the order they were written down, behind an id."""
    query = _whose(contacts, only).where(contacts.c.id > after, *_of(connection, contacts, debtor))
    return connection.execute(query.order_by(contacts.c.id).limit(limit)).all()


def page_of_opt_outs(
    connection: Connection, *, only: str = "", debtor: str = "", after: int = 0, limit: int = 50
) -> Sequence[Any]:
    """Stops of people, ended ones too, in the order they came, behind an id."""
    query = _whose(opt_outs, only).where(opt_outs.c.id > after, *_of(connection, opt_outs, debtor))
    return connection.execute(query.order_by(opt_outs.c.id).limit(limit)).all()


def _whose(table: Table, only: str) -> Select[Any]:
    """Rows of a table with `creditor` and `debtor_reference`; a stop of an address alone is nobody's and left out."""
    named = (creditors.c.key.label("creditor"), debtors.c.reference.label("debtor_reference"))
    query = select(table, *named).join(creditors, creditors.c.id == debtors.c.creditor_id)
    if table is not debtors:
        query = select(table, *named).join(debtors, debtors.c.id == table.c.debtor_id)
        query = query.join(creditors, creditors.c.id == debtors.c.creditor_id)
    return query.where(creditors.c.key == only) if only else query


def _of(connection: Connection, table: Table, debtor: str) -> list[ColumnElement[bool]]:
    """The condition that a row is of one debtor: found first, for the order by id would lead past all others'."""
    if not debtor:
        return []
    creditor, _, reference = debtor.rpartition("/")
    query = select(debtors.c.id).join(creditors, creditors.c.id == debtors.c.creditor_id)
    query = query.where(debtors.c.reference == reference)
    people = connection.scalars(query.where(creditors.c.key == creditor) if creditor else query).all()
    return [table.c.debtor_id.in_(people)]
