"""Turns what only messages, bodies or personal values know (state, address, words …) into conditions on entries."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, exists, literal, or_, select, type_coerce

from dispatcher.storage import word_index
from dispatcher.storage.log_query import LogQuery
from dispatcher.storage.tables import (
    contents,
    creditors,
    debt_parties,
    debtors,
    debts,
    log_entries,
    message_debts,
    messages,
    personal_values,
)

FEW = 2_000  # messages, bodies or sets of values whose entries are looked up instead of asking each entry
FEW_BODIES = 500  # the index of words takes some time for each
_E = log_entries.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointed:
    """What a filter asks of an entry; `few` where an index leads from it to a handful of entries."""

    condition: ColumnElement[bool]
    few: bool


def pointed(connection: Connection, query: LogQuery) -> list[Pointed]:
    """List the conditions on what entries point to."""
    found = [_targets(connection, *each) for each in _pointers(connection, query)]
    if query.message_id:
        found.append(Pointed(condition=_E.message_id == query.message_id, few=True))
    if query.words is not None:
        found.append(_by_words(connection, query.words))
    return found


def with_words(connection: Connection, words: str, ids: Sequence[int]) -> set[int]:
    """Choose those entries whose bodies hold all the words."""
    query = select(_E.id, contents.c.id).join(contents, contents.c.sha256 == _E.body_sha256)
    bodies = {row[0]: row[1] for row in connection.execute(query.where(_E.id.in_(ids)))}
    fitting = word_index.among(connection, words, sorted(set(bodies.values())))
    return {key for key, content in bodies.items() if content in fitting}


def _targets(connection: Connection, pointer: Any, key: Any, chosen: list[Any]) -> Pointed:
    found = connection.execute(select(key, *_person_of(key)).where(*chosen).limit(FEW + 1)).all()
    if len(found) > FEW:
        return Pointed(condition=exists().where(key == pointer, *chosen), few=False)
    ids = [row[0] for row in found]
    if key is not personal_values.c.id:
        return Pointed(condition=pointer.in_(ids), few=True)
    people = {row[1] for row in found if row[1]}
    # by their person, and those of nobody we know by themselves: two indexes, none over all personal ids
    known = and_(_E.person.in_(people), pointer.in_(ids))
    strange = and_(_E.person.is_(None), _E.personal_id.is_not(None), pointer.in_(ids))
    return Pointed(condition=or_(known, strange), few=True)


def _person_of(key: Any) -> list[Any]:
    return [personal_values.c.person] if key is personal_values.c.id else []


def _pointers(connection: Connection, query: LogQuery) -> Iterator[tuple[Any, Any, list[Any]]]:
    """Yield (the entry's pointer, what it points to, conditions on that)."""
    m, p = messages.c, personal_values.c
    if query.address:
        yield _E.personal_id, p.id, [p.address == query.address]
    if query.debt:
        yield _E.personal_id, p.id, _speaks_of_debt(connection, query.debt)
    if query.provider_id:
        yield _E.message_id, m.id, [m.provider_id == query.provider_id]
    if query.state:
        yield _E.message_id, m.id, [m.state == query.state]


def _by_words(connection: Connection, words: str) -> Pointed:
    few = min(FEW, FEW_BODIES)
    found = word_index.matching(connection, words, None, few + 1)
    if len(found) > few:
        return Pointed(condition=_E.body_sha256.is_not(None), few=False)
    digests = list(connection.scalars(select(contents.c.sha256).where(contents.c.id.in_(found))))
    return Pointed(condition=_E.body_sha256.in_(digests), few=True)


def _speaks_of_debt(connection: Connection, reference: str) -> list[ColumnElement[bool]]:
    """Conditions on personal values that name a debt (`creditor/reference`, or a reference) of anyone who owes it."""
    full = creditors.c.key + literal("/") + debts.c.reference
    bare = reference.partition("/")[2] or reference
    rows = connection.execute(
        select(debts.c.id, debts.c.debtor_id, full.label("full"))
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(
            debts.c.reference.in_({reference, bare}), or_(full == reference, debts.c.reference == reference)
        )
    ).all()
    keys = [row.id for row in rows]
    owing = {row.debtor_id for row in rows}
    for table in (debt_parties, message_debts):
        owing |= set(connection.scalars(select(table.c.debtor_id).where(table.c.debt_id.in_(keys))))
    people = select(debtors.c.person).where(debtors.c.id.in_(owing))
    text = type_coerce(personal_values.c["values"], Text)
    named = [text.contains(json.dumps(row.full, ensure_ascii=False), autoescape=True) for row in rows]
    return [personal_values.c.person.in_(people), or_(literal(value=False), *named)]
