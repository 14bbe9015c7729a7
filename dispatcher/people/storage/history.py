"""What happened between us and people: messages that went out, contacts made elsewhere, what they sent us."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import contacts
from dispatcher.database.tables.portfolio import debts
from dispatcher.gate.facts import HistoryEntry
from dispatcher.gate.windows import LONGEST_WINDOW
from dispatcher.people.domain.person import gate_kind

HISTORY = timedelta(days=LONGEST_WINDOW)
# What no window bounds never grows too old: the first and the last message about each debt (a notice is owed after the
# first, an answer that was given stays given), and every contact made elsewhere that reached somebody.
_ATTEMPTS = ("unanswered", "busy", "not_in_service", "voicemail", "left", "bounced", "failed")

# States in which a message has reached, or may have reached, a person.
# Without statistics SQLite would rather read all messages in these states than those of the people asked for.
STATE = messages.c.state + ""
REACHED = ("sending", "accepted", "delivered", "unknown", "bounced", "returned")
CAME_BACK = ("bounced", "returned")
HAS_REACHED = STATE.in_([state for state in REACHED if state not in CAME_BACK])

_SINCE = bindparam("since", type_=messages.c.sent_at.type)
_SENT_ROWS = (
    select(
        messages.c.recipient_id.label("debtor_id"),
        messages.c.id,
        messages.c.sent_at,
        messages.c.channel,
        messages.c.kind,
        messages.c.notice,
        messages.c.state,
        messages.c.address,
        debts.c.reference,
    )
    .outerjoin(message_debts, message_debts.c.message_id == messages.c.id)
    .outerjoin(debts, debts.c.id == message_debts.c.debt_id)
    .where(one_of(messages.c.recipient_id, "ids"), STATE.in_(REACHED))
)
_SENT = _SENT_ROWS.where(messages.c.sent_at > _SINCE).order_by(messages.c.sent_at, messages.c.id)
_OF_A_DEBT = (messages.c.recipient_id, message_debts.c.debt_id)
_ENDS = (
    select(
        messages.c.id,
        func.row_number()
        .over(partition_by=_OF_A_DEBT, order_by=(messages.c.sent_at, messages.c.id))
        .label("first"),
        func.row_number()
        .over(partition_by=_OF_A_DEBT, order_by=(messages.c.sent_at.desc(), messages.c.id.desc()))
        .label("last"),
    )
    .outerjoin(message_debts, message_debts.c.message_id == messages.c.id)
    .where(one_of(messages.c.recipient_id, "ids"), messages.c.sent_at.is_not(None), HAS_REACHED)
    .subquery()
)
_OLD_ENDS = _SENT_ROWS.where(
    messages.c.id.in_(select(_ENDS.c.id).where(or_(_ENDS.c.first == 1, _ENDS.c.last == 1))),
    messages.c.sent_at <= _SINCE,
).order_by(messages.c.sent_at, messages.c.id)
_CONTACTS = (
    select(contacts)
    .where(
        one_of(contacts.c.debtor_id, "ids"),
        or_(
            contacts.c.at > _SINCE,
            contacts.c.direction == "inbound",
            contacts.c.outcome.not_in(_ATTEMPTS),
        ),
    )
    .order_by(contacts.c.at, contacts.c.id)
)


def load_history(
    connection: Connection, ids: Collection[int], *, since: datetime
) -> dict[int, tuple[HistoryEntry, ...]]:
    """By person, what happened since an instant and what no window bounds, oldest first."""
    values = {"ids": sorted(ids), "since": since}
    old, sent = by_debtor(connection, _OLD_ENDS, values), by_debtor(connection, _SENT, values)
    others = by_debtor(connection, _CONTACTS, values)
    return {
        key: _history((*old.get(key, ()), *sent.get(key, ())), others.get(key, ()))
        for key in {*old, *sent, *others}
    }


def by_debtor(
    connection: Connection, query: Select[Any], values: Mapping[str, Any]
) -> Mapping[int, list[Any]]:
    """The rows of a query by the person they are about, in its order."""
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query, values):
        groups[row.debtor_id].append(row)
    return groups


def _history(sent: Iterable[Any], others: Iterable[Any]) -> tuple[HistoryEntry, ...]:
    debts_of: dict[str, list[str]] = defaultdict(list)
    rows: dict[str, Any] = {}
    for row in sent:
        rows[row.id] = row
        if row.reference is not None:
            debts_of[row.id].append(row.reference)
    entries = [_sent_entry(row, tuple(sorted(debts_of[key]))) for key, row in rows.items()]
    entries += [_contact_entry(row) for row in others]
    return tuple(sorted(entries, key=lambda entry: entry.at))


def _sent_entry(row: Any, references: tuple[str, ...]) -> HistoryEntry:
    return HistoryEntry(
        at=row.sent_at,
        channel=row.channel,
        outcome="bounced" if row.state in CAME_BACK else "sent",
        direction="outbound",
        debts=references,
        kind=gate_kind(row.kind, row.notice),
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
