"""Loads the files of many people and debts at once: a fixed number of queries a chunk, never one a person."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, or_, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import affordability, consents, holds, notices, opt_outs, wishes
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors
from dispatcher.gate.facts import HistoryEntry
from dispatcher.people.domain.affordability import Affordability, read_affordability
from dispatcher.people.domain.person import (
    Consent,
    ContactPoint,
    Hold,
    Notice,
    PersonFile,
    StoredOptOut,
    Wish,
)
from dispatcher.people.storage import handlers
from dispatcher.people.storage.co_debtors import Shared, load_shared
from dispatcher.people.storage.elsewhere import load_elsewhere
from dispatcher.people.storage.history import (
    CAME_BACK,
    HAS_REACHED,
    HISTORY,
    REACHED,
    STATE,
    by_debtor,
    load_history,
)
from dispatcher.people.storage.told import local_day
from dispatcher.values.validation_period import VALIDATION, validation_period_end
from dispatcher.values.written_address import address_key

NOTHING_SHARED = Shared()
# Built once: making these statements anew cost more than running them, and the gate runs them for every chunk.
_PEOPLE = (
    select(debtors, creditors.c.key)
    .join(creditors, creditors.c.id == debtors.c.creditor_id)
    .where(one_of(debtors.c.id, "ids"))
)
_POINTS = (
    select(contact_points)
    .where(
        one_of(contact_points.c.debtor_id, "ids"),
        or_(contact_points.c.in_ledger, contact_points.c.medium == "post"),  # a row that says: returned
    )
    .order_by(contact_points.c.id)
)
_FIRST = (
    select(messages.c.recipient_id.label("debtor_id"), func.min(messages.c.as_of).label("first"))
    .where(
        one_of(messages.c.recipient_id, "ids"),
        messages.c.sent_at.is_not(None),
        messages.c.kind.in_(("collection", "notice")),
        HAS_REACHED,
    )
    .group_by(messages.c.recipient_id)
)
_SAID = select(messages.c.recipient_id.label("debtor_id"), messages.c.as_of, messages.c.said).where(
    one_of(messages.c.recipient_id, "ids"),
    messages.c.sent_at.is_not(None),
    messages.c.said != [],
    HAS_REACHED,
)
_OWN_NOTICES = (
    select(
        messages.c.recipient_id.label("debtor_id"), messages.c.notice, messages.c.sent_at, messages.c.zones,
        messages.c.channel, messages.c.state, messages.c.as_of, message_debts.c.debt_id,
    )
    .join(message_debts, message_debts.c.message_id == messages.c.id)
    .where(
        one_of(messages.c.recipient_id, "ids"),
        messages.c.notice != "",
        messages.c.sent_at.is_not(None),
        STATE.in_(REACHED),
    )
    .order_by(messages.c.sent_at, message_debts.c.debt_id)
)  # fmt: skip
_PARTS: Mapping[str, Select[Any]] = {
    "holds": select(holds)
    .where(one_of(holds.c.debtor_id, "ids"), holds.c.released_at.is_(None))
    .order_by(holds.c.id),
    "wishes": select(wishes)
    .where(
        one_of(wishes.c.debtor_id, "ids"),
        wishes.c.released_at.is_(None),
        or_(wishes.c.until.is_(None), wishes.c.until >= bindparam("yesterday", type_=wishes.c.until.type)),
    )
    .order_by(wishes.c.id),
    "consents": select(consents)
    .where(one_of(consents.c.debtor_id, "ids"), consents.c.withdrawn_at.is_(None))
    .order_by(consents.c.id),
    "notices": select(notices).where(one_of(notices.c.debtor_id, "ids")).order_by(notices.c.id),
    "affordability": select(affordability)
    .where(one_of(affordability.c.debtor_id, "ids"), affordability.c.released_at.is_(None))
    .order_by(affordability.c.stated_on, affordability.c.id),
    "own_notices": _OWN_NOTICES,
    "first": _FIRST,
    "said": _SAID,
}
_OPT_OUTS = (
    select(opt_outs)
    .where(
        or_(
            one_of(opt_outs.c.debtor_id, "ids"),
            and_(opt_outs.c.address != "", one_of(opt_outs.c.address, "addresses")),
        ),
        opt_outs.c.revoked_at.is_(None),
    )
    .order_by(opt_outs.c.id)
)


def load_people(connection: Connection, ids: Collection[int], *, now: datetime) -> dict[int, PersonFile]:
    """Files by debtor id, with the history of the last HISTORY before `now` and every direct contact."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    values = {"ids": wanted, "yesterday": now.date() - timedelta(days=1)}
    rows = connection.execute(_PEOPLE, values).all()
    points = by_debtor(connection, _POINTS, values)
    parts = {name: by_debtor(connection, query, values) for name, query in _PARTS.items()}
    happened = load_history(connection, wanted, since=now - HISTORY)
    heard = _opt_outs(connection, wanted, points)
    shared = load_shared(connection, wanted)
    elsewhere = load_elsewhere(connection, wanted, now=now)
    handled = handlers.of_people(connection, wanted, on=now.date())
    return {
        row.id: _person(
            row,
            points[row.id],
            heard[row.id],
            parts,
            shared.get(row.id, NOTHING_SHARED),
            happened.get(row.id, ()),
            elsewhere.get(row.id, ()),
            handled[row.id].shown_as if row.id in handled else "",
        )
        for row in rows
    }


