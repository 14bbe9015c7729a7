"""Searches the log: newest first, a page at a time, without scanning what an index can leave out.

What only messages, bodies or personal values know (state, template, address, words …) is first turned into ids
of entries where those are few; where they are many, the log is walked from its end and each entry is asked.
"""

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from dispatcher.storage import word_index
from dispatcher.storage.tables import (
    contents,
    creditors,
    debt_parties,
    debtors,
    debts,
    log_entries,
    log_terms,
    message_debts,
    messages,
    personal_values,
    sealed_entries,
)

FEW = 2_000  # messages or people whose entries are collected by index instead of walking the log
CHUNK = 1_000
EXCEPTIONS = ("bounced", "returned", "rejected", "complained", "unknown", "held", "expired")


@dataclass(frozen=True, kw_only=True, slots=True)
class LogQuery:
    """What to look for; all that is set must hold. `state` is a message's present state, `until` is outside."""

    persons: tuple[str, ...] = ()
    address: str | None = None
    debt: str | None = None
    creditor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    channel: str | None = None
    state: str | None = None
    events: tuple[str, ...] = ()
    rule: str | None = None
    provider_id: str | None = None
    words: str | None = None
    template: str | None = None
    template_version: int | None = None
    approver: str | None = None
    actor: str | None = None
    run_id: int | None = None
    message_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundEntry:
    """An entry with what may be shown of it; `values` are None where erased or never there."""

    id: int
    position: int | None
    document: dict[str, Any]
    values: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Entries, and the cursor that continues after them; "" at the end."""

    entries: tuple[FoundEntry, ...]
    next: str


def search(connection: Connection, query: LogQuery, *, limit: int = 50, cursor: str = "") -> Page:
    """Return one page. `cursor` is a former page's `next`; raises ValueError for another text."""
    ids: list[int] = []
    marks: list[str] = []
    for found, mark in _ids(connection, query, cursor, limit + 1):
        ids.append(found)
        marks.append(mark)
        if len(ids) > limit:
            break
    more = len(ids) > limit
    return Page(entries=tuple(load(connection, ids[:limit])), next=marks[limit - 1] if more else "")


def sample(connection: Connection, query: LogQuery, *, size: int, seed: str, upto: int) -> list[FoundEntry]:
    """Draw sealed entries at random: the same for the same query, size, seed and last position, whoever asks."""
    places = _positions(connection, query, upto)
    drawn = heapq.nsmallest(size, places, key=lambda place: sha256(f"{seed}:{place[0]}".encode()).digest())
    return load(connection, [entry_id for _, entry_id in sorted(drawn)])


def load(connection: Connection, ids: Sequence[int]) -> list[FoundEntry]:
    """Read entries by id, in the order given."""
    rows = connection.execute(
        select(log_entries.c.id, sealed_entries.c.position, log_entries.c.entry, personal_values.c["values"])
        .select_from(
            log_entries.outerjoin(sealed_entries, sealed_entries.c.entry_id == log_entries.c.id).outerjoin(
                personal_values, personal_values.c.id == log_entries.c.personal_id
            )
        )
        .where(log_entries.c.id.in_(ids))
    )
    found = {
        row.id: FoundEntry(id=row.id, position=row.position, document=json.loads(row.entry), values=row[3])
        for row in rows
    }
    return [found[key] for key in ids if key in found]


def _positions(connection: Connection, query: LogQuery, upto: int) -> Iterator[tuple[int, int]]:
    """Yield (position, entry id) of every sealed entry that matches, up to a position."""
    if query == LogQuery():
        everything = select(sealed_entries.c.position, sealed_entries.c.entry_id)
        for row in connection.execute(everything.where(sealed_entries.c.position <= upto)):
            yield row.position, row.entry_id
        return
    ids = [found for found, _ in _ids(connection, query, "", CHUNK)]
    for start in range(0, len(ids), CHUNK):
        chunk = sealed_entries.c.entry_id.in_(ids[start : start + CHUNK])
        for row in connection.execute(
            select(sealed_entries.c.position, sealed_entries.c.entry_id).where(
                chunk, sealed_entries.c.position <= upto
            )
        ):
            yield row.position, row.entry_id


def _ids(connection: Connection, query: LogQuery, cursor: str, step: int) -> Iterator[tuple[int, str]]:
    """Yield (entry id, cursor after it), newest first."""
    conditions = _columns(query)
    candidates = _candidates(connection, query, conditions)
    by_time = bool(query.since or query.until) and not conditions and candidates is None and not query.words
    conditions += _at(query) if by_time else _period(connection, query)
    if query.words:
        yield from _by_words(connection, query.words, conditions, candidates, cursor)
        return
    before = _number(cursor)
    if candidates is not None:
        chunks: Iterator[list[int]] = iter([sorted((i for i in candidates if i < before), reverse=True)])
    elif by_time:
        chunks, conditions = _by_time(connection, conditions, before, step), []
    elif (term := _leading_term(query)) and not query.persons:
        chunks = _by_term(connection, term, before)
    else:
        chunks = _walk(connection, conditions, before, step)
        conditions = []
    for chunk in chunks:
        for key in _matching(connection, chunk, conditions):
            yield key, str(key)


def _walk(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], before: int, step: int
) -> Iterator[list[int]]:
    while True:
        query = select(log_entries.c.id).where(log_entries.c.id < before, *conditions)
        chunk = list(connection.scalars(query.order_by(log_entries.c.id.desc()).limit(step)))
        yield chunk
        if len(chunk) < step:
            return
        before, step = chunk[-1], CHUNK


