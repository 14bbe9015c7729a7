"""Lists what needs a person, and notes who takes it and how it ended."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.portfolio import creditors, debtors


def page_of_tasks(
    connection: Connection,
    *,
    kinds: Collection[str] = (),
    owner: str = "",
    creditor: str = "",
    name: str = "",
    done: bool = False,
    after: int = 0,
    limit: int = 50,
) -> Sequence[Any]:
    """Open tasks oldest first (or done ones), with the debtor's reference and name."""
    query = (
        select(tasks, creditors.c.key, debtors.c.reference, debtors.c.name)
        .outerjoin(debtors, debtors.c.id == tasks.c.debtor_id)
        .outerjoin(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(tasks.c.done_at.is_not(None) if done else tasks.c.done_at.is_(None), tasks.c.id > after)
        .order_by(tasks.c.id)
        .limit(limit)
    )
    if kinds:
        query = query.where(tasks.c.kind.in_(kinds))
    if owner:
        query = query.where(tasks.c.owner == owner)
    if creditor:
        query = query.where(creditors.c.key == creditor)
    if name:
        query = query.where(func.lower(debtors.c.name).contains(name.lower(), autoescape=True))
    return connection.execute(query).all()


def get(connection: Connection, ids: Collection[int]) -> Sequence[Any]:
    """Tasks by id, with the debtor's reference."""
    return connection.execute(
        select(tasks, creditors.c.key, debtors.c.reference, debtors.c.person)
        .outerjoin(debtors, debtors.c.id == tasks.c.debtor_id)
        .outerjoin(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(tasks.c.id.in_(list(ids)))
        .order_by(tasks.c.id)
    ).all()


def counts(connection: Connection, *, owner: str = "") -> dict[str, int]:
    """Kind -> open tasks, of one desk or of all."""
    query = select(tasks.c.kind, func.count()).where(tasks.c.done_at.is_(None)).group_by(tasks.c.kind)
    if owner:
        query = query.where(tasks.c.owner == owner)
    return {row[0]: row[1] for row in connection.execute(query)}


def take(connection: Connection, ids: Collection[int], owner: str) -> int:
    """Put open tasks on somebody's desk; returns how many."""
    result = connection.execute(
        update(tasks).where(tasks.c.id.in_(list(ids)), tasks.c.done_at.is_(None)).values(owner=owner)
    )
    return result.rowcount


def finish(connection: Connection, ids: Collection[int], *, by: str, at: datetime, outcome: str) -> list[int]:
    """Close open tasks; returns those that were."""
    return list(
        connection.scalars(
            update(tasks)
            .where(tasks.c.id.in_(list(ids)), tasks.c.done_at.is_(None))
            .values(done_at=at, done_by=by, outcome=outcome)
            .returning(tasks.c.id)
        )
    )
