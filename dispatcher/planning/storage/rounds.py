"""Keeps the rounds of ladders that had ended, as rungs that no message set: a fold of the ladder finds them again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, delete, select, tuple_

from dispatcher.database.bulk import insert_rows
from dispatcher.database.tables.planning import rounds
from dispatcher.planning.domain.ladder import Rung
from dispatcher.planning.domain.strategy import Strategy


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """The rung on which a ladder stands since a day, so that its next step is due on that day."""

    debt_id: int
    recipient_id: int
    strategy: str
    step: str
    day: int
    as_of: date
    anchor: date
    message_id: str = ""


def begin(
    connection: Connection,
    strategy: Strategy,
    rung: Rung,
    ended: Sequence[tuple[int, int, int]],
    as_of: date,
) -> None:
    """Stand (debt, recipient, rounds before it) on the rung of another round."""
    rows = [
        {
            "debt_id": debt_id,
            "recipient_id": recipient_id,
            "number": earlier + 1,
            "strategy": strategy.name,
            "step": rung.step,
            "day": rung.day,
            "next_day": rung.day + (as_of - rung.fired_on).days,
            "begun_on": as_of,
        }
        for debt_id, recipient_id, earlier in ended
    ]
    insert_rows(connection, rounds, rows)


def forget(connection: Connection, debt_ids: Collection[int]) -> None:
    """The ladders of these debts begin anew: what they went on for before counts no more."""
    connection.execute(delete(rounds).where(rounds.c.debt_id.in_(debt_ids)))


def of(connection: Connection, keys: Collection[tuple[int, int]]) -> list[Round]:
    """The rounds of (debt, recipient), the oldest first."""
    c = rounds.c
    query = select(rounds).where(tuple_(c.debt_id, c.recipient_id).in_(sorted(keys)))
    return [
        Round(
            debt_id=row.debt_id,
            recipient_id=row.recipient_id,
            strategy=row.strategy,
            step=row.step,
            day=row.day,
            as_of=row.begun_on,
            anchor=row.begun_on - timedelta(days=row.next_day),
        )
        for row in connection.execute(query.order_by(c.begun_on, c.number))
    ]
