"""Reads and writes calls, and finds the debts whose step asks for one."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)

from dispatcher.calls.domain.call import Call, CallOutcome, CallState
from dispatcher.database.tables.calls import call_debts, calls
from dispatcher.database.tables.people import contacts
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.planning.domain.strategy import CallStep, Strategy
from dispatcher.planning.storage.candidates import matches, segment_asked_for
from dispatcher.portfolio.storage.debts import OWED, open_on
from dispatcher.treatment.domain.segments import Segments

MOST_CALLS = 5  # tasks for one step of one debt: then a person must look


class DueCall(NamedTuple):
    """A debt whose call step has come, and who is called."""

    debtor_id: int
    debt_id: int
    occurrence: int


def find_due(
    connection: Connection, strategies: Sequence[Strategy], strategy: Strategy, step: CallStep, as_of: date,
    *, segments: Segments, without: Collection[str] = (), debtor_id: int | None = None,
) -> Iterator[DueCall]:  # fmt: skip
    """Open debts of a strategy whose call has come and that have no such call yet, nor had one on this climb."""
    segment = segment_asked_for(connection, strategies, segments, as_of)
    earlier = [matches(one.match, segment) for one in strategies[: strategies.index(strategy)]]
    mine = and_(
        call_debts.c.debt_id == debts.c.id,
        call_debts.c.strategy == strategy.name,
        call_debts.c.step == step.name,
    )
    made = and_(
        calls.c.state == CallState.MADE,
        calls.c.outcome != CallOutcome.NOT_IN_SERVICE,  # another number may be
        calls.c.as_of >= ladder.c.anchor,  # since the ladder began, or went on for another round
    )
    alive = or_(calls.c.state.in_((CallState.OPEN, CallState.RESERVED)), made)
    asked = exists().where(mine, calls.c.id == call_debts.c.call_id, alive).correlate(debts, ladder)
    times = select(func.count()).select_from(call_debts).where(mine).correlate(debts).scalar_subquery()
    query = (
        select(debts.c.debtor_id, debts.c.id, times.label("times"))
        .select_from(debts)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .outerjoin(ladder, and_(ladder.c.debt_id == debts.c.id, ladder.c.recipient_id == debts.c.debtor_id))
        .where(
            open_on(as_of), OWED > 0, debts.c.due_date <= as_of - timedelta(days=step.day),
            matches(strategy.match, segment), not_(or_(false(), *earlier)), ~asked,
            times < MOST_CALLS, _its_turn(strategy, step, as_of), creditors.c.key.not_in(without),
            *([debts.c.debtor_id == debtor_id] if debtor_id is not None else []),
        )
        .order_by(debts.c.debtor_id, debts.c.due_date, debts.c.id)
    )  # fmt: skip
    for row in connection.execute(query):
        yield DueCall(row.debtor_id, row.id, row.times + 1)


def _its_turn(strategy: Strategy, step: CallStep, as_of: date) -> ColumnElement[bool]:
    """Behind the written step before it, with the ladder's distance; a ladder that is past it has no call of it."""
    before = [one for one in strategy.steps if not one.is_courtesy and one.day <= step.day]
    if not before:
        return false()
    return and_(
        ladder.c.day.between(before[-1].day, step.day),
        ladder.c.step != step.name,
        ladder.c.anchor <= as_of - timedelta(days=step.day),
    )


def add(connection: Connection, values: Mapping[str, Any], due: Sequence[DueCall], *, day: int) -> int:
    """A new open call about some debts, `day` being its step's; returns its id."""
    key: int = connection.scalars(insert(calls).values(**values).returning(calls.c.id)).one()
    rows = [
        {
            "call_id": key,
            "debt_id": each.debt_id,
            "strategy": values["strategy"],
            "step": values["step"],
            "occurrence": each.occurrence,
            "day": day,
        }
        for each in due
    ]
    connection.execute(insert(call_debts), rows)
    return key


def read(connection: Connection, ids: Collection[int]) -> list[Call]:
    """Calls by id, in order of their ids."""
    return _calls(connection, _READ.where(calls.c.id.in_(list(ids))))


def unfinished(connection: Connection) -> list[Call]:
    """Every call that is open or reserved, the first to expire first."""
    wanted = calls.c.state.in_((CallState.OPEN, CallState.RESERVED))
    return _calls(connection, _READ.where(wanted).order_by(calls.c.expires_at, calls.c.id))


