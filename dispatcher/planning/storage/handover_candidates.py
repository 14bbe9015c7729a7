"""Which debts a strategy puts before a person who decides about handing them over, the next to be time-barred first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    union_all,
)

from dispatcher.database.tables.agreements import arrangement_debts, handovers
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.planning.domain.strategy import HandoverRule, Strategy
from dispatcher.planning.storage.candidates import Segmented, matches, segment_asked_for
from dispatcher.planning.storage.ended_ladders import gone_on
from dispatcher.portfolio.storage.debts import OWED, open_on
from dispatcher.treatment.domain.segments import Segments
from dispatcher.values.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class HandoverCandidate:
    """A debt for which somebody should decide, and why."""

    debt_id: int
    debtor_id: int
    debtor: str
    debt: str
    owed: Money
    due_date: date
    time_barred_on: date | None
    last_step_on: date | None
    why: str
    needs_second: bool


def proposed(
    connection: Connection, strategies: Sequence[Strategy], as_of: date, segments: Segments = ()
) -> Iterator[HandoverCandidate]:
    """Open debts without an arrangement or a decision whose time has come by their strategy's `handover`.

    A final notice waits for the decision, so the time counts from the last step before it.
    """
    if not any(strategy.handover for strategy in strategies):
        return
    segment = segment_asked_for(connection, strategies, segments, as_of)
    for number, strategy in enumerate(strategies):
        rule = strategy.handover
        if rule is not None:
            for row in connection.execute(_query(strategy, rule, strategies[:number], segment, as_of)):
                yield _candidate(row, strategy, rule, as_of)


def _query(
    strategy: Strategy, rule: HandoverRule, earlier: Sequence[Strategy], segment: Segmented, as_of: date
) -> Select[Any]:
    """Debts of one strategy, found by their rung and by the day they are barred on: few of all have come to it."""
    rungs = _last_rungs(strategy, rule, as_of)
    soon = _soon_barred(rule, as_of)
    rounds = strategy.ending.rounds  # they come before the question
    had_them = or_(gone_on(debts.c.id, debts.c.debtor_id) >= rounds, debts.c.time_barred_on <= as_of)
    arranged = exists().where(arrangement_debts.c.debt_id == debts.c.id, arrangement_debts.c.is_open)
    decided = or_(
        exists().where(handovers.c.debt_id == debts.c.id, handovers.c.state != "withdrawn"),
        debts.c.handover_decided_on <= as_of,
    )
    asked_about = union_all(
        select(ladder.c.debt_id).where(rungs).correlate(None), select(debts.c.id).where(soon).correlate(None)
    )
    return (
        select(
            creditors.c.key, debtors.c.reference.label("debtor"), debts.c.reference, debts.c.currency,
            debts.c.id, debts.c.debtor_id, OWED.label("owed"), debts.c.due_date, debts.c.time_barred_on,
            ladder.c.step, ladder.c.anchor, ladder.c.day,
        )
        .select_from(debts)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .outerjoin(ladder, and_(ladder.c.debt_id == debts.c.id, ladder.c.recipient_id == debtors.c.id))
        .where(
            debts.c.id.in_(asked_about),
            open_on(as_of), OWED > 0, debts.c.in_ledger, ~arranged, not_(func.coalesce(decided, false())),
            matches(strategy.match, segment), not_(or_(false(), *(matches(one.match, segment) for one in earlier))),
            or_(debts.c.disputed_on.is_(None), debts.c.disputed_on > as_of),
            or_(and_(rungs, had_them) if rounds else rungs, soon),
        )
        .order_by(debts.c.time_barred_on.is_(None), debts.c.time_barred_on, debts.c.due_date, debts.c.id)
    )  # fmt: skip


def _last_rungs(strategy: Strategy, rule: HandoverRule, as_of: date) -> ColumnElement[bool]:
    """Whether the last step was so long ago that somebody should be asked."""
    if rule.after_days is None:
        return false()
    after = timedelta(days=rule.after_days)
    come = (
        and_(ladder.c.step == last.name, ladder.c.anchor <= as_of - timedelta(days=last.ends) - after)
        for last in strategy.last_rungs
    )
    return or_(false(), *come)


def _soon_barred(rule: HandoverRule, as_of: date) -> ColumnElement[bool]:
    before = rule.before_time_barred_days
    return false() if before is None else debts.c.time_barred_on <= as_of + timedelta(days=before)


def _candidate(row: Any, strategy: Strategy, rule: HandoverRule, as_of: date) -> HandoverCandidate:
    before = timedelta(days=rule.before_time_barred_days or 0)
    near = row.time_barred_on is not None and row.time_barred_on <= as_of + before
    last_on = None if row.anchor is None else row.anchor + timedelta(days=row.day)
    made = "was made" if strategy.call(row.step or "") else "went out"
    return HandoverCandidate(
        debt_id=row.id,
        debtor_id=row.debtor_id,
        debtor=f"{row.key}/{row.debtor}",
        debt=f"{row.key}/{row.reference}",
        owed=Money(row.owed, row.currency),
        due_date=row.due_date,
        time_barred_on=row.time_barred_on,
        last_step_on=last_on,
        why=f"time-barred on {row.time_barred_on}" if near else f"{row.step} {made} on {last_on}",
        needs_second=rule.needs_second,
    )
