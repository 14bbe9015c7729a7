"""Turns what only messages, bodies or personal values know (state, address, words …) into conditions on entries."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Text, and_, case, literal, or_, select, type_coerce

from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.messages import contents, message_debts, messages
from dispatcher.database.tables.portfolio import creditors, debt_parties, debtors, debts
from dispatcher.record.storage import word_index
from dispatcher.record.storage.log_query import LogQuery

FEW = 2_000  # messages, bodies or sets of values whose entries are looked up instead of asking each entry
FEW_BODIES = 500  # the index of words takes some time for each
_E = log_entries.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointer:
    """A filter on what entries point to: `column` of the entry, `key` of the other table, conditions there."""

    column: Any
    key: Any
    chosen: Sequence[ColumnElement[bool]]

    def met(self, connection: Connection, pointing: Sequence[tuple[int, Any]]) -> set[int]:
        """Choose those of the entries (id, pointer) whose other end fits."""
        ends = {end for _, end in pointing if end is not None}
        # as a value, not as a condition: SQLite would rather read every message in that state
        fits = case((and_(*self.chosen), 1), else_=0)
        rows = connection.execute(select(self.key, fits).where(self.key.in_(ends)))
        fitting = {row[0] for row in rows if row[1]}
        return {key for key, end in pointing if end in fitting}


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Words that many bodies hold."""

    words: str

    def met(self, connection: Connection, pointing: Sequence[tuple[int, Any]]) -> set[int]:
        """Choose those of the entries (id, body) whose bodies hold all the words."""
        digests = {end for _, end in pointing if end is not None}
        query = select(contents.c.id, contents.c.sha256).where(contents.c.sha256.in_(digests))
        bodies = {row[0]: row[1] for row in connection.execute(query)}
        fitting = {bodies[content] for content in word_index.among(connection, self.words, sorted(bodies))}
        return {key for key, end in pointing if end in fitting}

    @property
    def column(self) -> Any:
        """What of an entry points to its body."""
        return _E.body_sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointed:
    """What filters on other tables come to: conditions that lead to few entries, and filters to ask each entry of."""

    few: tuple[ColumnElement[bool], ...]
    many: tuple[Pointer | Words, ...]


def pointed(connection: Connection, query: LogQuery) -> Pointed:
    """Sort the filters by whether an index leads from them to a handful of entries."""
    few = [_E.message_id == query.message_id] if query.message_id else []
    many: list[Pointer | Words] = []
    for pointer in _pointers(connection, query):
        condition = _few(connection, pointer)
        if condition is None:
            many.append(pointer)
        else:
            few.append(condition)
    if query.words is not None:
        condition = _few_bodies(connection, query.words)
        if condition is None:
            many.append(Words(words=query.words))
        else:
            few.append(condition)
    return Pointed(few=tuple(few), many=tuple(many))


def that_meet(connection: Connection, many: Sequence[Pointer | Words], ids: Sequence[int]) -> set[int]:
    """Choose the entries that pass every filter; look-ups by primary keys alone, whatever the planner thinks."""
    left = set(ids)
    for each in many:
        pointing = connection.execute(select(_E.id, each.column).where(_E.id.in_(left)))
        left = each.met(connection, [(row[0], row[1]) for row in pointing])
    return left


def _few(connection: Connection, pointer: Pointer) -> ColumnElement[bool] | None:
    query = select(pointer.key, *_person_of(pointer.key)).where(*pointer.chosen).limit(FEW + 1)
    found = connection.execute(query).all()
    if len(found) > FEW:
        return None
    ids = [row[0] for row in found]
    if pointer.key is not personal_values.c.id:
        return cast("ColumnElement[bool]", pointer.column.in_(ids))
    people = {row[1] for row in found if row[1]}
    # by their person, and those of nobody we know by themselves: two indexes, none over all personal ids
    known = and_(_E.person.in_(people), _E.personal_id.in_(ids))
    strange = and_(_E.person.is_(None), _E.personal_id.is_not(None), _E.personal_id.in_(ids))
    return or_(known, strange)


def _person_of(key: Any) -> list[Any]:
    return [personal_values.c.person] if key is personal_values.c.id else []


def _pointers(connection: Connection, query: LogQuery) -> Iterator[Pointer]:
    m, p = messages.c, personal_values.c
    if query.address:
        yield Pointer(column=_E.personal_id, key=p.id, chosen=[p.address == query.address])
    if query.debt:
        yield Pointer(column=_E.personal_id, key=p.id, chosen=_speaks_of_debt(connection, query.debt))
    if query.provider_id:
        yield Pointer(column=_E.message_id, key=m.id, chosen=[m.provider_id == query.provider_id])
    if query.state:
        yield Pointer(column=_E.message_id, key=m.id, chosen=[m.state == query.state])


def _few_bodies(connection: Connection, words: str) -> ColumnElement[bool] | None:
    few = min(FEW, FEW_BODIES)
    found = word_index.matching(connection, words, None, few + 1)
    if len(found) > few:
        return None
    digests = list(connection.scalars(select(contents.c.sha256).where(contents.c.id.in_(found))))
    return _E.body_sha256.in_(digests)


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
    for owes in (debt_parties.c.debtor_id, message_debts.c.recipient_id):
        owing |= set(connection.scalars(select(owes).where(owes.table.c.debt_id.in_(keys))))
    people = select(debtors.c.person).where(debtors.c.id.in_(owing))
    text = type_coerce(personal_values.c["values"], Text)
    named = [text.contains(json.dumps(row.full, ensure_ascii=False), autoescape=True) for row in rows]
    return [personal_values.c.person.in_(people), or_(literal(value=False), *named)]
