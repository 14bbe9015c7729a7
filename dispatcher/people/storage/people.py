"""Loads the files of many people and debts at once: a fixed number of queries a chunk, never one a person."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Date, Select, and_, bindparam, func, or_, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import arrangement_debts, arrangements, handovers, instalments
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import consents, contacts, holds, notices, opt_outs, wishes
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors, debts, payments
from dispatcher.gate.facts import HistoryEntry
from dispatcher.messages.domain.spoken import How
from dispatcher.people.domain.person import (
    Arranged,
    Consent,
    ContactPoint,
    DebtFile,
    Hold,
    Notice,
    PersonFile,
    StoredOptOut,
    Wish,
    history_kind,
)
from dispatcher.people.storage.co_debtors import Shared, load_shared
from dispatcher.portfolio.storage.debts import OWED, open_on
from dispatcher.values.money import Money
from dispatcher.values.written_address import address_key

NOTHING_SHARED = Shared()
HISTORY = timedelta(days=45)  # longer than the longest window any pack counts in (a month)
# What never grows too old: from when caps count, and by which address or number the debtor came.
_DIRECT = ("conversation", "answered_complete", "inbound_from_consumer")

# States in which a message has reached, or may have reached, a person.
# Without statistics SQLite would rather read all messages in these states than those of the people asked for.
_state = messages.c.state + ""
REACHED = ("sending", "accepted", "delivered", "unknown", "bounced", "returned")
CAME_BACK = ("bounced", "returned")


_SINCE = bindparam("since", type_=messages.c.sent_at.type)

# Built once: making these statements anew cost more than running them, and the gate runs them for every chunk.
_PEOPLE = (
    select(debtors, creditors.c.key)
    .join(creditors, creditors.c.id == debtors.c.creditor_id)
    .where(one_of(debtors.c.id, "ids"))
)
_DEBTS = (
    select(debts, creditors.c.key, creditors.c.ledger_as_of)
    .join(creditors, creditors.c.id == debts.c.creditor_id)
    .where(one_of(debts.c.id, "ids"))
)
_NEWEST_PAYMENTS = (
    select(payments.c.debt_id, func.max(payments.c.paid_on))
    .where(
        one_of(payments.c.debt_id, "ids"),
        payments.c.absorbed_at.is_(None),
        payments.c.reversed_at.is_(None),
    )
    .group_by(payments.c.debt_id)
)
_POINTS = (
    select(contact_points)
    .where(
        one_of(contact_points.c.debtor_id, "ids"),
        or_(contact_points.c.in_ledger, contact_points.c.medium == "post"),  # a row that says: returned
    )
    .order_by(contact_points.c.id)
)
_SENT = (
    select(
        messages.c.recipient_id.label("debtor_id"),
        messages.c.id,
        messages.c.sent_at,
        messages.c.channel,
        messages.c.kind,
        messages.c.state,
        messages.c.address,
        debts.c.reference,
    )
    .outerjoin(message_debts, message_debts.c.message_id == messages.c.id)
    .outerjoin(debts, debts.c.id == message_debts.c.debt_id)
    .where(one_of(messages.c.recipient_id, "ids"), messages.c.sent_at > _SINCE, _state.in_(REACHED))
    .order_by(messages.c.sent_at, messages.c.id)
)
_HAS_REACHED = _state.in_([state for state in REACHED if state not in CAME_BACK])
_FIRST = (
    select(messages.c.recipient_id.label("debtor_id"), func.min(messages.c.as_of).label("first"))
    .where(
        one_of(messages.c.recipient_id, "ids"),
        messages.c.sent_at.is_not(None),
        messages.c.kind.in_(("collection", "notice")),
        _HAS_REACHED,
    )
    .group_by(messages.c.recipient_id)
)
_SAID = select(messages.c.recipient_id.label("debtor_id"), messages.c.as_of, messages.c.said).where(
    one_of(messages.c.recipient_id, "ids"),
    messages.c.sent_at.is_not(None),
    messages.c.said != [],
    _HAS_REACHED,
)
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
    "contacts": select(contacts)
    .where(
        one_of(contacts.c.debtor_id, "ids"),
        or_(contacts.c.at > _SINCE, contacts.c.direction == "inbound", contacts.c.outcome.in_(_DIRECT)),
    )
    .order_by(contacts.c.at, contacts.c.id),
    "sent": _SENT,
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
_AS_OF = bindparam("as_of", type_=Date())
_CREDITS = (
    select(debts.c.debtor_id, debts.c.currency, func.sum(debts.c.balance_minor))
    .where(one_of(debts.c.debtor_id, "ids"), debts.c.balance_minor < 0, open_on(_AS_OF))
    .group_by(debts.c.debtor_id, debts.c.currency)
)
_OPEN_DEBTS = (
    select(debts.c.due_date, debts.c.reference, debts.c.id, debts.c.debtor_id, debts.c.currency, OWED)
    # in Python's order: databases sort texts, and number rows, each in a way of their own
    .where(one_of(debts.c.debtor_id, "ids"), OWED > 0, open_on(_AS_OF))
)
_FIRST_SENT = (
    select(message_debts.c.debt_id, message_debts.c.recipient_id, messages.c.sent_at, messages.c.zones)
    .join(messages, messages.c.id == message_debts.c.message_id)
    .where(
        one_of(message_debts.c.debt_id, "ids"),
        messages.c.kind.in_(("collection", "notice")),
        message_debts.c.how != How.DISPUTED.value,
        messages.c.sent_at.is_not(None),
        _HAS_REACHED,
    )
    .order_by(messages.c.sent_at.desc())
)
_WAITING = select(messages.c.recipient_id, messages.c.channel, messages.c.kind, messages.c.address).where(
    one_of(messages.c.recipient_id, "ids"), _state.in_(("planned", "queued", "deferred"))
)
_ARRANGED = (
    select(
        arrangement_debts.c.debt_id,
        arrangements.c.id,
        arrangements.c.kind,
        arrangements.c.state,
        arrangements.c.pauses_until,
        select(func.max(instalments.c.due_on))
        .where(instalments.c.arrangement_id == arrangements.c.id)
        .scalar_subquery()
        .label("until"),
    )
    .join(arrangements, arrangements.c.id == arrangement_debts.c.arrangement_id)
    .where(
        one_of(arrangement_debts.c.debt_id, "ids"),
        or_(
            arrangements.c.state == "active",
            and_(arrangements.c.state == "kept", arrangements.c.kind == "settlement"),
        ),
    )
    .order_by(arrangements.c.id)
)
_HANDOVERS = select(handovers.c.debt_id, handovers.c.decided_on, handovers.c.exported_at).where(
    one_of(handovers.c.debt_id, "ids"), handovers.c.state.in_(("decided", "notified", "handed_over"))
)
_DEBTS_OF = (
    select(
        message_debts.c.message_id,
        message_debts.c.debt_id,
        message_debts.c.how,
        message_debts.c.step,
        message_debts.c.strategy,
    )
    .join(debts, debts.c.id == message_debts.c.debt_id)
    .where(one_of(message_debts.c.message_id, "ids"))
    .order_by(debts.c.due_date, debts.c.id)
)


def load_people(connection: Connection, ids: Collection[int], *, now: datetime) -> dict[int, PersonFile]:
    """Files by debtor id, with the history of the last HISTORY before `now` and every direct contact."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    values = {"ids": wanted, "since": now - HISTORY, "yesterday": now.date() - timedelta(days=1)}
    rows = connection.execute(_PEOPLE, values).all()
    points = _grouped(connection, _POINTS, values)
    parts = {name: _grouped(connection, query, values) for name, query in _PARTS.items()}
    heard = _opt_outs(connection, wanted, points)
    shared = load_shared(connection, wanted)
    return {
        row.id: _person(row, points[row.id], heard[row.id], parts, shared.get(row.id, NOTHING_SHARED))
        for row in rows
    }


