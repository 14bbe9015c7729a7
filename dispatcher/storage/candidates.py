"""Finds, set-wise, which debts have come to which step of a strategy, and counts those that have not."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from dispatcher.domain.money import ODD_EXPONENTS, Money
from dispatcher.domain.strategy import Match, Step, Strategy
from dispatcher.storage.tables import creditors, debt_parties, debtors, debts, ladder

OWED = debts.c.balance_minor - debts.c.paid_minor

_COLUMNS: dict[str, ColumnElement[Any]] = {
    "creditor": creditors.c.key,
    "debt_type": debts.c.debt_type,
    "country": debtors.c.country,
    "region": debtors.c.region,
    "currency": debts.c.currency,
    "segment": debtors.c.segment,
    "debtor_kind": debtors.c.kind,
    "sender_role": debts.c.sender_role,
    "language": debtors.c.language,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A debt that has come to a step, with one of its recipients."""

    debt_id: int
    debtor_id: int  # the recipient
    relation: str
    strategy: Strategy
    step: Step


def find_candidates(
    connection: Connection,
    strategies: Sequence[Strategy],
    as_of: date,
    *,
    only: str | None = None,
    debtor_id: int | None = None,
    without: Collection[str] = (),
) -> Iterator[Candidate]:
    """Every debt × recipient × step that is due; in no order.

    `only` names one strategy, `debtor_id` one person, `without` creditors to leave alone.
    """
    for i, strategy in enumerate(strategies):
        if only in (None, strategy.name):
            mine = and_(matches(strategy.match), *(not_(matches(other.match)) for other in strategies[:i]))
            for k, step in enumerate(strategy.steps):
                for query, recipient in _queries(strategy, k, as_of, mine):
                    if without:
                        query = query.where(creditors.c.key.not_in(without))
                    if debtor_id is not None:
                        query = query.where(recipient == debtor_id)
                    for row in connection.execute(query):
                        yield Candidate(row[0], row[1], row[2], strategy, step)


def matches(match: Match) -> ColumnElement[bool]:
    """A strategy's match as a condition on debts, debtors and creditors."""
    conditions: list[ColumnElement[bool]] = [
        _COLUMNS[name].in_(values) for name, values in match.equals.items()
    ]
    conditions += [_balance(match.balance_min, at_least=True)] if match.balance_min is not None else []
    conditions += [_balance(match.balance_max, at_least=False)] if match.balance_max is not None else []
    return and_(true(), *conditions)


def open_on(as_of: date) -> ColumnElement[bool]:
    """Issued and not settled on a date, by the ledger's own columns."""
    return and_(
        or_(debts.c.issued_on.is_(None), debts.c.issued_on <= as_of),
        or_(debts.c.settled_on.is_(None), debts.c.settled_on > as_of),
    )


def count_others(connection: Connection, strategies: Sequence[Strategy], as_of: date) -> dict[str, int]:
    """All debts by what they are on a date: not issued, settled, paid, credit, no strategy, or eligible."""
    reason = case(
        (debts.c.issued_on > as_of, "not yet issued"),
        (debts.c.settled_on <= as_of, "settled"),
        (debts.c.balance_minor < 0, "credit"),
        (OWED <= 0, "paid"),
        (not_(or_(*(matches(s.match) for s in strategies))), _why_no_strategy(strategies)),
        else_="eligible",
    )
    query = _from(select(reason.label("reason"), func.count())).group_by("reason")
    return {row[0]: row[1] for row in connection.execute(query)}


def _queries(
    strategy: Strategy, k: int, as_of: date, mine: ColumnElement[bool]
) -> Iterator[tuple[Select[tuple[int, int, str]], ColumnElement[int]]]:
    base = and_(open_on(as_of), OWED > 0, mine, *_day(strategy.steps[k], as_of))
    owner = _from(select(debts.c.id, debts.c.debtor_id, literal("debtor")))
    yield _with_ladder(owner, debts.c.debtor_id, strategy, k, as_of).where(base), debts.c.debtor_id
    if strategy.parties == "all":
        relations = ["joint_debtor", "guarantor"] if strategy.guarantors else ["joint_debtor"]
        query = _from(select(debts.c.id, debt_parties.c.debtor_id, debt_parties.c.relation)).join(
            debt_parties, and_(debt_parties.c.debt_id == debts.c.id, debt_parties.c.relation.in_(relations))
        )
        yield (
            _with_ladder(query, debt_parties.c.debtor_id, strategy, k, as_of).where(base),
            debt_parties.c.debtor_id,
        )


def _from(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(debts)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
    )


def _day(step: Step, as_of: date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [debts.c.due_date <= as_of - timedelta(days=step.day)]
    if step.kind == "courtesy":
        conditions.append(debts.c.due_date >= as_of)
    return conditions


def _with_ladder(
    query: Select[Any], recipient: ColumnElement[int], strategy: Strategy, k: int, as_of: date
) -> Select[Any]:
    """Steps go in order: this one is next when the last one sent lies before it and none lies between."""
    step = strategy.steps[k]
    first = k == 0 or step is strategy.first_collection
    lowest = -(10**6) if first else strategy.steps[k - 1].day
    came_before = and_(
        ladder.c.day >= lowest, ladder.c.day < step.day, ladder.c.anchor <= as_of - timedelta(days=step.day)
    )
    joined = query.outerjoin(
        ladder,
        and_(
            ladder.c.debt_id == debts.c.id,
            ladder.c.debtor_id == recipient,
            ladder.c.strategy == strategy.name,
        ),
    )
    return joined.where(or_(ladder.c.debt_id.is_(None), came_before) if first else came_before)


def _balance(limit: Any, *, at_least: bool) -> ColumnElement[bool]:
    """Limits are in a currency's main unit; the few currencies without two decimals get their own factor."""
    by_exponent: dict[int, list[str]] = {0: [], 3: [], 4: []}
    for currency, digits in ODD_EXPONENTS.items():
        by_exponent[digits].append(currency)
    minor = case(
        *(
            (debts.c.currency.in_(names), Money.of(limit, names[0]).minor if digits else int(limit))
            for digits, names in by_exponent.items()
            if names
        ),
        else_=Money.of(limit, "USD").minor,
    )
    return OWED >= minor if at_least else OWED <= minor


def _why_no_strategy(strategies: Sequence[Strategy]) -> ColumnElement[str]:
    too_small = or_(
        *(
            and_(matches(Match(equals=s.match.equals)), not_(_balance(s.match.balance_min, at_least=True)))
            for s in strategies
            if s.match.balance_min is not None
        ),
        false(),
    )
    return case((too_small, "below the minimum"), else_="no strategy")
