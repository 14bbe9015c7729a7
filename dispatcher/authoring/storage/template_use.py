"""Finds the messages a template was used for, and the people it would be used for today."""

from datetime import date

from sqlalchemy import Connection, func, select

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.portfolio.storage.debts import OWED, open_on


def newest_message(connection: Connection, debtor_id: int, template: str, channel: str | None) -> str | None:
    """The id of the newest message to a person from this template, on a channel if one is named."""
    query = (
        select(messages.c.id)
        .where(messages.c.recipient_id == debtor_id, messages.c.template == template)
        .order_by(messages.c.as_of.desc(), messages.c.id.desc())
        .limit(1)
    )
    if channel:
        query = query.where(messages.c.channel == channel)
    return connection.scalar(query)


def people_by_language(connection: Connection, as_of: date) -> dict[str, int]:
    """How many people who owe something on a date are written to in each language."""
    owes = select(debts.c.debtor_id).where(open_on(as_of), OWED > 0)
    query = (
        select(debtors.c.language, func.count()).where(debtors.c.id.in_(owes)).group_by(debtors.c.language)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def debtors_with_open_debts(connection: Connection, as_of: date, *, after: int, limit: int) -> list[int]:
    """Ids of people who owe something on a date, in order, after an id."""
    query = (
        select(debts.c.debtor_id)
        .where(open_on(as_of), OWED > 0, debts.c.debtor_id > after)
        .distinct()
        .order_by(debts.c.debtor_id)
        .limit(limit)
    )
    return list(connection.scalars(query))