def of_person(connection: Connection, debtor_ids: Collection[int]) -> list[Call]:
    """Calls of these people that are open or reserved."""
    wanted = calls.c.state.in_((CallState.OPEN, CallState.RESERVED))
    return _calls(connection, _READ.where(wanted, calls.c.debtor_id.in_(list(debtor_ids))))


def every(connection: Connection, debtor_id: int) -> list[Call]:
    """Whatever calls a person had, the oldest first."""
    return _calls(connection, _READ.where(calls.c.debtor_id == debtor_id).order_by(calls.c.id))


def lately(connection: Connection, since: datetime) -> list[Call]:
    """Calls whose newest try came to something since an instant, the newest first."""
    made = and_(calls.c.made_contact_id == contacts.c.id, contacts.c.at >= since)
    not_open = calls.c.state != CallState.RESERVED
    return _calls(
        connection, _READ.join(contacts, made).where(not_open).order_by(contacts.c.at.desc(), calls.c.id)
    )


def count_on(connection: Connection, day: date) -> int:
    """How many calls a day holds already: those that wait, from whatever day, and those planned on it and ended."""
    waits = calls.c.state.in_((CallState.OPEN, CallState.RESERVED))
    counts = or_(waits, and_(calls.c.as_of == day, calls.c.state == CallState.MADE))
    return connection.scalar(select(func.count()).select_from(calls).where(counts)) or 0


def to_recall(connection: Connection) -> list[Call]:
    """Calls that the dialler was given and that are refused since, and it was not told of."""
    query = _READ.where(
        calls.c.state == CallState.REFUSED, calls.c.holder != "", calls.c.recalled_at.is_(None)
    )
    return _calls(connection, query.order_by(calls.c.id))


def change(connection: Connection, key: int, *, was: Collection[CallState], **values: Any) -> bool:
    """Set columns of a call that stands in one of these states; False: somebody was quicker."""
    found = connection.execute(
        update(calls).where(calls.c.id == key, calls.c.state.in_(list(was))).values(**values)
    )
    return found.rowcount == 1


def set_done(connection: Connection, key: int, done_on: date | None) -> set[tuple[int, int]]:
    """Say on which day a call's step counts as done, or that it does not; returns (debt, who is called)."""
    about = connection.execute(
        update(call_debts)
        .where(call_debts.c.call_id == key, call_debts.c.done_on.is_distinct_from(done_on))
        .values(done_on=done_on)
        .returning(call_debts.c.debt_id)
    )
    changed = [row.debt_id for row in about]
    debtor_id = connection.scalar(select(calls.c.debtor_id).where(calls.c.id == key))
    return {(debt_id, debtor_id) for debt_id in changed if debtor_id is not None}


def recalled(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Note that the dialler was told."""
    connection.execute(update(calls).where(calls.c.id.in_(list(ids))).values(recalled_at=now))


_READ: Select[Any] = (
    select(calls, creditors.c.key.label("creditor"), debtors.c.reference, debtors.c.name)
    .join(debtors, debtors.c.id == calls.c.debtor_id)
    .join(creditors, creditors.c.id == debtors.c.creditor_id)
)


def _calls(connection: Connection, query: Select[Any]) -> list[Call]:
    rows = connection.execute(query).all()
    about: dict[int, list[int]] = defaultdict(list)
    spoken = select(call_debts.c.call_id, call_debts.c.debt_id).where(
        call_debts.c.call_id.in_([row.id for row in rows])
    )
    for call_id, debt_id in connection.execute(spoken.order_by(call_debts.c.debt_id)):
        about[call_id].append(debt_id)
    return [_call(row, tuple(about[row.id])) for row in rows]


def _call(row: Any, about: tuple[int, ...]) -> Call:
    return Call(
        id=row.id,
        debtor_id=row.debtor_id,
        debtor=f"{row.creditor}/{row.reference}",
        name=row.name,
        strategy=row.strategy,
        step=row.step,
        as_of=row.as_of,
        state=CallState(row.state),
        address=row.address,
        tries=row.tries,
        next_try_at=row.next_try_at,
        expires_at=row.expires_at,
        holder=row.holder,
        reserved_at=row.reserved_at,
        valid_until=row.valid_until,
        contact_id=row.contact_id,
        debts=about,
        outcome=row.outcome,
        made_contact_id=row.made_contact_id,
        lapsed_until=row.lapsed_until,
        ended_at=row.ended_at,
    )
