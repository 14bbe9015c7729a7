"""Reads what people wrote and nobody has answered yet, with the message that it answers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import creditors, debtors

KINDS = ("unclear_reply", "help_wanted", "wrong_number")


def items(connection: Connection, *, done: bool = False, after: int = 0, limit: int = 200) -> Sequence[Any]:
    """Open (or answered) words, oldest first, with who wrote them."""
    query = _query().where(
        tasks.c.done_at.is_not(None) if done else tasks.c.done_at.is_(None), tasks.c.id > after
    )
    return connection.execute(query.order_by(tasks.c.id).limit(limit)).all()


def item(connection: Connection, key: int) -> Any:
    """One, open or answered, or None."""
    return connection.execute(_query().where(tasks.c.id == key)).first()


def chosen_by(connection: Connection, debtor_id: int, limit: int = 20) -> list[Any]:
    """What a person chose on their own page, open or answered, the newest first."""
    query = _query().where(tasks.c.debtor_id == debtor_id).order_by(tasks.c.id.desc()).limit(200)
    return [row for row in connection.execute(query) if row.details.get("reading")][:limit]


def answered_by(
    connection: Connection, people: Collection[int], before: datetime
) -> dict[int, tuple[str, str, datetime]]:
    """Debtor -> (id, step, sent at) of the newest message sent before a moment: what their words most likely answer."""
    query = (
        select(messages.c.recipient_id, messages.c.id, messages.c.step, messages.c.sent_at)
        .where(messages.c.recipient_id.in_(list(people)), messages.c.sent_at <= before)
        .order_by(messages.c.sent_at)
    )
    return {row.recipient_id: (row.id, row.step, row.sent_at) for row in connection.execute(query)}


def _query() -> Any:
    return (
        select(
            tasks, creditors.c.key.label("creditor"), debtors.c.reference, debtors.c.name, debtors.c.language
        )
        .outerjoin(debtors, debtors.c.id == tasks.c.debtor_id)
        .outerjoin(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(tasks.c.kind.in_(KINDS))
    )