def _stated(rows: Sequence[Any]) -> Affordability | None:
    """The newest statement; none of somebody whose values were erased."""
    newest = rows[-1] if rows else None
    return read_affordability(newest.details, newest.stated_on) if newest and newest.details else None


def _opt_outs(
    connection: Connection, ids: list[int], points: Mapping[int, list[Any]]
) -> Mapping[int, list[StoredOptOut]]:
    """A person's own, and those of anybody at one of their addresses; whenever recorded, they hold."""
    owners: dict[str, list[int]] = defaultdict(list)
    for debtor_id, rows in points.items():
        for row in rows:
            owners[address_key(row.address)].append(debtor_id)
    found: dict[int, list[StoredOptOut]] = defaultdict(list)
    wanted = set(ids)
    for row in connection.execute(_OPT_OUTS, {"ids": ids, "addresses": sorted(owners)}):
        concerned = set(owners.get(row.address, ())) | ({row.debtor_id} & wanted)
        value = StoredOptOut(address=row.address, medium=row.medium, scope=row.scope, at=row.at, raw=row.raw)
        for debtor_id in concerned:
            found[debtor_id].append(value)
    return found


def _person(
    row: Any,
    points: Iterable[Any],
    heard: list[StoredOptOut],
    parts: Mapping[str, Mapping[int, list[Any]]],
    shared: Shared,
    happened: tuple[HistoryEntry, ...],
    elsewhere: tuple[PersonFile, ...],
    handler: str,
) -> PersonFile:
    first = parts["first"].get(row.id)
    channels = row.authorised_channels
    return PersonFile(
        id=row.id,
        person=row.person,
        creditor_id=row.creditor_id,
        creditor=row.key,
        reference=row.reference,
        name=row.name,
        kind=row.kind,
        language=_language(row, parts["wishes"].get(row.id, ())),
        country=row.country,
        region=row.region,
        city=row.city,
        postal_code=row.postal_code,
        address_lines=tuple(row.address_lines or ()),
        time_zone=row.time_zone,
        ledger_segment=row.ledger_segment,
        preferred_channel=row.preferred_channel,
        authorised_channels=None if channels is None else frozenset(channels),
        represented_by=row.represented_by,
        cease_received_on=row.cease_received_on,
        bankrupt_on=row.bankrupt_on,
        deceased_on=row.deceased_on,
        breathing_space_until=row.breathing_space_until,
        contact_points=tuple(_point(point) for point in points),
        holds=(*(_hold(hold) for hold in parts["holds"].get(row.id, ())), *shared.holds),
        co_debtors=shared.co_debtors,
        wishes=tuple(
            Wish(kind=w.kind, details=w.details, recorded_at=w.recorded_at)
            for w in parts["wishes"].get(row.id, ())
        ),
        consents=tuple(
            Consent(kind=c.kind, medium=c.medium, address=c.address, given_on=c.given_on, details=c.details)
            for c in parts["consents"].get(row.id, ())
        ),
        notices=(
            *(_notice(n) for n in parts["notices"].get(row.id, ())),
            *(_own_notice(n) for n in parts["own_notices"].get(row.id, ())),
        ),
        affordability=_stated(parts["affordability"].get(row.id, ())),
        opt_outs=tuple(heard),
        history=happened,
        elsewhere=elsewhere,
        handler=handler,
        said=_said(parts["said"].get(row.id, ())),
        first_message_on=first[0].first if first else None,
    )


def _notice(row: Any) -> Notice:
    received = row.details.get("received_on")
    return Notice(
        kind=row.kind,
        debt_id=row.debt_id,
        sent_on=row.sent_on,
        channel=str(row.details.get("channel", "")),
        received_on=date.fromisoformat(received) if received else None,
        returned=bool(row.details.get("returned_on")),
        details=row.details,
    )


def _own_notice(row: Any) -> Notice:
    return Notice(
        kind=row.notice,
        debt_id=row.debt_id,
        sent_on=local_day(row.sent_at, row.zones),
        channel=row.channel,
        returned=row.state in CAME_BACK,
        details={"validation_period_end": validation_period_end(row.as_of).isoformat()}
        if row.notice == VALIDATION
        else {},
    )


def _said(rows: Iterable[Any]) -> dict[str, date]:
    since: dict[str, date] = {}
    for row in rows:
        for name in row.said:
            since[name] = min(row.as_of, since.get(name, row.as_of))
    return since


def _language(row: Any, wished: Iterable[Any]) -> str:
    """The language the person asked for last, else the ledger's."""
    asked = [str(wish.details["language"]) for wish in wished if wish.kind == "language"]
    return asked[-1] if asked else str(row.language)


def _point(row: Any) -> ContactPoint:
    return ContactPoint(
        id=row.id,
        medium=row.medium,
        address=row.address,
        label=row.label,
        consent_on=row.consent_on,
        closed_reason=(row.closed_reason or "closed") if row.closed_at is not None else row.stand_in,
    )


def _hold(row: Any) -> Hold:
    return Hold(
        id=row.id,
        kind=row.kind,
        debt_id=row.debt_id,
        starts_on=row.starts_on,
        until=row.until,
        details=row.details,
        recorded_at=row.recorded_at,
    )
