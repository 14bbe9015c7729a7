"""Reads the log as it lies on the disk, trusting nothing: values come unparsed, pages are short reads."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Select, Text, case, func, literal, select, type_coerce

from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.messages import contents, messages
from dispatcher.database.tables.portfolio import debtors
from dispatcher.database.tables.record import sealed_entries, seals

PAGE = 4_000
Rows = Sequence[Any]


def _raw(column: Column[Any]) -> Any:
    return type_coerce(column, Text).label(column.name)


_PLACE = tuple(sealed_entries.c[name] for name in ("position", "entry_id", "seal", "leaf"))
_ENTRY = (
    log_entries.c.id,
    _raw(log_entries.c.at),
    *(log_entries.c[name] for name in ("event", "run_id", "message_id", "person", "creditor", "channel")),
    log_entries.c.personal_id,
    log_entries.c.body_sha256,
    log_entries.c.facet,
    log_entries.c.entry,
    personal_values.c.id.label("personal_row"),
    personal_values.c.person.label("personal_person"),
    personal_values.c.address.label("personal_address"),
    personal_values.c.salt,
    _raw(personal_values.c["values"]),
)


def raw_seals(connection: Connection) -> Rows:
    """List the rows of all seals, in order."""
    columns = [_raw(column) if column.name == "sealed_at" else column for column in seals.c]
    return connection.execute(select(*columns).order_by(seals.c.number)).all()


def sealed_rows(database: Database, *, after: int, to: int) -> Iterator[Rows]:
    """Yield pages of sealed places, in order, with entry (None where it is gone) and personal values.

    They begin behind the position `after` and end with `to`.
    """
    its_entry = log_entries.c.id == sealed_entries.c.entry_id
    while True:
        query = (
            select(*_PLACE, *_ENTRY)
            .select_from(_with_personal(sealed_entries.outerjoin(log_entries, its_entry)))
            .where(sealed_entries.c.position > after, sealed_entries.c.position <= to)
            .order_by(sealed_entries.c.position)
            .limit(PAGE)
        )  # fmt: skip
        with database.reading() as connection:
            page = connection.execute(query).all()
        if not page:
            return
        yield page
        after = page[-1].position


def unsealed_rows(database: Database, *, settled: int, below: bool) -> Iterator[Rows]:
    """Yield pages of entries that no seal covers, up to the settled id or above it."""
    if below and not _some_unsealed_below(database, settled):
        return
    sealed = select(literal(1)).where(sealed_entries.c.entry_id == log_entries.c.id)
    side = log_entries.c.id <= settled if below else log_entries.c.id > settled
    after = -(2**62)
    while True:
        query = (
            _entries()
            .where(side, log_entries.c.id > after, ~sealed.exists())
            .order_by(log_entries.c.id)
            .limit(PAGE)
        )
        with database.reading() as connection:
            page = connection.execute(query).all()
        if not page:
            return
        yield page
        after = page[-1].id


def _some_unsealed_below(database: Database, settled: int) -> bool:
    with database.reading() as connection:
        written = connection.scalar(
            select(func.count()).select_from(log_entries).where(log_entries.c.id <= settled)
        )
        covered = connection.scalar(
            select(func.count()).select_from(sealed_entries).where(sealed_entries.c.entry_id <= settled)
        )
    return written != covered


def _entries() -> Select[Any]:
    return select(*_ENTRY).select_from(_with_personal(log_entries))


def _with_personal(table: Any) -> Any:
    return table.outerjoin(personal_values, personal_values.c.id == log_entries.c.personal_id)


def erasures(connection: Connection) -> list[str]:
    """List the entries (text) that say what was erased."""
    return list(connection.scalars(select(log_entries.c.entry).where(log_entries.c.event == "erased")))


def newest_content(connection: Connection) -> int:
    """The highest id of a stored body; 0 where there is none."""
    return connection.scalar(select(func.max(contents.c.id))) or 0


def stored_bodies(connection: Connection, digests: Collection[str]) -> set[str]:
    """Those of these digests under which a body is stored."""
    query = select(contents.c.sha256).where(
        contents.c.sha256.in_(list(digests)), contents.c.body.is_not(None)
    )
    return set(connection.scalars(query))


def content_rows(database: Database, *, after: int, to: int) -> Iterator[Rows]:
    """Yield pages of stored bodies with ids behind `after` and up to `to`."""
    columns = [
        contents.c[name] for name in ("id", "sha256", "media_type", "encoding", "size", "body", "text")
    ]
    while True:
        with database.reading() as connection:
            within = (contents.c.id > after, contents.c.id <= to)
            query = select(*columns).where(*within).order_by(contents.c.id).limit(500)
            page = connection.execute(query).all()
        if not page:
            return
        yield page
        after = page[-1].id


def bodies_without_content(connection: Connection) -> list[str]:
    """List the body digests that entries name and no row of contents has."""
    query = (
        select(log_entries.c.body_sha256)
        .distinct()
        .outerjoin(contents, contents.c.sha256 == log_entries.c.body_sha256)
        .where(log_entries.c.body_sha256.is_not(None), contents.c.id.is_(None))
    )
    return [digest for digest in connection.scalars(query) if digest]


def places_of(connection: Connection, column: str, value: object, limit: int = 1) -> Rows:
    """Find (position or None, entry id) of entries with a value in a column."""
    return connection.execute(
        select(sealed_entries.c.position, log_entries.c.id)
        .select_from(log_entries.outerjoin(sealed_entries, sealed_entries.c.entry_id == log_entries.c.id))
        .where(log_entries.c[column] == value)
        .order_by(log_entries.c.id)
        .limit(limit)
    ).all()


def redated_entries(connection: Connection) -> list[str]:
    """The entries by which runs were given another day, oldest first."""
    query = select(log_entries.c.entry).where(log_entries.c.event == "run_redated").order_by(log_entries.c.id)
    return list(connection.scalars(query))


_TELLING = ("planned", "accepted", "released", "resolved")  # events whose entries say more than their name


def message_events(database: Database) -> Iterator[list[tuple[Any, list[tuple[str, str | None]]]]]:
    """Yield chunks of (a message's row, its events in order with the text of those that need it).

    The row has the columns that entries repeat, and `person`, `personal_row`, `personal_address`, `attempt_rows`.
    """
    after = ""
    telling = case((log_entries.c.event.in_(_TELLING), log_entries.c.entry))
    while True:
        with database.reading() as connection:
            heads = connection.execute(_messages_after(after)).all()
            rows = connection.execute(
                select(log_entries.c.message_id, log_entries.c.event, telling)
                .where(log_entries.c.message_id > after, log_entries.c.message_id <= heads[-1].id)
                .order_by(log_entries.c.message_id, log_entries.c.id)
            ).all() if heads else []  # fmt: skip
        if not heads:
            return
        events: dict[str, list[tuple[str, str | None]]] = {}
        for message_id, event, entry in rows:
            events.setdefault(message_id, []).append((event, entry))
        yield [(head, events.get(head.id, [])) for head in heads]
        after = heads[-1].id


def _messages_after(after: str) -> Select[Any]:
    m = messages.c
    begun = select(func.count()).where(attempts.c.message_id == m.id).correlate(messages).scalar_subquery()
    same = (
        m.id, m.state, m.run_id, m.as_of, m.strategy, m.step, m.kind, m.channel, m.template, m.template_version,
        m.provider, m.provider_id, m.address, m.personal_id, m.commitment,
    )  # fmt: skip
    return (
        select(
            *same,
            m.content_sha256.label("body_sha256"),
            debtors.c.person,
            personal_values.c.id.label("personal_row"),
            personal_values.c.address.label("personal_address"),
            begun.label("attempt_rows"),
        )
        .select_from(
            messages.join(debtors, debtors.c.id == m.recipient_id).outerjoin(
                personal_values, personal_values.c.id == m.personal_id
            )
        )
        .where(m.id > after)
        .order_by(m.id)
        .limit(1_000)
    )


PAGE = 5_000


def documents(database: Database) -> Iterator[list[dict[str, Any]]]:
    """Yield pages of entries' documents; raises ValueError for one that cannot be read (verification names it)."""
    after = 0
    while True:
        query = select(log_entries.c.id, log_entries.c.entry).where(log_entries.c.id > after)
        with database.reading() as connection:
            rows = connection.execute(query.order_by(log_entries.c.id).limit(PAGE)).all()
        if not rows:
            return
        yield [json.loads(row.entry) for row in rows]
        after = rows[-1].id
