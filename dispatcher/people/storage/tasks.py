"""What needs a person: unclear replies, unknown ends, reviews."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.delivery import tasks
from dispatcher.people.storage import handlers


def add(
    connection: Connection,
    kind: str,
    *,
    at: datetime,
    text: str,
    debtor_id: int | None = None,
    message_id: str | None = None,
    details: Mapping[str, Any] | None = None,
    owner: str = "",
) -> int:
    """Leave a task; returns its id. One about a person lies on their handler's desk where nobody else is named."""
    if debtor_id is not None and not owner:
        handler = handlers.of_people(connection, [debtor_id], on=at.date()).get(debtor_id)
        owner = handler.user if handler else ""
    row = {
        "kind": kind,
        "debtor_id": debtor_id,
        "message_id": message_id,
        "text": text,
        "details": dict(details or {}),
        "owner": owner,
        "created_at": at,
    }
    key: int = connection.scalars(insert(tasks).values(row).returning(tasks.c.id)).one()
    return key


def open_for_messages(connection: Connection, kind: str, ids: Collection[str]) -> set[str]:
    """Which of these messages have an open task of that kind."""
    query = select(tasks.c.message_id).where(
        tasks.c.kind == kind, tasks.c.message_id.in_(ids), tasks.c.done_at.is_(None)
    )
    return set(connection.scalars(query))


def is_any_open(connection: Connection, kind: str) -> bool:
    """Whether a task of that kind waits, whoever it is about."""
    query = select(tasks.c.id).where(tasks.c.kind == kind, tasks.c.done_at.is_(None)).limit(1)
    return connection.scalar(query) is not None


def debtors_with_open(connection: Connection, kind: str, debtor_ids: Collection[int]) -> set[int]:
    """Which of these debtors have an open task of that kind."""
    query = select(tasks.c.debtor_id).where(
        tasks.c.kind == kind, tasks.c.debtor_id.in_(debtor_ids), tasks.c.done_at.is_(None)
    )
    return set(connection.scalars(query))


def details_of(
    connection: Connection, kind: str, debtor_ids: Collection[int]
) -> dict[int, list[Mapping[str, Any]]]:
    """By debtor, what their tasks of a kind, done or not, are about."""
    query = select(tasks.c.debtor_id, tasks.c.details).where(
        tasks.c.kind == kind, one_of(tasks.c.debtor_id, "ids")
    )
    found: dict[int, list[Mapping[str, Any]]] = {}
    for debtor_id, details in connection.execute(query, {"ids": sorted(debtor_ids)}):
        found.setdefault(debtor_id, []).append(details)
    return found


def finish_for_message(
    connection: Connection, message_id: str, *, kind: str, by: str, at: datetime, outcome: str
) -> None:
    """Close the open tasks about a message."""
    connection.execute(
        update(tasks)
        .where(tasks.c.message_id == message_id, tasks.c.kind == kind, tasks.c.done_at.is_(None))
        .values(done_at=at, done_by=by, outcome=outcome)
    )


def finish_for_debtor(
    connection: Connection, debtor_id: int, *, kind: str, by: str, at: datetime, outcome: str
) -> None:
    """Close the open tasks of that kind about a debtor."""
    connection.execute(
        update(tasks)
        .where(tasks.c.debtor_id == debtor_id, tasks.c.kind == kind, tasks.c.done_at.is_(None))
        .values(done_at=at, done_by=by, outcome=outcome)
    )


def finish_about(
    connection: Connection,
    kind: str,
    detail: str,
    values: Collection[int],
    *,
    by: str,
    at: datetime,
    outcome: str,
) -> None:
    """Close the open tasks of a kind whose details name one of these."""
    query = select(tasks.c.id, tasks.c.details).where(tasks.c.kind == kind, tasks.c.done_at.is_(None))
    ids = [row.id for row in connection.execute(query) if row.details.get(detail) in values]
    connection.execute(
        update(tasks).where(tasks.c.id.in_(ids)).values(done_at=at, done_by=by, outcome=outcome)
    )


def open_about(connection: Connection, kind: str, detail: str) -> set[int]:
    """What the open tasks of a kind name by that detail."""
    query = select(tasks.c.details).where(tasks.c.kind == kind, tasks.c.done_at.is_(None))
    return {details[detail] for details in connection.scalars(query) if detail in details}


def keep_details(connection: Connection, key: int, details: Mapping[str, Any]) -> None:
    """Write beside a task what a person made of it."""
    connection.execute(update(tasks).where(tasks.c.id == key).values(details=dict(details)))


def reopen(connection: Connection, key: int) -> None:
    """Put a task that was done back into the list."""
    connection.execute(update(tasks).where(tasks.c.id == key).values(done_at=None, done_by="", outcome=""))
