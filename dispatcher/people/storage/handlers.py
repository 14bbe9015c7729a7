"""Keeps who handles whom: handlers, their rules in order, and what was said by hand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.people import debtor_handlers, handler_rules, handlers
from dispatcher.database.tables.portfolio import creditors, debtors
from dispatcher.database.tables.users import users
from dispatcher.people.domain.handler import Handler, HandlerRule, acting, handler_of

_PEOPLE = (
    select(debtors.c.id, debtors.c.name, debtors.c.country, creditors.c.key, debtor_handlers.c.handler)
    .join(creditors, creditors.c.id == debtors.c.creditor_id)
    .outerjoin(debtor_handlers, debtor_handlers.c.debtor_id == debtors.c.id)
    .where(one_of(debtors.c.id, "ids"))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ByHand:
    """What a person said of who handles somebody."""

    handler: str
    why: str
    set_by: str
    set_at: datetime


def every(connection: Connection) -> dict[str, Handler]:
    """All handlers by their user's name."""
    rows = connection.execute(
        select(handlers, users.c.id.label("user_id"), users.c.disabled_at)
        .outerjoin(users, func.lower(users.c.name) == func.lower(handlers.c.user))
        .order_by(handlers.c.user)
    )
    return {
        row.user: Handler(
            user=row.user,
            shown_as=row.shown_as,
            deputy=row.deputy,
            away_from=row.away_from,
            away_until=row.away_until,
            is_gone=row.user_id is None or row.disabled_at is not None,
        )
        for row in rows
    }


def rules(connection: Connection) -> list[HandlerRule]:
    """The rules in force, in the order in which they are asked."""
    query = select(handler_rules).where(handler_rules.c.ended_at.is_(None)).order_by(handler_rules.c.id)
    return [
        HandlerRule(
            id=row.id,
            handler=row.handler,
            creditor=row.creditor,
            country=row.country,
            from_letter=row.from_letter,
            to_letter=row.to_letter,
        )
        for row in connection.execute(query)
    ]


def of_people(connection: Connection, debtor_ids: Collection[int], *, on: date) -> dict[int, Handler]:
    """Who handles each of these people on a day; nobody is left out of the answer who has none."""
    known = every(connection)
    if not known:
        return {}
    order = rules(connection)
    found = {}
    for row in connection.execute(_PEOPLE, {"ids": sorted(debtor_ids)}):
        handler = handler_of(
            known, order, row.handler or "", creditor=row.key, country=row.country, name=row.name, on=on
        )
        if handler is not None:
            found[row.id] = handler
    return found


def people_of(connection: Connection, user: str, *, on: date) -> Select[tuple[int]] | None:
    """The ids of all whom a user handles on a day, as a query; None where they handle nobody."""
    known = every(connection)
    stands_for = {name for name in known if (one := acting(known, name, on)) and one.user == user}
    if not stands_for:
        return None
    said = exists().where(debtor_handlers.c.debtor_id == debtors.c.id)
    mine = said.where(debtor_handlers.c.handler.in_(stands_for))
    earlier: list[ColumnElement[bool]] = []
    by_rule: list[ColumnElement[bool]] = []
    for rule in rules(connection):
        fits = _fits(rule)
        if rule.handler in stands_for:
            by_rule.append(and_(fits, *(not_(before) for before in earlier)))
        earlier.append(fits)
    return (
        select(debtors.c.id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(or_(mine, and_(not_(said), or_(false(), *by_rule))))
    )


def _fits(rule: HandlerRule) -> ColumnElement[bool]:
    """The same as `HandlerRule.fits`."""
    first = func.upper(func.substr(func.trim(debtors.c.name), 1, 1))
    found: list[ColumnElement[bool]] = [true()]
    if rule.creditor:
        found.append(creditors.c.key == rule.creditor)
    if rule.country:
        found.append(debtors.c.country == rule.country)
    if rule.from_letter:
        found.append(first >= rule.from_letter)
    if rule.to_letter:
        found += [first <= rule.to_letter, first != ""]
    return and_(*found)


def by_hand(connection: Connection, debtor_id: int) -> ByHand | None:
    """What was said by hand of one person."""
    row = connection.execute(select(debtor_handlers).where(debtor_handlers.c.debtor_id == debtor_id)).first()
    return ByHand(handler=row.handler, why=row.why, set_by=row.set_by, set_at=row.set_at) if row else None


def keep(connection: Connection, values: Mapping[str, Any]) -> None:
    """Write a handler down, or anew."""
    _upsert(connection, handlers, values, key="user")


def add_rule(connection: Connection, values: Mapping[str, Any]) -> int:
    """Add a rule behind those that are there; returns its number."""
    key: int = connection.scalars(insert(handler_rules).values(**values).returning(handler_rules.c.id)).one()
    return key


def end_rule(connection: Connection, rule_id: int, *, at: datetime, by: str) -> bool:
    """End a rule; False where none of that number is in force."""
    result = connection.execute(
        update(handler_rules)
        .where(handler_rules.c.id == rule_id, handler_rules.c.ended_at.is_(None))
        .values(ended_at=at, ended_by=by)
    )
    return result.rowcount == 1


def give(connection: Connection, values: Mapping[str, Any]) -> None:
    """Say by hand who handles somebody."""
    _upsert(connection, debtor_handlers, values, key="debtor_id")


def take_back(connection: Connection, debtor_id: int) -> None:
    """Leave it to the rules again."""
    connection.execute(delete(debtor_handlers).where(debtor_handlers.c.debtor_id == debtor_id))


def _upsert(connection: Connection, table: Any, values: Mapping[str, Any], *, key: str) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    rest = {name: value for name, value in values.items() if name != key}
    connection.execute(
        dialect.insert(table).values(**values).on_conflict_do_update(index_elements=[table.c[key]], set_=rest)
    )