def load_debts(connection: Connection, ids: Collection[int], *, as_of: date) -> dict[int, DebtFile]:
    """Files by debt id; credits that count on `as_of` are allotted, oldest debt first."""
    if not ids:
        return {}
    rows = connection.execute(_DEBTS, {"ids": sorted(ids)}).all()
    credit = _allotted_credit(connection, {row.debtor_id for row in rows}, as_of)
    paid_on = dict(connection.execute(_NEWEST_PAYMENTS, {"ids": sorted(ids)}).all())
    arranged = _arranged(connection, ids)
    decided = {row.debt_id: row for row in connection.execute(_HANDOVERS, {"ids": sorted(ids)})}
    return {
        row.id: _debt(
            row, credit.get(row.id, 0), paid_on.get(row.id), arranged.get(row.id), decided.get(row.id)
        )
        for row in rows
    }


def _arranged(connection: Connection, ids: Collection[int]) -> dict[int, Arranged]:
    rows = connection.execute(_ARRANGED, {"ids": sorted(ids)})
    return {
        row.debt_id: Arranged(
            id=row.id,
            kind=row.kind,
            active=row.state == "active",
            until=row.until,
            pauses_until=row.pauses_until,
        )
        for row in rows
    }


def _grouped(
    connection: Connection, query: Select[Any], values: Mapping[str, Any]
) -> Mapping[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query, values):
        groups[row.debtor_id].append(row)
    return groups


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
        notices=tuple(
            Notice(kind=n.kind, debt_id=n.debt_id, sent_on=n.sent_on, details=n.details)
            for n in parts["notices"].get(row.id, ())
        ),
        opt_outs=tuple(heard),
        history=_history(parts["sent"].get(row.id, ()), parts["contacts"].get(row.id, ())),
        said=_said(parts["said"].get(row.id, ())),
        first_message_on=first[0].first if first else None,
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


def _history(sent: Iterable[Any], others: Iterable[Any]) -> tuple[HistoryEntry, ...]:
    debts_of: dict[str, list[str]] = defaultdict(list)
    rows: dict[str, Any] = {}
    for row in sent:
        rows[row.id] = row
        if row.reference is not None:
            debts_of[row.id].append(row.reference)
    entries = [_sent_entry(row, tuple(debts_of[key])) for key, row in rows.items()]
    entries += [_contact_entry(row) for row in others]
    return tuple(sorted(entries, key=lambda entry: entry.at))


