"""What messages told people: of which debts, since when, and what is on its way to them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.portfolio import debts
from dispatcher.gate.facts import HistoryEntry
from dispatcher.messages.domain.spoken import How
from dispatcher.people.domain.person import gate_kind
from dispatcher.people.storage.history import CAME_BACK, HAS_REACHED, STATE

_FIRST_SENT = (
    select(
        message_debts.c.debt_id,
        message_debts.c.recipient_id,
        message_debts.c.message_id,
        messages.c.sent_at,
        messages.c.zones,
    )
    .join(messages, messages.c.id == message_debts.c.message_id)
    .where(
        one_of(message_debts.c.debt_id, "ids"),
        messages.c.kind.in_(("collection", "notice")),
        message_debts.c.how != How.DISPUTED.value,
        messages.c.sent_at.is_not(None),
        HAS_REACHED,
    )
    .order_by(messages.c.sent_at.desc())
)
_ON_THE_WAY = ("planned", "queued", "deferred", "held", "sending", "unknown")
_UNHEARD = (
    select(message_debts.c.debt_id, message_debts.c.recipient_id, messages.c.state)
    .join(messages, messages.c.id == message_debts.c.message_id)
    .where(
        one_of(message_debts.c.debt_id, "ids"),
        STATE.in_((*CAME_BACK, *_ON_THE_WAY)),
        messages.c.kind.in_(("collection", "notice")),
    )
)
_WAITING = select(
    messages.c.recipient_id, messages.c.channel, messages.c.kind, messages.c.notice, messages.c.address
).where(one_of(messages.c.recipient_id, "ids"), STATE.in_(("planned", "queued", "deferred")))
_DEBTS_OF = (
    select(
        message_debts.c.message_id,
        message_debts.c.debt_id,
        message_debts.c.how,
        message_debts.c.step,
        message_debts.c.strategy,
        debts.c.due_date,
        debts.c.reference,
    )
    .join(debts, debts.c.id == message_debts.c.debt_id)
    .where(one_of(message_debts.c.message_id, "ids"))
)


def first_sent(
    connection: Connection, debt_ids: Collection[int], *, without: Collection[str] = ()
) -> dict[tuple[int, int], date]:
    """(debt, recipient) -> the recipient's day on which the first message that asked for it went out and arrived.

    `without`: messages that are looked at again; none comes before itself.
    """
    if not debt_ids:
        return {}
    rows = connection.execute(_FIRST_SENT, {"ids": sorted(debt_ids)})
    return {
        (row.debt_id, row.recipient_id): local_day(row.sent_at, row.zones)
        for row in rows
        if row.message_id not in without
    }  # the earliest stands


def came_back(connection: Connection, debt_ids: Collection[int]) -> set[tuple[int, int]]:
    """(debt, recipient) of which a message asked that came back, and none asks that has not come to its end."""
    rows = connection.execute(_UNHEARD, {"ids": sorted(debt_ids)}).all()
    waiting = {(row.debt_id, row.recipient_id) for row in rows if row.state in _ON_THE_WAY}
    return {(row.debt_id, row.recipient_id) for row in rows} - waiting


def local_day(moment: datetime, zones: Sequence[str]) -> date:
    """The day of an instant where the person is, as the message knew it."""
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
                kind=gate_kind(row.kind, row.notice),
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
    """Message id -> its debts in order of their due dates, of one day by reference: in Python's order everywhere."""
    found: dict[str, list[DebtOfMessage]] = defaultdict(list)
    rows = connection.execute(_DEBTS_OF, {"ids": list(ids)}).all()
    for row in sorted(rows, key=lambda row: (row.due_date, row.reference)):
        found[row.message_id].append(DebtOfMessage(row.debt_id, How(row.how), row.step, row.strategy))
    return found
