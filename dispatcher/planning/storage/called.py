"""Calls that count as their step: rungs that no message set, kept so that a fold of the ladder finds them again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select, tuple_

from dispatcher.database.tables.calls import call_debts, calls


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """A call step that is done, on a day."""

    debt_id: int
    recipient_id: int
    strategy: str
    step: str
    day: int
    as_of: date
    message_id: str = ""


def of(connection: Connection, keys: Collection[tuple[int, int]]) -> list[Called]:
    """The done calls of (debt, recipient), the oldest first."""
    about = call_debts.c
    query = (
        select(about.debt_id, calls.c.debtor_id, about.strategy, about.step, about.day, about.done_on)
        .join(calls, calls.c.id == about.call_id)
        .where(tuple_(about.debt_id, calls.c.debtor_id).in_(sorted(keys)), about.done_on.is_not(None))
    )
    return [
        Called(
            debt_id=row.debt_id,
            recipient_id=row.debtor_id,
            strategy=row.strategy,
            step=row.step,
            day=row.day,
            as_of=row.done_on,
        )
        for row in connection.execute(query.order_by(about.done_on, about.day, calls.c.id))
    ]
