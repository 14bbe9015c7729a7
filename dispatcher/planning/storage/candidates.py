"""Finds, set-wise, which debts have come to which step of a strategy, and counts those that have not."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from dispatcher.database.days import days_after
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.people import humans
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import creditors, debt_parties, debtors, debts
from dispatcher.planning.domain.ladder import AFTER_BREAK, Rung
from dispatcher.planning.domain.strategy import LAST_DAY_OF_A_COURTESY, Match, Step, Strategy
from dispatcher.planning.storage.ladder import rung_of
from dispatcher.portfolio.storage.debts import OWED, in_minor, open_on
from dispatcher.treatment.domain.segments import Segments
from dispatcher.treatment.storage.segments import segment_column
from dispatcher.values.as_loaded import AsLoaded

_COLUMNS: dict[str, ColumnElement[Any]] = {
    "creditor": creditors.c.key,
    "debt_type": debts.c.debt_type,
    "country": debtors.c.country,
    "region": debtors.c.region,
    "currency": debts.c.currency,
    "ledger_segment": debtors.c.ledger_segment,
    "debtor_kind": debtors.c.kind,
    "sender_role": debts.c.sender_role,
    "language": debtors.c.language,
}

Segmented = ColumnElement[str] | None  # the segment of a debt as a column; None: nobody asks for it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A debt that has come to a step, with one of its recipients."""

    debt_id: int
    recipient_id: int
    relation: str
    strategy: Strategy
    step: Step
    rung: Rung | None = None  # where its ladder stands


@dataclass(frozen=True, slots=True)
class Owed:
    """A debt whose due date has passed, with one of those whom its strategy writes to."""

    debt_id: int
    recipient_id: int
    relation: str
    strategy: Strategy


def find_candidates(
    connection: Connection,
    strategies: Sequence[Strategy],
    as_of: date,
    *,
    only: str | None = None,
    debtor_id: int | None = None,
    without: Collection[str] = (),
    segments: Segments = (),
    one_in: int = 1,
) -> Iterator[Candidate]:
    """Every debt and recipient with the step that is due; in no order, at most one step each.

    `only` names one strategy, `debtor_id` one person, `without` creditors to leave alone. `one_in`: of so many humans
    one, always the same ones.
    """
    places = _places(strategies)
    segment = segment_asked_for(connection, strategies, segments, as_of)
    queries, days = _queries(strategies, as_of, only, segment)
    for query, recipient in queries:
        wanted: list[ColumnElement[bool]] = [creditors.c.key.not_in(without)] if without else []
        wanted += [recipient == debtor_id] if debtor_id is not None else []
        wanted += [is_sampled(recipient, one_in)] if one_in > 1 else []
        asked: Select[Any] = query.where(*wanted) if wanted else query
        for row in connection.execute(asked, days.of(as_of)):
            strategy, step = places[row.place]
            yield Candidate(row[0], row[1], row[2], strategy, step, rung_of(row) if row.step else None)


def is_sampled(recipient: ColumnElement[int], one_in: int) -> ColumnElement[bool]:
    """Whether somebody's human is one of the sample: ids are scattered first, since ledgers come in some order."""
    human = select(humans.c.human).where(humans.c.debtor_id == recipient).correlate_except(humans)
    scattered = (
        func.coalesce(human.scalar_subquery(), recipient) * 7919 % 10007
    )  # primes: no pattern of a ledger
    return scattered % one_in == 0


def count_open(connection: Connection, as_of: date) -> int:
    """How many debts are open on a day."""
    return connection.scalar(select(func.count()).select_from(debts).where(open_on(as_of), OWED > 0)) or 0


def find_owed(
    connection: Connection,
    strategies: Sequence[Strategy],
    as_of: date,
    debtor_ids: Collection[int],
    segments: Segments = (),
) -> Iterator[Owed]:
    """What these people owe besides, of strategies that join: what a message for them may have to list."""
    names = {strategy.name: strategy for strategy in strategies}
    if not any(strategy.joins() for strategy in strategies) or not debtor_ids:
        return
    segment = segment_asked_for(connection, strategies, segments, as_of)
    names_of = ((matches(s.match, segment), s.name if s.joins() else null()) for s in strategies)
    taken = case(*names_of, else_=None)
    owed = and_(open_on(as_of), OWED > 0, debts.c.due_date < as_of)
    owner = _from(select(debts.c.id, debts.c.debtor_id, literal("debtor"), taken.label("strategy")))
    shared = (
        _from(select(debts.c.id, debt_parties.c.debtor_id, debt_parties.c.relation, taken.label("strategy")))
        .join(debt_parties, debt_parties.c.debt_id == debts.c.id)
        .where(owed, one_of(debt_parties.c.debtor_id, "ids"))
    )
    values = {"ids": sorted(debtor_ids)}
    for query in (owner.where(owed, one_of(debts.c.debtor_id, "ids")), shared):
        for debt_id, owed_by, relation, name in connection.execute(query, values):
            strategy = names.get(name)
            if strategy is not None and relation in ("debtor", *strategy.relations()):
                yield Owed(debt_id, owed_by, relation, strategy)