def _by_time(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], before: int, step: int
) -> Iterator[list[int]]:
    """A period alone is read off the index over `at`, which orders entries of one instant by id."""
    e = log_entries.c
    start = connection.scalar(select(e.at).where(e.id == before))
    while True:
        query = select(e.id, e.at).where(*conditions)
        if start is not None:
            query = query.where(e.at <= start, or_(e.at < start, e.id < before))
        rows = connection.execute(query.order_by(e.at.desc(), e.id.desc()).limit(step)).all()
        yield [row.id for row in rows]
        if len(rows) < step:
            return
        before, start, step = rows[-1].id, rows[-1].at, CHUNK


def _by_term(connection: Connection, term: str, before: int) -> Iterator[list[int]]:
    while True:
        query = select(log_terms.c.entry_id).where(log_terms.c.term == term, log_terms.c.entry_id < before)
        chunk = list(connection.scalars(query.order_by(log_terms.c.entry_id.desc()).limit(CHUNK)))
        yield chunk
        if len(chunk) < CHUNK:
            return
        before = chunk[-1]


def _by_words(
    connection: Connection,
    words: str,
    conditions: Sequence[ColumnElement[bool]],
    candidates: set[int] | None,
    cursor: str,
) -> Iterator[tuple[int, str]]:
    """Bodies newest first, and the entries of each; the cursor names the body and the entry."""
    body, _, entry = cursor.partition("-")
    before_body, before = (_number(body) + 1 if body else None), _number(entry)
    while bodies := word_index.matching(connection, words, before_body, 200):
        for content_id in bodies:
            digest = select(contents.c.sha256).where(contents.c.id == content_id).scalar_subquery()
            query = select(log_entries.c.id).where(log_entries.c.body_sha256 == digest)
            found = connection.scalars(query.order_by(log_entries.c.id.desc())).all()
            wanted = [i for i in found if i < before and (candidates is None or i in candidates)]
            for key in _matching(connection, wanted, conditions):
                yield key, f"{content_id}-{key}"
            before = 2**62
        before_body = bodies[-1]


def _matching(
    connection: Connection, ids: Sequence[int], conditions: Sequence[ColumnElement[bool]]
) -> Iterator[int]:
    """Those of the ids that meet the conditions, in their order."""
    if not conditions:
        yield from ids
        return
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        met = set(
            connection.scalars(select(log_entries.c.id).where(log_entries.c.id.in_(chunk), *conditions))
        )
        yield from (key for key in chunk if key in met)


def _columns(query: LogQuery) -> list[ColumnElement[bool]]:
    """Conditions on the log's own columns and terms, the most telling first."""
    e = log_entries.c
    told: list[ColumnElement[bool]] = []
    if query.message_id:
        told.append(e.message_id == query.message_id)
    if query.persons:
        told.append(e.person.in_(query.persons))
    if query.run_id is not None:
        told.append(e.run_id == query.run_id)
    if query.events:
        told.append(e.event.in_(query.events))
    for column, value in ((e.channel, query.channel), (e.creditor, query.creditor)):
        if value:
            # SQLite would take any index: with a better one at hand this one must not lead
            told.append(func.coalesce(column, "") == value if told else column == value)
    named = [exists().where(log_terms.c.term == term, log_terms.c.entry_id == e.id) for term in _terms(query)]
    return told + named


def _period(connection: Connection, query: LogQuery) -> list[ColumnElement[bool]]:
    """The period as instants and as bounds of ids, so that other indexes can use it."""
    told = _at(query)
    if not told:
        return []
    first, last = connection.execute(
        select(func.min(log_entries.c.id), func.max(log_entries.c.id)).where(*told)
    ).one()
    return [*told, log_entries.c.id.between(first or 0, last or 0)]


def _at(query: LogQuery) -> list[ColumnElement[bool]]:
    since = [log_entries.c.at >= query.since] if query.since else []
    return since + ([log_entries.c.at < query.until] if query.until else [])


def _terms(query: LogQuery) -> list[str]:
    named = (("rule", query.rule), ("approver", query.approver), ("actor", query.actor))
    return [f"{kind}:{value}"[:200] for kind, value in named if value]


def _leading_term(query: LogQuery) -> str | None:
    return next(iter(_terms(query)), None)


def _candidates(
    connection: Connection, query: LogQuery, conditions: list[ColumnElement[bool]]
) -> set[int] | None:
    """Ids of the entries that messages or personal values point to, where few; else adds a condition."""
    sets = []
    for pointer, key, chosen in _pointers(connection, query):
        found = list(connection.scalars(select(key).where(*chosen).limit(FEW + 1)))
        if len(found) <= FEW:
            sets.append(set(connection.scalars(select(log_entries.c.id).where(pointer.in_(found)))))
        else:
            conditions.append(exists().where(key == pointer, *chosen))
    return set.intersection(*sets) if sets else None


def _pointers(connection: Connection, query: LogQuery) -> Iterator[tuple[Any, Any, list[Any]]]:
    """Yield (the entry's pointer, what it points to, conditions on that)."""
    m, p, e = messages.c, personal_values.c, log_entries.c
    if query.address:
        yield e.personal_id, p.id, [p.address == query.address]
    if query.debt:
        yield e.personal_id, p.id, _speaks_of_debt(connection, query.debt)
    if query.provider_id:
        yield e.message_id, m.id, [m.provider_id == query.provider_id]
    if query.state:
        yield e.message_id, m.id, [m.state == query.state]
    if query.template:
        version = [m.template_version == query.template_version] if query.template_version is not None else []
        yield e.message_id, m.id, [m.template == query.template, *version]


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


def _number(cursor: str) -> int:
    if not cursor:
        return 2**62
    if not cursor.isdecimal():
        raise ValueError(f"{cursor!r} is not a cursor of this search")
    return int(cursor)
