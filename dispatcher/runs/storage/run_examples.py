"""Reads single examples out of a run."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import refusals
from dispatcher.database.tables.portfolio import creditors, debtors, debts


def one_message(connection: Connection, run_id: int, states: Sequence[str]) -> Any:
    """A message of the run to a named person in one of these states, the same each time the day is run; or None."""
    query = (
        select(messages, creditors.c.key, debtors.c.reference, debtors.c.name)
        .join(creditors, creditors.c.id == messages.c.creditor_id)
        .join(debtors, debtors.c.id == messages.c.recipient_id)
        .where(messages.c.run_id == run_id, messages.c.state.in_(states), debtors.c.name != "")
        .order_by(messages.c.kind, debtors.c.reference, messages.c.id)
        .limit(1)
    )
    return connection.execute(query).first()


def one_refusal(connection: Connection, run_id: int) -> Any:
    """A debt that this run left alone, or None."""
    query = (
        select(
            refusals, creditors.c.key, debtors.c.reference, debtors.c.name, debts.c.reference.label("debt")
        )
        .join(debtors, debtors.c.id == refusals.c.recipient_id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .join(debts, debts.c.id == refusals.c.debt_id)
        .where(refusals.c.last_run_id == run_id, debtors.c.name != "")
        .order_by(refusals.c.debt_id)
        .limit(1)
    )
    return connection.execute(query).first()


def one_id_per_channel(connection: Connection, run_id: int) -> dict[str, str]:
    """Channel -> the smallest id of a message of this run that was accepted on it."""
    query = (
        select(messages.c.channel, func.min(messages.c.id))
        .where(messages.c.run_id == run_id, messages.c.state.in_(("accepted", "delivered")))
        .group_by(messages.c.channel)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
