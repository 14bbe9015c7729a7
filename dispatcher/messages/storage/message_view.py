"""Reads one message with its debts, attempts, log entries and text."""

from typing import Any

from sqlalchemy import Connection, select

from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import contents, message_debts, messages
from dispatcher.database.tables.portfolio import creditors, debtors, debts


def message_row(connection: Connection, message_id: str) -> dict[str, Any] | None:
    """The message's columns, with `debtor` and `debts` as exports name them; None where there is none."""
    row = connection.execute(
        select(messages, creditors.c.key, debtors.c.reference)
        .join(creditors, creditors.c.id == messages.c.creditor_id)
        .join(debtors, debtors.c.id == messages.c.recipient_id)
        .where(messages.c.id == message_id)
    ).first()
    if row is None:
        return None
    found = dict(row._mapping)  # noqa: SLF001 SQLAlchemy's public name for a row as a mapping
    found["debtor"] = f"{row.key}/{row.reference}"
    found["debts"] = [f"{row.key}/{reference}" for reference in _debts(connection, message_id)]
    return found


def attempts_of(connection: Connection, message_id: str) -> list[dict[str, Any]]:
    """Attempts, oldest first."""
    query = select(attempts).where(attempts.c.message_id == message_id).order_by(attempts.c.number)
    return [dict(row) for row in connection.execute(query).mappings()]


def entries_of(connection: Connection, message_id: str) -> list[str]:
    """The message's log entries as canonical JSON, in order of writing."""
    query = select(log_entries.c.entry).where(log_entries.c.message_id == message_id)
    return list(connection.scalars(query.order_by(log_entries.c.id)))


def text_of(connection: Connection, sha256: str | None) -> str | None:
    """The reading text of a content; None when it was erased or not made yet."""
    return connection.scalar(select(contents.c.text).where(contents.c.sha256 == sha256)) if sha256 else None


def _debts(connection: Connection, message_id: str) -> list[str]:
    query = (
        select(debts.c.reference)
        .join(message_debts, message_debts.c.debt_id == debts.c.id)
        .where(message_debts.c.message_id == message_id)
        .order_by(debts.c.due_date, debts.c.id)
    )
    return list(connection.scalars(query))
