"""Reads what decides whose turn comes first: what is at risk, what was put off, and what a day holds already."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, cast, func, null, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import refusals
from dispatcher.database.tables.portfolio import debts
from dispatcher.messages.domain.message import UNSENT, State
from dispatcher.planning.domain.capacity import DAY_FULL, AtRisk
from dispatcher.planning.storage.candidates import Candidate
from dispatcher.portfolio.storage.debts import OWED
from dispatcher.treatment.domain.scorecard import Scorecard
from dispatcher.treatment.storage.scores import score_column

PutOff = Mapping[tuple[int, int], int]  # by debt and recipient, how many days


def at_risk(
    connection: Connection,
    candidates: Sequence[Candidate],
    humans: Mapping[int, int],
    as_of: date,
    *,
    card: Scorecard | None = None,
    put_off: PutOff | None = None,
) -> list[AtRisk]:
    """Each candidate with its balance, or with a card in use the part of it that is not likely to be paid.

    `put_off`: what a forecast put off; None: what the runs did.
    """
    scored = card is not None and card.in_use
    score: ColumnElement[Any] = null()
    if card is not None and scored:
        score = score_column(card, as_of)
    ids = {candidate.debt_id for candidate in candidates}
    query = select(
        debts.c.id, OWED.label("owed"), debts.c.currency, debts.c.due_date, score.label("score")
    ).where(one_of(debts.c.id, "ids"))
    rows = {row.id: row for row in connection.execute(query, {"ids": sorted(ids)})}
    before = put_off_days(connection, ids) if put_off is None else put_off
    return [
        AtRisk(
            human=humans.get(each.recipient_id, each.recipient_id),
            currency=row.currency,
            minor=row.owed * (1 - card.chance(row.score)) if card is not None and scored else row.owed,
            due_date=row.due_date,
            put_off=before.get((each.debt_id, each.recipient_id), 0),
            is_notice=each.step.kind == "notice",
        )
        for each in candidates
        if (row := rows.get(each.debt_id)) is not None
    ]


def put_off_days(connection: Connection, debt_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """(debt, recipient) -> how often the runs put it off because a day was full."""
    query = select(refusals.c.debt_id, refusals.c.recipient_id, func.max(refusals.c.count)).where(
        one_of(refusals.c.debt_id, "ids"), _is_full()
    )
    rows = connection.execute(
        query.group_by(refusals.c.debt_id, refusals.c.recipient_id), {"ids": sorted(debt_ids)}
    )
    return {(row[0], row[1]): row[2] for row in rows}


def put_off_of(connection: Connection, debtor_id: int) -> dict[tuple[int, str], str]:
    """Debt and step of one recipient that a run put off because its day was full -> what it said."""
    query = select(refusals.c.debt_id, refusals.c.step, refusals.c.reasons).where(
        refusals.c.recipient_id == debtor_id, _is_full()
    )
    return {
        (row.debt_id, row.step): next(str(each["detail"]) for each in row.reasons if each["rule"] == DAY_FULL)
        for row in connection.execute(query)
    }


def _is_full() -> ColumnElement[bool]:
    return cast(refusals.c.reasons, String).like(f'%"{DAY_FULL}"%')


def taken_on(connection: Connection, day: date) -> Counter[tuple[date, str]]:
    """How many messages each day holds already, from a day on: those that wait, by when they may go, and those sent."""
    start = datetime.combine(day, time(), UTC)
    next_day = start + timedelta(days=1)
    taken: Counter[tuple[date, str]] = Counter()
    waiting = (*(state for state in UNSENT if state is not State.HELD), State.SENDING)
    query = select(messages.c.channel, messages.c.not_before, func.count()).where(
        messages.c.state.in_(waiting)
    )
    for channel, not_before, count in connection.execute(
        query.group_by(messages.c.channel, messages.c.not_before)
    ):
        taken[max(day, not_before.date()) if not_before else day, channel] += count
    sent = select(messages.c.channel, func.count()).where(
        messages.c.sent_at >= start, messages.c.sent_at < next_day, messages.c.state.not_in(waiting)
    )
    for channel, count in connection.execute(sent.group_by(messages.c.channel)):
        taken[day, channel] += count
    return taken
