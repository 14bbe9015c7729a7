"""What was done about debts, and what came back: a fixed number of queries however many they are."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.calls import call_debts, calls
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import contacts
from dispatcher.database.tables.portfolio import debts, payments

_CAME_BACK = ("bounced", "returned")
_WENT_OUT = ("accepted", "delivered", "unknown", *_CAME_BACK)
_MESSAGES = (
    select(
        message_debts.c.debt_id, messages.c.channel, messages.c.state, func.count(), func.min(messages.c.as_of),
        func.max(messages.c.as_of),
    )
    .join(messages, messages.c.id == message_debts.c.message_id)
    .where(
        one_of(message_debts.c.debt_id, "ids"),
        messages.c.state.in_(_WENT_OUT),
    )
    .group_by(message_debts.c.debt_id, messages.c.channel, messages.c.state)
    .order_by(message_debts.c.debt_id, messages.c.channel)
)  # fmt: skip
_CALLS = (
    select(call_debts.c.debt_id, calls.c.ended_at, calls.c.outcome)
    .join(calls, calls.c.id == call_debts.c.call_id)
    .where(one_of(call_debts.c.debt_id, "ids"), calls.c.state == "made", calls.c.ended_at.is_not(None))
    .order_by(calls.c.ended_at, calls.c.id)
)
_HEARD = (
    select(debts.c.id, func.count(), func.max(contacts.c.at))
    .join(contacts, contacts.c.debtor_id == debts.c.debtor_id)
    .where(one_of(debts.c.id, "ids"), contacts.c.direction == "inbound")
    .group_by(debts.c.id)
)
_PAID = (
    select(payments.c.debt_id, func.sum(payments.c.amount_minor), func.max(payments.c.paid_on))
    .where(one_of(payments.c.debt_id, "ids"), payments.c.reversed_at.is_(None))
    .group_by(payments.c.debt_id)
)


def messages_about(connection: Connection, debt_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Debt -> `sent` (channel, count), `first_on`, `last_on`, `in_vain`."""
    found: dict[int, dict[str, Any]] = {}
    for debt_id, channel, state, count, first, last in connection.execute(_MESSAGES, _ids(debt_ids)):
        row = found.setdefault(debt_id, {"sent": {}, "first_on": first, "last_on": last, "in_vain": 0})
        row["sent"][channel] = row["sent"].get(channel, 0) + count
        row["first_on"], row["last_on"] = min(row["first_on"], first), max(row["last_on"], last)
        row["in_vain"] += count if state in _CAME_BACK else 0
    return {key: {**row, "sent": tuple(row["sent"].items())} for key, row in found.items()}


def calls_about(connection: Connection, debt_ids: Collection[int]) -> dict[int, list[tuple[date, str]]]:
    """Debt -> (day, outcome) of the calls that were made, the oldest first."""
    found: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for debt_id, ended_at, outcome in connection.execute(_CALLS, _ids(debt_ids)):
        found[debt_id].append((ended_at.date(), outcome))
    return found


def heard(connection: Connection, debt_ids: Collection[int]) -> dict[int, tuple[int, date]]:
    """Debt -> (how often its debtor wrote or called, the last day)."""
    return {row[0]: (row[1], row[2].date()) for row in connection.execute(_HEARD, _ids(debt_ids))}


def paid(connection: Connection, debt_ids: Collection[int]) -> dict[int, tuple[int, date]]:
    """Debt -> (minor units recorded as paid, the last day)."""
    return {row[0]: (int(row[1]), row[2]) for row in connection.execute(_PAID, _ids(debt_ids))}


def payments_of(connection: Connection, debt_id: int) -> list[tuple[date, int]]:
    """(day, minor units) of each payment of a debt that stands, the oldest first."""
    query = (
        select(payments.c.paid_on, payments.c.amount_minor)
        .where(payments.c.debt_id == debt_id, payments.c.reversed_at.is_(None))
        .order_by(payments.c.paid_on, payments.c.id)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def messages_of(connection: Connection, debt_id: int) -> list[dict[str, Any]]:
    """Each message about a debt that went out: `day`, `channel`, `template`, `state` and `message_id`, oldest first."""
    query = (
        select(
            messages.c.as_of.label("day"), messages.c.channel, messages.c.template, messages.c.state, messages.c.id
        )
        .join(message_debts, message_debts.c.message_id == messages.c.id)
        .where(message_debts.c.debt_id == debt_id, messages.c.state.in_(_WENT_OUT))
        .order_by(messages.c.as_of, messages.c.id)
    )  # fmt: skip
    return [
        {
            "day": row.day.isoformat(), "channel": row.channel, "template": row.template, "state": row.state,
            "message_id": row.id,
        }
        for row in connection.execute(query)
    ]  # fmt: skip


def _ids(debt_ids: Collection[int]) -> dict[str, list[int]]:
    return {"ids": sorted(debt_ids)}
