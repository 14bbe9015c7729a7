"""Segments as one CASE over debts: every fact is a subquery that the database answers where a condition asks for it."""

import math
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    and_,
    case,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.portfolio.storage.debts import OWED, books, in_minor, open_on
from dispatcher.treatment.domain.facts import AGES, MONEY, Fact
from dispatcher.treatment.domain.segments import ANY, Condition, Limit, Segment, Segments
from dispatcher.treatment.storage.facts import (
    OF_THE_DEBT,
    OF_THEIRS,
    aggregate,
    first_day,
    of_their_past,
    of_theirs,
)
from dispatcher.treatment.storage.scores import is_private, score_column
from dispatcher.values.as_loaded import AsLoaded

Book = Mapping[tuple[int, str], int]  # what a creditor is owed in a currency, in minor units

_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "creditor": creditors.c.key,
    "debt_type": debts.c.debt_type,
    "country": debtors.c.country,
    "currency": debts.c.currency,
    "ledger_segment": debtors.c.ledger_segment,
    "debtor_kind": debtors.c.kind,
    "sender_role": debts.c.sender_role,
}
_NOWHERE = -1  # no segment's place


class DebtPlace(NamedTuple):
    """A debt and the number of its segment among all; None: none of them."""

    debt_id: int
    debt: str
    place: int | None


def segment_column(connection: Connection, segments: Segments, as_of: date) -> ColumnElement[str]:
    """The name of a debt's segment as a column of a query over debts, debtors and creditors; empty: none."""
    book = books(connection, as_of) if any(each.asks_for_the_book() for each in segments) else {}
    names = [(_is_met(each, as_of, book), literal(each.name)) for each in segments]
    return case(*names, else_="") if names else literal("")


def place_column(connection: Connection, segments: Segments, as_of: date) -> ColumnElement[int]:
    """The number of a debt's segment as a column of the same query; below 0: none."""
    book = books(connection, as_of) if any(each.asks_for_the_book() for each in segments) else {}
    return _place(segments, as_of, book)


def places_of(
    connection: Connection, segments: Segments, debt_ids: Collection[int], as_of: date
) -> dict[int, int]:
    """Debt -> the number of its segment; debts of none are left out.

    What the creditor is owed in all takes a pass over the whole book, so it is asked for only where the other
    conditions of such a segment are met.
    """
    if not segments or not debt_ids:
        return {}
    found = _run(connection, _without_the_book(AsLoaded(segments), as_of), debt_ids)
    if any(segments[place].asks_for_the_book() for place in found.values()):
        found = _run(connection, _places(segments, as_of, books(connection, as_of)), debt_ids)
    return found


def scored_places_of(
    connection: Connection, segments: Segments, debt_ids: Collection[int], as_of: date
) -> dict[int, int]:
    """Debt of a private person -> the number of the first segment that a score leads to: it may add to offers."""
    asking = [each for each in segments if each.asks_for_a_score()]
    if not asking or not debt_ids:
        return {}
    if any(each.asks_for_the_book() for each in asking):
        return _run(connection, _scored_places(segments, as_of, books(connection, as_of)), debt_ids)
    return _run(connection, _scored_without_the_book(AsLoaded(segments), as_of), debt_ids)


# Making these statements costs more than running them: delivering asks one for each chunk of a day.
@lru_cache(maxsize=8)
def _without_the_book(loaded: AsLoaded[Segments], as_of: date) -> Any:
    return _places(loaded.value, as_of, None)


@lru_cache(maxsize=8)
def _scored_without_the_book(loaded: AsLoaded[Segments], as_of: date) -> Any:
    return _scored_places(loaded.value, as_of, {})


def _places(segments: Segments, as_of: date, book: Book | None) -> Any:
    place = _place(segments, as_of, book)
    return _from(select(debts.c.id, place.label("place"))).where(one_of(debts.c.id, "ids"))


def _scored_places(segments: Segments, as_of: date, book: Book) -> Any:
    asking = [(i, each) for i, each in enumerate(segments) if each.asks_for_a_score()]
    cases = [(and_(is_private(), _meets(each, as_of, book)), literal(i)) for i, each in asking]
    query = _from(select(debts.c.id, case(*cases, else_=_NOWHERE).label("place")))
    return query.where(one_of(debts.c.id, "ids"))


def _run(connection: Connection, query: Any, debt_ids: Collection[int]) -> dict[int, int]:
    rows = connection.execute(query, {"ids": sorted(debt_ids)})
    return {row.id: row.place for row in rows if row.place != _NOWHERE}


def open_debts(connection: Connection, segments: Segments, as_of: date) -> list[DebtPlace]:
    """Every debt that is open on a day, in order of its name, with its segment."""
    place = place_column(connection, segments, as_of)
    name = creditors.c.key + "/" + debts.c.reference
    query = _from(select(debts.c.id, name.label("name"), place.label("place")))
    rows = connection.execute(
        query.where(open_on(as_of), OWED > 0).order_by(creditors.c.key, debts.c.reference)
    )
    return [DebtPlace(row.id, row.name, None if row.place == _NOWHERE else row.place) for row in rows]


