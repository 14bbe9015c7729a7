"""Lists messages for the pages and the API: filtered, newest first, a page at a time by key."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from dispatcher.database.engine import Database
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors
from dispatcher.messages.domain.message import State
from dispatcher.values.written_address import address_key

FEW = 2_000  # messages that are sorted rather than walked to
COUNTED_UP_TO = 10_000  # counting a million rows for a number nobody reads costs more than the page


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageFilter:
    """Which messages; empty fields ask nothing. `since` and `until` are as-of dates, both included."""

    channel: str = ""
    state: str = ""
    step: str = ""
    template: str = ""
    template_version: int | None = None
    creditor: str = ""
    name: str = ""  # any part of it
    run: int | None = None
    address: str = ""
    provider_id: str = ""
    since: date | None = None
    until: date | None = None
    person: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageLine:
    """One line of a list."""

    id: str
    debtor: str
    name: str
    person: str
    run_id: int | None
    as_of: date
    step: str
    kind: str
    channel: str
    address: str
    template: str
    template_version: int | None
    state: str
    reasons: tuple[dict[str, Any], ...]
    balance_minor: int
    currency: str
    zones: tuple[str, ...]
    not_before: datetime | None
    expires_at: datetime
    sent_at: datetime | None
    updated_at: datetime
    created_at: datetime
    held_owner: str


def page_of_messages(
    connection: Connection, wanted: MessageFilter, *, before: str = "", limit: int = 50
) -> list[MessageLine]:
    """The newest messages older than `before` (an id: they are ordered by their time)."""
    keys = select(messages.c.id).where(*_conditions(connection, wanted))
    if before:
        keys = keys.where(messages.c.id < before)
    few = _few(connection, wanted)
    if few is not None:  # found by an index: sorting them is cheaper than walking past all others
        keys = keys.where(messages.c.id.in_(few))
    ids = list(connection.scalars(keys.order_by(messages.c.id.desc()).limit(limit)))
    return lines_of(connection, ids)


def newest_in_state(
    connection: Connection,
    state: str,
    *,
    owner: str = "",
    handled: Select[tuple[int]] | None = None,
    wanted: MessageFilter | None = None,
    before: str = "",
    limit: int = 50,
) -> list[MessageLine]:
    """The newest messages in a state that nobody has taken note of, of one desk or of all.

    `handled`: on that desk lies too what nobody has taken of these people.
    """
    keys = select(messages.c.id).where(messages.c.state == state, messages.c.acknowledged_at.is_(None))
    keys = keys.where(*_conditions(connection, wanted or MessageFilter()))
    few = _few(connection, MessageFilter(state=state))
    if few is not None:
        keys = keys.where(messages.c.id.in_(few))
    if owner:
        keys = keys.where(_on_desk(owner, handled))
    if before:
        keys = keys.where(messages.c.id < before)
    return lines_of(connection, list(connection.scalars(keys.order_by(messages.c.id.desc()).limit(limit))))


def count_owned(
    connection: Connection, owner: str, handled: Select[tuple[int]] | None = None
) -> dict[str, int]:
    """State -> messages of that state that wait on somebody's desk; see `newest_in_state`."""
    query = (
        select(messages.c.state, func.count())
        .where(
            messages.c.state.in_((State.HELD, State.UNKNOWN, State.FAILED)),
            _on_desk(owner, handled),
            messages.c.acknowledged_at.is_(None),
        )
        .group_by(messages.c.state)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _on_desk(owner: str, handled: Select[tuple[int]] | None) -> ColumnElement[bool]:
    taken = messages.c.held_owner == owner
    if handled is None:
        return taken
    return or_(taken, and_(messages.c.held_owner == "", messages.c.recipient_id.in_(handled)))


def lines_of(connection: Connection, ids: Collection[str]) -> list[MessageLine]:
    """The lines of these messages, the newest first."""
    query = _lines().where(messages.c.id.in_(list(ids))).order_by(messages.c.id.desc())
    return [_line(row) for row in connection.execute(query)]


def all_messages(database: Database, wanted: MessageFilter, *, most: int) -> Iterator[MessageLine]:
    """Every message asked for, from short reads, up to `most`."""
    before, given = "", 0
    while given < most:
        with database.reading() as connection:
            page = page_of_messages(connection, wanted, before=before, limit=min(1_000, most - given))
        yield from page
        if not page:
            return
        before, given = page[-1].id, given + len(page)


def count_messages(connection: Connection, wanted: MessageFilter) -> int:
    """How many there are, counted up to COUNTED_UP_TO."""
    keys = select(messages.c.id).where(*_conditions(connection, wanted))
    few = _few(connection, wanted)
    if few is not None:
        keys = keys.where(messages.c.id.in_(few))
    bounded = keys.limit(COUNTED_UP_TO).subquery()
    return connection.scalar(select(func.count()).select_from(bounded)) or 0


def _few(connection: Connection, wanted: MessageFilter) -> list[str] | None:
    """Ids by the index over (state, channel) where they are few; None where many, or where nothing of it is asked."""
    if not (wanted.state or wanted.channel):
        return None
    found: list[str] = []
    for state in [wanted.state] if wanted.state else list(State):  # a range of the index each
        query = select(messages.c.id).where(messages.c.state == state)
        if wanted.channel:
            query = query.where(messages.c.channel == wanted.channel)
        found += connection.scalars(query.limit(FEW + 1 - len(found)))
        if len(found) > FEW:
            return None
    return found


def _conditions(connection: Connection, wanted: MessageFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.address:
        known = select(contact_points.c.debtor_id).where(
            func.lower(contact_points.c.address) == address_key(wanted.address)
        )
        found.append(messages.c.recipient_id.in_(list(connection.scalars(known))))
    for name in ("channel", "state", "step", "template", "template_version", "address", "provider_id"):
        value = getattr(wanted, name)
        if value not in ("", None):
            found.append(_is(messages.c[name], name, value))
    if wanted.run is not None:
        found.append(messages.c.run_id == wanted.run)
    if wanted.creditor:
        owner = select(creditors.c.id).where(creditors.c.key == wanted.creditor)
        found.append(messages.c.creditor_id == owner.scalar_subquery())
    if wanted.name:
        named = select(debtors.c.id).where(
            func.lower(debtors.c.name).contains(wanted.name.lower(), autoescape=True)
        )
        found.append(messages.c.recipient_id.in_(named.limit(2_000)))
    if wanted.person:
        written_to = select(debtors.c.id).where(debtors.c.person == wanted.person)
        found.append(messages.c.recipient_id == written_to.scalar_subquery())
    if wanted.since is not None:
        found.append(messages.c.as_of >= wanted.since)
    if wanted.until is not None:
        found.append(messages.c.as_of <= wanted.until)
    return found


def _is(column: Any, name: str, value: Any) -> ColumnElement[bool]:
    return func.lower(column) == address_key(value) if name == "address" else column == value


def _lines() -> Select[Any]:
    return (
        select(messages, creditors.c.key, debtors.c.reference, debtors.c.name, debtors.c.person)
        .join(creditors, creditors.c.id == messages.c.creditor_id)
        .join(debtors, debtors.c.id == messages.c.recipient_id)
    )


def _line(row: Any) -> MessageLine:
    return MessageLine(
        id=row.id,
        debtor=f"{row.key}/{row.reference}",
        name=row.name,
        person=row.person,
        run_id=row.run_id,
        as_of=row.as_of,
        step=row.step,
        kind=row.kind,
        channel=row.channel,
        address=row.address,
        template=row.template,
        template_version=row.template_version,
        state=row.state,
        reasons=tuple(row.reasons or ()),
        balance_minor=row.balance_minor,
        currency=row.currency,
        zones=tuple(row.zones or ()),
        not_before=row.not_before,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        updated_at=row.updated_at,
        created_at=row.created_at,
        held_owner=row.held_owner,
    )