def segment_asked_for(
    connection: Connection, strategies: Sequence[Strategy], segments: Segments, as_of: date
) -> Segmented:
    """The segment of a debt, where some strategy asks for it."""
    asked = any("segment" in strategy.match.equals for strategy in strategies)
    return segment_column(connection, segments, as_of) if asked else None


def owners_of(connection: Connection, debt_ids: Collection[int]) -> dict[int, str]:
    """Debt -> who owes it first, as `creditor/reference`."""
    query = _from(select(debts.c.id, creditors.c.key, debtors.c.reference)).where(one_of(debts.c.id, "ids"))
    return {row[0]: f"{row[1]}/{row[2]}" for row in connection.execute(query, {"ids": sorted(debt_ids)})}


def matches(match: Match, segment: Segmented = None) -> ColumnElement[bool]:
    """A strategy's match as a condition on debts, debtors and creditors; a segment that nobody worked out is none."""
    conditions = [_is_one_of(name, values, segment) for name, values in match.equals.items()]
    conditions += [_balance(match.balance_min, at_least=True)] if match.balance_min is not None else []
    conditions += [_balance(match.balance_max, at_least=False)] if match.balance_max is not None else []
    return and_(true(), *conditions)


def strategies_of(
    connection: Connection,
    strategies: Sequence[Strategy],
    debt_ids: Collection[int],
    *,
    segments: Segments,
    as_of: date,
) -> dict[int, str]:
    """Debt -> the strategy that takes it on a day; debts that none takes are left out."""
    if not strategies:
        return {}
    segment = segment_asked_for(connection, strategies, segments, as_of)
    taken = case(*((matches(strategy.match, segment), strategy.name) for strategy in strategies), else_=None)
    query = _from(select(debts.c.id, taken)).where(one_of(debts.c.id, "ids"), taken.is_not(None))
    return {row[0]: row[1] for row in connection.execute(query, {"ids": list(debt_ids)})}


def _is_one_of(name: str, values: Sequence[str], segment: Segmented) -> ColumnElement[bool]:
    if name == "segment":
        return false() if segment is None else segment.in_(values)
    column = _COLUMNS[name]
    if name != "region":
        return column.in_(values)
    with_country = debtors.c.country + "-" + column  # a strategy may say NY or US-NY
    return or_(column.in_(values), with_country.in_(values))


def count_others(
    connection: Connection, strategies: Sequence[Strategy], as_of: date, *, segments: Segments = ()
) -> dict[str, int]:
    """All debts by what they are on a date: not issued, settled, paid, credit, no strategy, or eligible."""
    segment = segment_asked_for(connection, strategies, segments, as_of)
    reason = case(
        (debts.c.issued_on > as_of, "not yet issued"),
        (debts.c.settled_on <= as_of, "settled"),
        (debts.c.balance_minor < 0, "credit"),
        (OWED <= 0, "paid"),
        (not_(or_(*(matches(s.match, segment) for s in strategies))), _why_no_strategy(strategies, segment)),
        else_="eligible",
    )
    query = _from(select(reason.label("reason"), func.count())).group_by("reason")
    return {row[0]: row[1] for row in connection.execute(query)}


def _places(strategies: Sequence[Strategy]) -> list[tuple[Strategy, Step]]:
    return [(strategy, step) for strategy in strategies for step in strategy.steps]


class _Days:
    """The days that a statement asks about, as parameters: it is made once and serves any day."""

    def __init__(self) -> None:
        self._before: dict[str, int] = {}

    def before(self, days: int) -> BindParameter[date]:
        """The day so many days before the one asked about, after it where they are negative."""
        name = f"before_{days}" if days >= 0 else f"after_{-days}"
        self._before[name] = days
        return bindparam(name, type_=debts.c.due_date.type)

    def of(self, as_of: date) -> dict[str, date]:
        """The parameters for one day."""
        return {name: as_of - timedelta(days=days) for name, days in self._before.items()}


_Query = tuple[Select[Any], ColumnElement[int]]  # a statement, and whom it finds
_Tried = tuple[int, ...]  # of all steps of all strategies, the day from which each is tried


def _queries(
    strategies: Sequence[Strategy], as_of: date, only: str | None, segment: Segmented
) -> tuple[Sequence[_Query], _Days]:
    """One query for those who owe a debt first, one for the others who owe it: each a single pass over the debts."""
    # For the earliest arm of a trial that runs then; who is in another one waits on.
    tried = tuple(strategy.tried_from(step, as_of) for strategy, step in _places(strategies))
    if segment is None:
        return _kept_queries(AsLoaded(strategies), tried, only)
    return _made_queries(strategies, tried, only, segment)


# Making the statements takes longer than running them on the few debts of a page, and a forecast runs many days.
@lru_cache(maxsize=8)
def _kept_queries(
    loaded: AsLoaded[Sequence[Strategy]], tried: _Tried, only: str | None
) -> tuple[Sequence[_Query], _Days]:
    return _made_queries(loaded.value, tried, only, None)


