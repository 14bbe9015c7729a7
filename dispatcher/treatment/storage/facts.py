"""What is known of a debt and of who owes it, as SQL: every fact that a segment or a scorecard asks for, said once.

What comes from the same table may be worked out in one subquery: a caller puts any expression over the aggregates.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, ScalarSelect, and_, func, select

from dispatcher.database.tables.agreements import arrangement_parties, arrangements
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debts, payments
from dispatcher.portfolio.storage.debts import OWED, open_on
from dispatcher.treatment.domain.facts import Fact

_theirs = debts.alias("theirs")  # all debts of who owes the debt asked about
_owed = _theirs.c.balance_minor - _theirs.c.paid_minor

OF_THE_DEBT: Mapping[Fact, ColumnElement[Any]] = {Fact.DAYS_PAST_DUE: debts.c.due_date, Fact.BALANCE: OWED}
OF_THEIRS = frozenset(
    {
        Fact.OWED,
        Fact.OLDEST_DAYS_PAST_DUE,
        Fact.OVERDUE_DEBTS,
        Fact.PAID_LATE,
        Fact.PAID_ON_TIME,
        Fact.LATE_SHARE,
    }
)


def first_day(within_days: int | None, as_of: date) -> date | None:
    """The day before the first that counts."""
    return None if within_days is None else as_of - timedelta(days=within_days)


def aggregate(fact: Fact, since: date | None, as_of: date) -> ColumnElement[Any]:
    """A fact of OF_THEIRS over their debts, to be put into `of_theirs`; days as a date, amounts in minor units."""
    is_open = and_(open_on(as_of, _theirs), _owed > 0)
    settled = _theirs.c.settled_on
    if fact is Fact.OWED:  # of this debt's currency, less what the creditor owes them
        same = _theirs.c.currency == debts.c.currency
        return func.coalesce(func.sum(_owed).filter(same, open_on(as_of, _theirs)), 0)
    if fact is Fact.OLDEST_DAYS_PAST_DUE:
        return func.min(_theirs.c.due_date).filter(is_open)
    if fact is Fact.OVERDUE_DEBTS:
        return func.count().filter(is_open, _theirs.c.due_date < as_of)
    window = in_window(settled, since, as_of)
    late = func.count().filter(settled > _theirs.c.due_date, *window)
    if fact is Fact.PAID_LATE:
        return late
    if fact is Fact.PAID_ON_TIME:
        return func.count().filter(settled <= _theirs.c.due_date, *window)
    paid = func.count().filter(settled.is_not(None), *window)
    return 100 * late // func.nullif(paid, 0, type_=Integer)


def of_theirs(value: ColumnElement[Any]) -> ScalarSelect[Any]:
    """An expression over aggregates of all debts of who owes the debt."""
    query = select(value).select_from(_theirs).where(_theirs.c.debtor_id == debts.c.debtor_id)
    return query.correlate(debts).scalar_subquery()


def of_their_past(
    fact: Fact, since: date | None, as_of: date, value: ColumnElement[Any] | None = None
) -> ScalarSelect[Any]:
    """How many payments, arrangements or returned messages they have, or an expression over that count."""
    shown = func.count() if value is None else value
    if fact is Fact.PAYMENTS:
        return _payments(shown, since, as_of)
    if fact is Fact.BOUNCES:
        return _bounces(shown, since, as_of)
    return _arrangements(shown, "kept" if fact is Fact.ARRANGEMENTS_KEPT else "broken", since, as_of)


def in_window(day: ColumnElement[Any], since: date | None, as_of: date) -> list[ColumnElement[bool]]:
    """After the first day, so that a window of 7 days ends a week ago, and not to come."""
    return [day <= as_of, *([day > since] if since is not None else [])]


def _payments(value: ColumnElement[Any], since: date | None, as_of: date) -> ScalarSelect[Any]:
    query = (
        select(value)
        .select_from(payments.join(_theirs, _theirs.c.id == payments.c.debt_id))
        .where(
            _theirs.c.debtor_id == debts.c.debtor_id,
            payments.c.reversed_at.is_(None),
            payments.c.split_of.is_(None),
            *in_window(payments.c.paid_on, since, as_of),
        )
    )
    return query.correlate(debts).scalar_subquery()


def _arrangements(
    value: ColumnElement[Any], state: str, since: date | None, as_of: date
) -> ScalarSelect[Any]:
    """Those that they agreed to themselves."""
    query = (
        select(value)
        .select_from(arrangements.join(arrangement_parties))
        .where(
            arrangement_parties.c.debtor_id == debts.c.debtor_id,
            arrangements.c.state == state,
            *in_window(arrangements.c.since, since, as_of),
        )
    )
    return query.correlate(debts).scalar_subquery()


def _bounces(value: ColumnElement[Any], since: date | None, as_of: date) -> ScalarSelect[Any]:
    query = (
        select(value)
        .select_from(messages)
        .where(
            messages.c.recipient_id == debts.c.debtor_id,
            messages.c.state.in_(("bounced", "returned")),
            *in_window(messages.c.as_of, since, as_of),
        )
    )
    return query.correlate(debts).scalar_subquery()
