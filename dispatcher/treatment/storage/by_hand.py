"""Finds the debts that a person works instead of the run, and the tasks about them."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.portfolio.storage.debts import OWED, open_on
from dispatcher.treatment.domain.segments import Segments
from dispatcher.treatment.storage.segments import place_column


class DebtByHand(NamedTuple):
    """A debt past due, as `creditor/reference`, who owes it first, and the number of its segment."""

    debtor_id: int
    debt: str
    place: int


def find_by_hand(connection: Connection, segments: Segments, as_of: date) -> Iterator[DebtByHand]:
    """Open debts past due in segments that somebody works by hand; those behind the last such need no look."""
    wanted = [i for i, segment in enumerate(segments) if segment.by_hand]
    place = place_column(connection, segments[: wanted[-1] + 1], as_of)
    query = (
        select(debts.c.debtor_id, creditors.c.key, debts.c.reference, place.label("place"))
        .select_from(debts)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(open_on(as_of), OWED > 0, debts.c.due_date < as_of, place.in_(wanted))
        .order_by(debts.c.debtor_id, debts.c.due_date, debts.c.reference)
    )
    for row in connection.execute(query):
        yield DebtByHand(row.debtor_id, f"{row.key}/{row.reference}", row.place)


def open_tasks(connection: Connection, kind: str) -> dict[int, Mapping[str, Any]]:
    """Debtor -> what their open task of a kind is about."""
    query = select(tasks.c.debtor_id, tasks.c.details).where(tasks.c.kind == kind, tasks.c.done_at.is_(None))
    return {row.debtor_id: row.details for row in connection.execute(query)}


def looked_after(connection: Connection, kind: str, debtor_ids: Collection[int], as_of: date) -> set[int]:
    """Those of these debtors whose task is open, or was done and its days have not passed yet."""
    query = select(tasks.c.debtor_id, tasks.c.details, tasks.c.done_at).where(tasks.c.kind == kind)
    return {
        row.debtor_id
        for row in connection.execute(query)
        if row.debtor_id in debtor_ids
        and (row.done_at is None or str(row.details.get("work_by", "")) > as_of.isoformat())
    }
