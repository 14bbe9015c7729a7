"""The outbox: messages as rows, who may take which, and what waits."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Connection,
    Result,
    Text,
    bindparam,
    case,
    func,
    or_,
    select,
    text,
    type_coerce,
    union,
    update,
)

from dispatcher.database.bulk import update_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import humans
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.messages.domain.clearance import Clearance
from dispatcher.messages.domain.envelope import Envelope
from dispatcher.messages.domain.message import Message, State

_m = messages.c


def unleased(real_now: Any) -> Any:
    """The condition that nobody holds a message at an instant, given as such or as a parameter."""
    return or_(_m.lease_until.is_(None), _m.lease_until <= real_now)


# In words, not as parameters: only so can SQLite see that the partial index of what waits serves.
waiting = text("messages.state IN ('queued', 'deferred')")
# The same of rows that are found by their ids or their lease: without statistics SQLite would rather read everything
# that waits than the few rows asked for, and a day would cost the square of its messages.
_waits = text("messages.state || '' IN ('queued', 'deferred')")

_NOT_READ = frozenset({"reasons", "lease_until", "updated_at", "held_owner", "said", "acknowledged_at"})
_LISTS = frozenset({"zones", "rule_packs"})  # of which few are told apart: their text is parsed once
_FULL = (
    select(
        *(
            type_coerce(column, Text).label(column.name) if column.name in _LISTS else column
            for column in messages.c
            if column.name not in _NOT_READ
        ),
        creditors.c.key.label("creditor"),
        debtors.c.person,
        case((runs.c.mode == "simulated", 1), else_=0).label("simulated"),
    )
    .join_from(messages, creditors, creditors.c.id == _m.creditor_id)
    .join(debtors, debtors.c.id == _m.recipient_id)
    .outerjoin(runs, runs.c.id == _m.run_id)
)
_NAMES = tuple(str(column.key) for column in _FULL.selected_columns)
# Built once: making a statement anew costs as much as running it.
_READ = _FULL.where(one_of(_m.id, "ids"))
_CLAIM = _READ.where(_m.lease_owner == bindparam("owner"), _waits).with_for_update(
    of=messages, skip_locked=True
)
_UNTIL = _m.lease_until.type
_HAND_OUT = (
    update(messages)
    .where(
        one_of(_m.id, "ids"),
        _waits,
        unleased(bindparam("real_now", type_=_UNTIL)),
    )
    .values(lease_owner=bindparam("holder"), lease_until=bindparam("until", type_=_UNTIL))
    .returning(_m.id)
)
_FREE = (
    update(messages)
    .where(_m.lease_until.is_not(None), _m.lease_owner == bindparam("holder"), _waits)
    .values(lease_owner=None, lease_until=None)
)
_GIVE_BACK = _FREE.where(one_of(_m.id, "ids"))
_PEOPLE = union(
    select(_m.recipient_id).where(one_of(_m.id, "ids")),
    select(debts.c.debtor_id)
    .join(message_debts, message_debts.c.debt_id == debts.c.id)
    .where(one_of(message_debts.c.message_id, "ids")),
)
_human, _other = humans.alias("human"), humans.alias("other")
_OTHER_RECORDS = (  # of the same humans: what binds one binds all
    select(_other.c.debtor_id)
    .join(_human, _human.c.human == _other.c.human)
    .where(_human.c.debtor_id.in_(_PEOPLE))
)
_LOCK_PEOPLE = (
    select(debtors.c.id)
    .where(or_(debtors.c.id.in_(_PEOPLE), debtors.c.id.in_(_OTHER_RECORDS)))
    .order_by(debtors.c.id)
    .with_for_update()
)


def hand_out(
    connection: Connection, ids: Collection[str], *, owner: str, until: datetime, real_now: datetime
) -> list[str]:
    """Lease waiting messages to a batch; returns those that nobody else holds."""
    values = {"ids": list(ids), "holder": owner, "until": until, "real_now": real_now}
    held = set(connection.scalars(_HAND_OUT, values))
    return [key for key in ids if key in held]


def give_back(connection: Connection, ids: Collection[str], *, owner: str) -> None:
    """End the lease of messages that were handed out and not begun."""
    connection.execute(_GIVE_BACK, {"ids": list(ids), "holder": owner})


def lock_people(connection: Connection, ids: Collection[str]) -> None:
    """Lock everyone a batch concerns, in the order of their ids: those written to and whose debts they are.

    On SQLite the transaction itself is the lock.
    """
    if ids and connection.dialect.name != "sqlite":
        connection.execute(_LOCK_PEOPLE, {"ids": list(ids)}).all()


def claim(connection: Connection, ids: Collection[str], *, owner: str) -> list[Message]:
    """Take the messages that are still the owner's and still wait, locked until the transaction ends."""
    return _in_order(ids, connection.execute(_CLAIM, {"ids": list(ids), "owner": owner}))


