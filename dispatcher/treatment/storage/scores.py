"""Scores as one expression over debts: a subquery a table, however many attributes ask it, and never a query a debt."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, not_, null, or_, select

from dispatcher.database.tables.people import humans, wishes
from dispatcher.database.tables.portfolio import creditors, debt_parties, debtors, debts
from dispatcher.people.domain.permission_facts import NO_SCORE
from dispatcher.portfolio.storage.debts import OWED, in_minor, open_on
from dispatcher.treatment.domain.facts import AGES, MONEY, Fact, days_past_due
from dispatcher.treatment.domain.scorecard import Attribute, Scorecard
from dispatcher.treatment.storage.facts import (
    OF_THE_DEBT,
    OF_THEIRS,
    aggregate,
    first_day,
    of_their_past,
    of_theirs,
)
from dispatcher.values.money import Money

_MINE = humans.alias("mine")
_OTHERS = humans.alias("others")


class Figures(NamedTuple):
    """What a card's attributes are for one debt, in their order: a count, days or an amount; None: not known."""

    debt_id: int
    debt: str
    currency: str
    values: tuple[Decimal | int | None, ...]
    objected: bool


def score_column(card: Scorecard, as_of: date) -> ColumnElement[int]:
    """The score of a debt as a column of a query over debts; null for whom somebody objected."""
    parts: list[ColumnElement[int]] = [literal(card.base)]
    theirs: list[ColumnElement[int]] = []
    for each in card.attributes:
        since = first_day(each.within_days, as_of)
        if each.fact in OF_THE_DEBT:
            parts.append(_points(each, OF_THE_DEBT[each.fact], as_of))
        elif each.fact in OF_THEIRS:
            theirs.append(_points(each, aggregate(each.fact, since, as_of), as_of))
        else:
            parts.append(of_their_past(each.fact, since, as_of, _points(each, func.count(), as_of)))
    if theirs:
        parts.append(of_theirs(_sum(theirs)))
    return case((_objected(as_of), null()), else_=_sum(parts))


def count_by_score(connection: Connection, card: Scorecard, as_of: date) -> dict[int | None, int]:
    """How many open debts have which score, in one statement over the whole book; None: somebody objected."""
    score = score_column(card, as_of).label("score")
    scored = select(score).where(open_on(as_of), OWED > 0).subquery()
    rows = connection.execute(select(scored.c.score, func.count()).group_by(scored.c.score))
    return {row[0]: row[1] for row in rows}


def figures_of_person(
    connection: Connection, card: Scorecard, debtor_id: int, as_of: date
) -> Iterator[Figures]:
    """The attributes of each open debt that somebody owes first."""
    columns = [_figure(each, as_of).label(f"figure{i}") for i, each in enumerate(card.attributes)]
    name = (creditors.c.key + "/" + debts.c.reference).label("name")
    query: Select[Any] = (
        select(debts.c.id, name, debts.c.currency, _objected(as_of).label("objected"), *columns)
        .select_from(debts)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(debts.c.debtor_id == debtor_id, open_on(as_of), OWED > 0)
        .order_by(debts.c.due_date, debts.c.reference)
    )
    for row in connection.execute(query):
        values = zip(card.attributes, row[4:], strict=True)
        figures = tuple(_as_value(each, value, row.currency, as_of) for each, value in values)
        yield Figures(row.id, row.name, row.currency, figures, bool(row.objected))


def _figure(attribute: Attribute, as_of: date) -> ColumnElement[Any]:
    since = first_day(attribute.within_days, as_of)
    if attribute.fact in OF_THE_DEBT:
        return OF_THE_DEBT[attribute.fact]
    if attribute.fact in OF_THEIRS:
        return of_theirs(aggregate(attribute.fact, since, as_of))
    return of_their_past(attribute.fact, since, as_of)


def _as_value(attribute: Attribute, value: Any, currency: str, as_of: date) -> Decimal | int | None:
    if value is None:
        return None
    if attribute.fact in AGES:
        return days_past_due(value, as_of)
    if attribute.fact in MONEY:
        amount: Decimal = Money(int(value), currency).amount
        return amount if currency == attribute.currency else None
    return int(value)


def _points(attribute: Attribute, value: ColumnElement[Any], as_of: date) -> ColumnElement[int]:
    unknown: ColumnElement[bool] = value.is_(None)
    if attribute.fact in MONEY:
        unknown = or_(unknown, debts.c.currency != attribute.currency)
    steps = [
        (_is_below(attribute.fact, value, each.below, as_of), literal(each.points))
        for each in attribute.ranges
        if each.below is not None
    ]
    return case((unknown, literal(attribute.unknown)), *steps, else_=literal(attribute.ranges[-1].points))


def _is_below(fact: Fact, value: ColumnElement[Any], below: Decimal, as_of: date) -> ColumnElement[bool]:
    if fact in AGES:  # fewer days ago is a later date
        return value > as_of - timedelta(days=int(below))
    if fact in MONEY:
        return value < in_minor(below, debts.c.currency)
    return value < int(below)


def _objected(as_of: date) -> ColumnElement[bool]:
    """Whether who owes the debt, alone or with others, or is the same human, objects to being scored."""
    stands = and_(
        wishes.c.kind == NO_SCORE,
        wishes.c.released_at.is_(None),
        or_(wishes.c.until.is_(None), wishes.c.until >= as_of),
    )
    alone = select(wishes.c.debtor_id).where(stands)
    everywhere = (
        select(_OTHERS.c.debtor_id)
        .select_from(wishes)
        .join(_MINE, _MINE.c.debtor_id == wishes.c.debtor_id)
        .join(_OTHERS, _OTHERS.c.human == _MINE.c.human)
        .where(stands)
    )
    objectors = alone.union_all(everywhere)
    shared = select(debt_parties.c.debt_id).where(debt_parties.c.debtor_id.in_(objectors))
    return or_(debts.c.debtor_id.in_(objectors), debts.c.id.in_(shared))


def is_private() -> ColumnElement[bool]:
    """Whether who owes the debt first is a private person; who is not known to be a company is one."""
    return not_(debtors.c.kind == "company")


def _sum(parts: list[ColumnElement[int]]) -> ColumnElement[int]:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
