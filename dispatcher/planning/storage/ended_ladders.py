"""Finds the debts whose ladders have nothing more to say."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import handovers
from dispatcher.database.tables.planning import ladder, rounds
from dispatcher.database.tables.portfolio import creditors, debt_parties, debts
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.storage.candidates import is_sampled
from dispatcher.portfolio.storage.debts import OWED, open_on


class Ended(NamedTuple):
    """A debt, as `creditor/reference`, and whom its last message went to; `rounds` it has gone on for."""

    recipient_id: int
    debt_id: int
    debt: str
    creditor: str
    relation: str
    due_date: date
    barred: bool
    rounds: int


def find_ended(
    connection: Connection,
    strategy: Strategy,
    as_of: date,
    *,
    debtor_ids: Collection[int] = (),
    one_in: int = 1,
) -> Iterator[Ended]:
    """Open debts whose last step went out long enough ago; one that waits for a decision to hand over is none yet.

    `debtor_ids`: of these people alone; `one_in`: of so many humans one.
    """
    until = as_of - timedelta(days=strategy.ending.after_days)
    last = [
        and_(ladder.c.step == rung.name, ladder.c.anchor <= until - timedelta(days=rung.ends))
        for rung in strategy.last_rungs
    ]
    wanted: list[ColumnElement[bool]] = [ladder.c.recipient_id.in_(debtor_ids)] if debtor_ids else []
    wanted += [is_sampled(ladder.c.recipient_id, one_in)] if one_in > 1 else []
    joint = select(func.max(debt_parties.c.relation)).where(
        debt_parties.c.debt_id == debts.c.id, debt_parties.c.debtor_id == ladder.c.recipient_id
    )
    owes = case((debts.c.debtor_id == ladder.c.recipient_id, "debtor"), else_=joint.scalar_subquery())
    query = (
        select(
            ladder.c.recipient_id,
            ladder.c.debt_id,
            creditors.c.key,
            debts.c.reference,
            debts.c.due_date,
            debts.c.time_barred_on,
            owes.label("relation"),
            gone_on(ladder.c.debt_id, ladder.c.recipient_id).label("gone_on"),
        )
        .join(debts, debts.c.id == ladder.c.debt_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(
            ladder.c.strategy == strategy.name,
            or_(*last),
            *_asked_for(as_of),
            *wanted,
        )
    )
    rows = connection.execute(query).all() if last else []
    for row in sorted(rows, key=lambda row: (row.recipient_id, row.due_date, row.reference)):
        barred = row.time_barred_on is not None and row.time_barred_on <= as_of
        yield Ended(
            row.recipient_id,
            row.debt_id,
            f"{row.key}/{row.reference}",
            row.key,
            row.relation or "debtor",
            row.due_date,
            barred,
            row.gone_on,
        )


def rounds_of(
    connection: Connection, keys: Collection[tuple[int, int]], as_of: date
) -> dict[tuple[int, int], int]:
    """(debt, recipient) -> the rounds it has gone on for; those whose debt may have no other are left out."""
    may = select(debts.c.id).where(
        one_of(debts.c.id, "ids"),
        or_(debts.c.time_barred_on.is_(None), debts.c.time_barred_on > as_of),
        *_asked_for(as_of),
    )
    ids = {key[0] for key in keys}
    open_ids = set(connection.scalars(may, {"ids": sorted(ids)})) if ids else set()
    counted = select(rounds.c.debt_id, rounds.c.recipient_id, func.count()).where(
        one_of(rounds.c.debt_id, "ids")
    )
    rows = connection.execute(
        counted.group_by(rounds.c.debt_id, rounds.c.recipient_id), {"ids": sorted(open_ids)}
    )
    gone = {(row[0], row[1]): int(row[2]) for row in rows}
    return {key: gone.get(key, 0) for key in keys if key[0] in open_ids}


def gone_on(debt_id: ColumnElement[int], recipient_id: ColumnElement[int]) -> ColumnElement[int]:
    """How many rounds the ladder of a debt with a recipient has gone on for."""
    counted = select(func.count()).where(rounds.c.debt_id == debt_id, rounds.c.recipient_id == recipient_id)
    return counted.scalar_subquery()


def _asked_for(as_of: date) -> tuple[ColumnElement[bool], ...]:
    """Still owed, in the ledger, and with us."""
    return (
        OWED > 0,
        open_on(as_of),
        debts.c.in_ledger,
        debts.c.handover_decided_on.is_(None),
        ~exists().where(handovers.c.debt_id == debts.c.id, handovers.c.ended_on.is_(None)),
    )
