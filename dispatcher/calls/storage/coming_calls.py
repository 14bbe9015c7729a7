"""Reads what a forecast of calls begins with: ladders whose strategy calls, calls that were had, what was put off."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, or_, select

from dispatcher.calls.domain.call import CallState
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.calls import call_debts, calls
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.planning.domain.ladder import Rung
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.storage.candidates import is_sampled, matches, segment_asked_for
from dispatcher.planning.storage.ladder import rung_of
from dispatcher.portfolio.storage.debts import OWED, open_on
from dispatcher.treatment.domain.segments import Segments


class Standing(NamedTuple):
    """Where the ladder of an open debt stands with who owes it first, and whose steps come."""

    debt_id: int
    debtor_id: int
    due_date: date
    strategy: str
    rung: Rung


def ladders(
    connection: Connection,
    strategies: Sequence[Strategy],
    segments: Segments,
    as_of: date,
    *,
    only: str | None = None,
    debtor_ids: Collection[int] = (),
    one_in: int = 1,
) -> Iterator[Standing]:
    """Of the people that a forecast looks at: of one strategy, of these people, of so many humans one."""
    segment = segment_asked_for(connection, strategies, segments, as_of)
    taken = case(*((matches(each.match, segment), each.name) for each in strategies), else_=None)
    calling = [each.name for each in strategies if each.calls and only in (None, each.name)]
    query = (
        select(
            debts.c.id, debts.c.debtor_id, debts.c.due_date, taken.label("strategy"), ladder.c.step, ladder.c.day,
            ladder.c.anchor,
        )
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(ladder, and_(ladder.c.debt_id == debts.c.id, ladder.c.recipient_id == debts.c.debtor_id))
        .where(open_on(as_of), OWED > 0, taken.in_(calling))
    )  # fmt: skip
    if debtor_ids:
        query = query.where(debts.c.debtor_id.in_(debtor_ids))
    if one_in > 1:
        query = query.where(is_sampled(debts.c.debtor_id, one_in))
    for row in connection.execute(query):
        yield Standing(row.id, row.debtor_id, row.due_date, row.strategy, rung_of(row))


def had(connection: Connection, debt_ids: Collection[int]) -> set[tuple[int, str]]:
    """(debt, step) whose call waits, or was made on this climb of its ladder."""
    query = (
        select(call_debts.c.debt_id, call_debts.c.step)
        .join(calls, calls.c.id == call_debts.c.call_id)
        .join(
            ladder,
            and_(ladder.c.debt_id == call_debts.c.debt_id, ladder.c.recipient_id == calls.c.debtor_id),
        )
        .where(
            one_of(call_debts.c.debt_id, "ids"),
            or_(
                calls.c.state.in_((CallState.OPEN, CallState.RESERVED)),
                and_(calls.c.state == CallState.MADE, calls.c.as_of >= ladder.c.anchor),
            ),
        )
    )
    return {(row.debt_id, row.step) for row in connection.execute(query, {"ids": sorted(debt_ids)})}