def _sent_entry(row: Any, references: tuple[str, ...]) -> HistoryEntry:
    return HistoryEntry(
        at=row.sent_at,
        channel=row.channel,
        outcome="bounced" if row.state in CAME_BACK else "sent",
        direction="outbound",
        debts=references,
        kind=history_kind(row.kind),
        to=row.address or None,
    )


def _contact_entry(row: Any) -> HistoryEntry:
    details = row.details or {}
    return HistoryEntry(
        at=row.at,
        channel=row.channel,
        outcome=row.outcome or ("inbound_from_consumer" if row.direction == "inbound" else "sent"),
        direction=row.direction,
        debts=tuple(row.debts or ()),
        kind=row.kind,
        to=row.address or None,
        text=details.get("text"),
        address_place=details.get("address_place"),
        prerecorded=bool(details.get("prerecorded", False)),
        consent_to_other_medium=details.get("consent_to_other_medium"),
    )


def _debt(
    row: Any, credit_minor: int, paid_on: date | None, arranged: Arranged | None, handover: Any
) -> DebtFile:
    return DebtFile(
        id=row.id,
        creditor_id=row.creditor_id,
        creditor=row.key,
        debtor_id=row.debtor_id,
        reference=row.reference,
        ledger=Money(row.balance_minor, row.currency),
        paid=Money(row.paid_minor, row.currency),
        credit=Money(credit_minor, row.currency),
        original=None if row.original_minor is None else Money(row.original_minor, row.currency),
        due_date=row.due_date,
        issued_on=row.issued_on,
        settled_on=row.settled_on,
        disputed_on=row.disputed_on,
        promise_date=row.promise_date,
        time_barred_on=row.time_barred_on,
        notice_sent_on=row.notice_sent_on,
        handover_decided_on=row.handover_decided_on or (handover.decided_on if handover else None),
        handed_over_on=handover.exported_at.date() if handover and handover.exported_at else None,
        sender_role=row.sender_role,
        debt_type=row.debt_type,
        in_ledger=row.in_ledger,
        known_on=max((day for day in (row.ledger_as_of, paid_on) if day), default=None),
        extra=row.extra,
        arrangement=arranged,
    )


def _allotted_credit(connection: Connection, owners: set[int], as_of: date) -> dict[int, int]:
    """Credit notes and unallocated payments, allotted to their owner's open debts by due date and reference."""
    notes = connection.execute(_CREDITS, {"ids": sorted(owners), "as_of": as_of}).all()
    left = {(row[0], row[1]): -int(row[2]) for row in notes}
    if not left:
        return {}
    wanted = sorted({key[0] for key in left})
    open_debts = sorted(
        tuple(row) for row in connection.execute(_OPEN_DEBTS, {"ids": wanted, "as_of": as_of})
    )
    allotted: dict[int, int] = {}
    for _, _, debt_id, debtor_id, currency, owed in open_debts:
        share = min(owed, left.get((debtor_id, currency), 0))
        if share:
            allotted[debt_id] = share
            left[debtor_id, currency] -= share
    return allotted


def first_sent(connection: Connection, debt_ids: Collection[int]) -> dict[tuple[int, int], date]:
    """(debt, recipient) -> the recipient's day on which the first message that asked for it went out and arrived."""
    if not debt_ids:
        return {}
    rows = connection.execute(_FIRST_SENT, {"ids": sorted(debt_ids)})
    return {
        (row.debt_id, row.recipient_id): _local_day(row.sent_at, row.zones) for row in rows
    }  # the earliest stands


def _local_day(moment: datetime, zones: Sequence[str]) -> date:
    return moment.astimezone(ZoneInfo(zones[0])).date() if zones else moment.date()


def waiting_messages(
    connection: Connection, ids: Collection[int], *, now: datetime
) -> dict[int, list[HistoryEntry]]:
    """By person: what is planned for them and has not gone out, as contacts made now."""
    found: dict[int, list[HistoryEntry]] = defaultdict(list)
    for row in connection.execute(_WAITING, {"ids": sorted(ids)}):
        found[row.recipient_id].append(
            HistoryEntry(
                at=now,
                channel=row.channel,
                outcome="sent",
                direction="outbound",
                kind=history_kind(row.kind),
                to=row.address or None,
            )
        )
    return found


class DebtOfMessage(NamedTuple):
    """How a message speaks of a debt; an empty step: its ladder did not move."""

    debt_id: int
    how: How
    step: str
    strategy: str


def debts_of_messages(connection: Connection, ids: Collection[str]) -> dict[str, list[DebtOfMessage]]:
    """Message id -> its debts in order of their due dates."""
    found: dict[str, list[DebtOfMessage]] = defaultdict(list)
    for row in connection.execute(_DEBTS_OF, {"ids": list(ids)}):
        found[row.message_id].append(DebtOfMessage(row.debt_id, How(row.how), row.step, row.strategy))
    return found
