"""Finds the debts whose ladders have nothing more to say."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, or_, select

from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import creditors, debts
from dispatcher.planning.domain.strategy import Step, Strategy
from dispatcher.portfolio.storage.debts import OWED, open_on


class Ended(NamedTuple):
    """A debt, as `creditor/reference`, and whom its last message went to."""

    recipient_id: int
    debt: str


def find_ended(
    connection: Connection, strategies: Sequence[Strategy], *, until: date, as_of: date
) -> Iterator[Ended]:
    """Open debts whose last step fired by `until`; a step that waits for a decision to hand over is none yet."""
    last = [
        and_(
            ladder.c.strategy == strategy.name,
            ladder.c.step == step.name,
            ladder.c.anchor <= until - timedelta(days=step.day),
        )
        for strategy in strategies
        for step in _last_steps(strategy)
    ]
    query = (
        select(ladder.c.recipient_id, creditors.c.key, debts.c.reference)
        .join(debts, debts.c.id == ladder.c.debt_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(or_(*last), OWED > 0, open_on(as_of), debts.c.in_ledger, debts.c.handover_decided_on.is_(None))
        .order_by(ladder.c.recipient_id, debts.c.due_date, debts.c.id)
    )
    for row in connection.execute(query):
        yield Ended(row.recipient_id, f"{row.key}/{row.reference}")


def _last_steps(strategy: Strategy) -> Iterator[Step]:
    """The last step, and the one before it where the last waits for somebody's decision."""
    for step in reversed(strategy.steps):
        if step.is_courtesy:
            return
        yield step
        if not step.needs_handover_decision:
            return