def figures_of(
    connection: Connection, conditions: Collection[Condition], debt_id: int, as_of: date
) -> list[Any]:
    """What the facts of some conditions are for one debt: a count, a date, minor units or None."""
    asks = any(each.fact is Fact.SHARE_OF_BOOK for each in conditions)
    book = books(connection, as_of) if asks else {}  # a pass over all debts
    columns = [_value(each, as_of, book).label(f"figure{i}") for i, each in enumerate(conditions)]
    row = connection.execute(_from(select(*columns)).where(debts.c.id == debt_id)).one() if columns else ()
    return list(row)


def _from(query: Any) -> Any:
    return (
        query.select_from(debts)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
    )


def _place(segments: Segments, as_of: date, book: Book | None) -> ColumnElement[int]:
    cases = [(_is_met(each, as_of, book), literal(i)) for i, each in enumerate(segments)]
    return case(*cases, else_=_NOWHERE) if cases else literal(_NOWHERE)


def _is_met(segment: Segment, as_of: date, book: Book | None) -> ColumnElement[bool]:
    """A score takes companies alone: steps, distances and hand-overs of private people never hang on one."""
    met = _meets(segment, as_of, book)
    return and_(not_(is_private()), met) if segment.asks_for_a_score() else met


def _meets(segment: Segment, as_of: date, book: Book | None) -> ColumnElement[bool]:
    columns = [_COLUMNS[name].in_(values) for name, values in segment.equals.items()]
    return and_(true(), *columns, *(_within(each, as_of, book) for each in segment.conditions))


def _within(condition: Condition, as_of: date, book: Book | None) -> ColumnElement[bool]:
    fact, limit = condition.fact, condition.limit
    if fact is Fact.SHARE_OF_BOOK:
        return true() if book is None else _is_share(limit, book, as_of)
    value = _value(condition, as_of, book or {})
    if fact in AGES:
        return _is_age(value, limit, as_of)
    least = [value >= _bound(amounts, fact) for amounts in [limit.least] if amounts]
    most = [value <= _bound(amounts, fact) for amounts in [limit.most] if amounts]
    return and_(true(), *least, *most)


def _is_age(since: ColumnElement[Any], limit: Limit, as_of: date) -> ColumnElement[bool]:
    least = [since <= as_of - timedelta(days=int(days)) for days in limit.least.values()]
    most = [since >= as_of - timedelta(days=int(days)) for days in limit.most.values()]
    return and_(true(), *least, *most)


def _bound(amounts: Mapping[str, Decimal], fact: Fact) -> Any:
    """A count, or minor units in the debt's currency; null, so never met, where no amount is given for that."""
    if fact not in MONEY:
        return int(amounts[ANY])
    if ANY in amounts:
        return in_minor(amounts[ANY], debts.c.currency)
    cases = [
        (debts.c.currency == currency, in_minor(limit, debts.c.currency))
        for currency, limit in amounts.items()
    ]
    return case(*cases, else_=None)


def _is_share(limit: Limit, book: Book, as_of: date) -> ColumnElement[bool]:
    """Whether who owes it owes that share of the creditor's book, in the debt's currency."""
    owed = _owed_in_all(as_of)
    met = [
        and_(
            debts.c.creditor_id == creditor_id,
            debts.c.currency == currency,
            *(owed >= math.ceil(total * percent / 100) for percent in limit.least.values()),
            *(owed <= math.floor(total * percent / 100) for percent in limit.most.values()),
        )
        for (creditor_id, currency), total in book.items()
    ]
    return or_(literal(value=False), *met)


def _value(condition: Condition, as_of: date, book: Book) -> ColumnElement[Any]:
    fact, since = condition.fact, first_day(condition.within_days, as_of)
    if fact is Fact.SCORE:  # without a card in use nobody has a score, so no limit is met
        return null() if condition.card is None else score_column(condition.card, as_of)
    if fact is Fact.SHARE_OF_BOOK:
        return _share(book, as_of)
    if fact in OF_THE_DEBT:
        return OF_THE_DEBT[fact]
    return (
        of_theirs(aggregate(fact, since, as_of)) if fact in OF_THEIRS else of_their_past(fact, since, as_of)
    )


def _owed_in_all(as_of: date) -> ScalarSelect[Any]:
    return of_theirs(aggregate(Fact.OWED, None, as_of))


def _share(book: Book, as_of: date) -> ColumnElement[Any]:
    """Tenths of a percent."""
    totals = [
        (and_(debts.c.creditor_id == creditor_id, debts.c.currency == currency), total)
        for (creditor_id, currency), total in book.items()
    ]
    return 1000 * _owed_in_all(as_of) // case(*totals, else_=None) if totals else literal(0)
