"""Finds the debts whose ladders have nothing more to say."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, exists, func, or_, select

from dispatcher.database.tables.agreements import handovers
from dispatcher.database.tables.planning import ladder, rounds
from dispatcher.database.tables.portfolio import creditors, debts
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.portfolio.storage.debts import OWED, open_on


class Ended(NamedTuple):
    """A debt, as `creditor/reference`, and whom its last message went to; `rounds` it has gone on for."""

    recipient_id: int
    debt_id: int
    debt: str
    barred: bool
    rounds: int


def find_ended(connection: Connection, strategy: Strategy, as_of: date) -> Iterator[Ended]:
    """Open debts whose last step went out long enough ago; one that waits for a decision to hand over is none yet."""
    until = as_of - timedelta(days=strategy.ending.after_days)
    last = [
        and_(ladder.c.step == step.name, ladder.c.anchor <= until - timedelta(days=step.day))
        for step in strategy.last_steps
    ]
    gone_on = (
        select(func.count())
        .where(rounds.c.debt_id == ladder.c.debt_id, rounds.c.recipient_id == ladder.c.recipient_id)
        .scalar_subquery()
    )
    query = (
        select(
            ladder.c.recipient_id,
            ladder.c.debt_id,
            creditors.c.key,
            debts.c.reference,
            debts.c.due_date,
            debts.c.time_barred_on,
            gone_on.label("gone_on"),
        )
        .join(debts, debts.c.id == ladder.c.debt_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(
            ladder.c.strategy == strategy.name,
            or_(*last),
            OWED > 0,
            open_on(as_of),
            debts.c.in_ledger,
            debts.c.handover_decided_on.is_(None),
            ~exists().where(handovers.c.debt_id == debts.c.id, handovers.c.ended_on.is_(None)),
        )
    )
    rows = connection.execute(query).all() if last else []
    for row in sorted(rows, key=lambda row: (row.recipient_id, row.due_date, row.reference)):
        barred = row.time_barred_on is not None and row.time_barred_on <= as_of
        yield Ended(row.recipient_id, row.debt_id, f"{row.key}/{row.reference}", barred, row.gone_on)