def _made_queries(
    strategies: Sequence[Strategy], tried: _Tried, only: str | None, segment: Segmented
) -> tuple[Sequence[_Query], _Days]:
    asked, days = [strategy for strategy in strategies if only in (None, strategy.name)], _Days()
    owner = _from(select(debts.c.id, debts.c.debtor_id, literal("debtor")))
    found = [(_due(owner, debts.c.debtor_id, strategies, asked, tried, segment, days), debts.c.debtor_id)]
    shared = [strategy for strategy in asked if strategy.relations()]
    if shared:
        relation = debt_parties.c.relation
        party = _from(select(debts.c.id, debt_parties.c.debtor_id, relation)).join(
            debt_parties, debt_parties.c.debt_id == debts.c.id
        )
        query = _due(
            party, debt_parties.c.debtor_id, strategies, shared, tried, segment, days, relation=relation
        )
        found.append((query, debt_parties.c.debtor_id))
    return found, days


def _due(
    query: Select[Any],
    recipient: ColumnElement[int],
    strategies: Sequence[Strategy],
    asked: Sequence[Strategy],
    tried: _Tried,
    segment: Segmented,
    days: _Days,
    *,
    relation: ColumnElement[str] | None = None,
) -> Select[Any]:
    """Adds a column: the place, among all steps of all strategies, of the step that is due; rows without fall out."""
    if not asked:
        return query.add_columns(literal(0).label("place"), ladder.c.step).where(false())
    numbers = count()  # in the order of _places
    taken: list[tuple[ColumnElement[bool], Any]] = []
    for strategy in strategies:
        bound = [] if relation is None else [relation.in_(strategy.relations())]
        places = [(step, next(numbers)) for step in strategy.steps]
        steps = [(and_(*bound, _is_due(strategy, step, tried[n], days)), n) for step, n in places]
        its_steps = case(*steps, else_=None) if strategy in asked else null()
        taken.append((matches(strategy.match, segment), its_steps))
    place = case(*taken, else_=None)
    first_day = min(step.day for strategy in asked for step in strategy.steps)
    on_ladder = and_(ladder.c.debt_id == debts.c.id, ladder.c.recipient_id == recipient)
    return (
        query.add_columns(place.label("place"), ladder.c.step, ladder.c.day, ladder.c.anchor)
        .outerjoin(ladder, on_ladder)
        .where(
            open_on(days.before(0)),
            OWED > 0,
            debts.c.due_date <= days.before(first_day),
            place.is_not(None),
        )
    )


def _from(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(debts)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
    )


def _is_due(strategy: Strategy, step: Step, day: int, days: _Days) -> ColumnElement[bool]:
    """Its day has come, it is the next on the ladder, and the ladder's distance to the last one has passed.

    A courtesy is no rung: behind one a collection step waits for its own day alone.
    """
    conditions: list[ColumnElement[bool]] = [debts.c.due_date <= days.before(day)]
    if step.is_courtesy:
        conditions.append(debts.c.due_date >= days.before(0))
    last = [_came_last(before, step, day, days) for before in strategy.before(step)]
    last.append(_came_last_by_its_day(strategy, step, day, days))
    if strategy.may_begin(step):
        last.append(ladder.c.debt_id.is_(None))
    return and_(*conditions, or_(*last))


def _came_last(before: Step, step: Step, day: int, days: _Days) -> ColumnElement[bool]:
    """The last rung was `before`, long enough before `day`. Its day may have been another one when it was reached."""
    if before.is_courtesy and not step.is_courtesy:
        return ladder.c.step == before.name
    return and_(
        ladder.c.step == before.name,
        or_(
            and_(ladder.c.day == before.day, ladder.c.anchor <= days.before(day)),
            and_(
                ladder.c.day != before.day,
                days_after(ladder.c.anchor, ladder.c.day) <= days.before(day - before.day),
            ),
        ),
    )


def _came_last_by_its_day(strategy: Strategy, step: Step, day: int, days: _Days) -> ColumnElement[bool]:
    """What came last is no written step of this strategy (a call, removed, renamed, of another strategy)."""
    before = strategy.before(step)
    waited = ladder.c.anchor <= days.before(day)
    if not step.is_courtesy:
        was_courtesy = and_(ladder.c.day <= LAST_DAY_OF_A_COURTESY, ladder.c.step != AFTER_BREAK)
        waited = or_(waited, was_courtesy)
    conditions = [
        ladder.c.step.not_in([each.name for each in strategy.steps]),
        ladder.c.day < step.day,
        waited,
    ]
    if not strategy.may_begin(step):
        conditions.append(ladder.c.day >= before[-1].day)
    return and_(*conditions)


def _balance(limit: Decimal, *, at_least: bool) -> ColumnElement[bool]:
    return OWED.op(">=" if at_least else "<=", is_comparison=True)(in_minor(limit, debts.c.currency))


def _why_no_strategy(strategies: Sequence[Strategy], segment: Segmented) -> ColumnElement[str]:
    too_small = or_(
        *(
            and_(
                matches(Match(equals=s.match.equals), segment),
                not_(_balance(s.match.balance_min, at_least=True)),
            )
            for s in strategies
            if s.match.balance_min is not None
        ),
        false(),
    )
    return case((too_small, "below the minimum"), else_="no strategy")