def owners(connection: Connection) -> list[tuple[str, datetime]]:
    """Who holds messages, and until when their last lease runs."""
    query = (
        select(_m.lease_owner, func.max(_m.lease_until, type_=_m.lease_until.type))
        .where(_m.lease_until.is_not(None))
        .group_by(_m.lease_owner)
    )
    return [(owner, until) for owner, until in connection.execute(query)]


def free(connection: Connection, *, owner: str) -> int:
    """End the leases of what `owner` holds and has not begun; returns how many."""
    return connection.execute(_FREE, {"holder": owner}).rowcount


def begun_by(connection: Connection, *, owner: str) -> list[Message]:
    """What `owner` has begun and not ended, locked."""
    query = _FULL.where(_m.lease_owner == owner, _m.state == State.SENDING).order_by(_m.id)
    return [_message(row) for row in connection.execute(query.with_for_update(of=messages))]


def read(connection: Connection, ids: Collection[str], *, lock: bool = False) -> list[Message]:
    """Messages as they are, in the order of the ids; `lock` keeps others from changing them meanwhile."""
    query = _READ.order_by(_m.id).with_for_update(of=messages) if lock else _READ
    return _in_order(ids, connection.execute(query, {"ids": list(ids)}))


def reasons_of(connection: Connection, ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Why these messages stand where they stand, by id."""
    rows = connection.execute(select(_m.id, _m.reasons).where(_m.id.in_(list(ids))))
    return {row.id: row.reasons for row in rows}


def read_where(connection: Connection, condition: Any, *, limit: int | None = None) -> list[Message]:
    """Messages that fulfil a condition of this package's, oldest first."""
    query = _FULL.where(condition).order_by(_m.id).limit(limit)
    return [_message(row) for row in connection.execute(query)]


def in_state(connection: Connection, state: State, *, limit: int | None = None) -> list[Message]:
    """Messages in one state, oldest first."""
    return read_where(connection, _m.state == state, limit=limit)


def change(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write columns of messages, one mapping (`id` and columns) a message; like rows go in one statement."""
    for _, group in groupby(sorted(rows, key=_shape), key=_shape):
        update_rows(connection, messages, list(group), key=("id",))


def _in_order(ids: Collection[str], rows: Result[Any]) -> list[Message]:
    found = {message.id: message for message in map(_message, rows.all())}
    return [found[key] for key in ids if key in found]


def _message(row: Any) -> Message:
    fields = dict(zip(_NAMES, row, strict=True))
    fields["state"] = State(fields["state"])
    fields["zones"] = _strings(fields["zones"])
    fields["rule_packs"] = _strings(fields["rule_packs"])
    fields["envelope"] = Envelope.read(fields["envelope"])
    fields["clearance"] = Clearance.read(fields["clearance"])
    fields["simulated"] = bool(fields["simulated"])
    return Message(**fields)


@lru_cache(maxsize=4096)
def _strings(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _shape(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(row))


def take(connection: Connection, ids: Collection[str], owner: str) -> None:
    """Put waiting messages on somebody's desk."""
    connection.execute(update(messages).where(messages.c.id.in_(list(ids))).values(held_owner=owner))
