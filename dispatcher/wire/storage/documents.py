"""Links to a creditor's papers about a debt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select, update

from dispatcher.database.tables.portfolio import creditors, debt_parties, debtors, debts
from dispatcher.database.tables.wire import debt_documents
from dispatcher.wire.storage import wire_lists


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtDocument:
    """One paper. `debt` and `debtor` are creditor/reference; `sha256` binds the link to its bytes, if it was said."""

    id: int
    debt: str
    debtor: str
    person: str
    kind: str
    title: str
    url: str
    sha256: str
    external_id: str
    added_at: datetime
    withdrawn_at: datetime | None


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """A new one; returns its id."""
    query = insert(debt_documents).values(**values).returning(debt_documents.c.id)
    return int(connection.execute(query).scalar_one())


def withdraw(connection: Connection, document_id: int, *, at: datetime, why: str) -> bool:
    """Show it to nobody any more; False where that was done before."""
    mine = debt_documents.c.id == document_id, debt_documents.c.withdrawn_at.is_(None)
    changed = connection.execute(
        update(debt_documents).where(*mine).values(withdrawn_at=at, withdrawn_why=why)
    )
    return changed.rowcount == 1


def page_of_documents(
    connection: Connection, *, only: str = "", debt: str = "", after: int = 0, limit: int = 50
) -> list[DebtDocument]:
    """Those that stand, in the order they were added, behind an id; of one creditor, of one debt."""
    query = _documents().where(debt_documents.c.id > after, debt_documents.c.withdrawn_at.is_(None))
    if only:
        query = query.where(creditors.c.key == only)
    if debt:
        query = query.where(debt_documents.c.debt_id.in_(wire_lists.ids_of_debt(connection, debt)))
    return [_document(row) for row in connection.execute(query.order_by(debt_documents.c.id).limit(limit))]


def get(connection: Connection, document_id: int) -> DebtDocument | None:
    """One, withdrawn or not."""
    row = connection.execute(_documents().where(debt_documents.c.id == document_id)).first()
    return _document(row) if row else None


def named(connection: Connection, debt_id: int, external_id: str) -> DebtDocument | None:
    """What a creditor's id of a paper stands for."""
    mine = debt_documents.c.debt_id == debt_id, debt_documents.c.external_id == external_id
    row = connection.execute(_documents().where(*mine)).first()
    return _document(row) if row else None


def of_debtor(connection: Connection, debtor: str) -> list[DebtDocument]:
    """Those that stand about what a person (creditor/reference) owes, alone or with others, the newest first."""
    creditor, _, reference = debtor.partition("/")
    whose = select(debtors.c.id).join(creditors, creditors.c.id == debtors.c.creditor_id)
    whose = whose.where(creditors.c.key == creditor, debtors.c.reference == reference)
    shared = select(debt_parties.c.debt_id).where(debt_parties.c.debtor_id.in_(whose))
    query = _documents().where(
        debt_documents.c.withdrawn_at.is_(None), or_(debts.c.debtor_id.in_(whose), debts.c.id.in_(shared))
    )
    return [_document(row) for row in connection.execute(query.order_by(debt_documents.c.id.desc()))]


def _documents() -> Select[Any]:
    return (
        select(
            debt_documents, debts.c.reference, creditors.c.key, debtors.c.person,
            debtors.c.reference.label("debtor_reference"),
        )
        .join(debts, debts.c.id == debt_documents.c.debt_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
    )  # fmt: skip


def _document(row: Any) -> DebtDocument:
    return DebtDocument(
        id=row.id,
        debt=f"{row.key}/{row.reference}",
        debtor=f"{row.key}/{row.debtor_reference}",
        person=row.person,
        kind=row.kind,
        title=row.title,
        url=row.url,
        sha256=row.sha256 or "",
        external_id=row.external_id or "",
        added_at=row.added_at,
        withdrawn_at=row.withdrawn_at,
    )
