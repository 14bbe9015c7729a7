"""Keeps by which channels a person decided not to write about a step, so that the plan takes another."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, select

from dispatcher.database.bulk import upsert_rows
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.planning import given_up_channels
from dispatcher.planning.domain.planner import GivenUp

HOLDS_FOR: Final = timedelta(days=30)  # the same step of a later round is another letter about another state


def give_up(connection: Connection, message_ids: Collection[str], on: date) -> None:
    """What these messages were about is not to be written by their channel."""
    fired = message_debts.c
    rows = connection.execute(
        select(fired.debt_id, fired.recipient_id, fired.step, messages.c.channel)
        .join(messages, messages.c.id == fired.message_id)
        .where(fired.message_id.in_(message_ids), fired.step != "")
    )
    names = ("debt_id", "recipient_id", "step", "channel", "given_up_on")
    kept = [dict(zip(names, (*row, on), strict=True)) for row in rows]
    upsert_rows(connection, given_up_channels, kept, key=("debt_id", "recipient_id", "step", "channel"))


def read(connection: Connection, as_of: date) -> GivenUp:
    """By (debt, recipient, step) the channels given up; a decision of a desk's person, so there are few."""
    table = given_up_channels.c
    rows = connection.execute(
        select(table.debt_id, table.recipient_id, table.step, table.channel).where(
            table.given_up_on > as_of - HOLDS_FOR
        )
    )
    found: defaultdict[tuple[int, int, str], set[str]] = defaultdict(set)
    for debt_id, recipient_id, step, channel in rows:
        found[debt_id, recipient_id, step].add(channel)
    return {key: frozenset(channels) for key, channels in found.items()}
