"""The outbox: who may take which message, and the rows that say what was tried with it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    text,
    union,
    update,
)

from dispatcher.domain.message import Message, State
from dispatcher.storage.tables import attempts, creditors, debtors, debts, message_debts, messages, runs

# In words, not as parameters: only so can SQLite see that the partial index of what waits serves.
waiting = text("messages.state IN ('queued', 'deferred')")

_COLUMNS = tuple(
    column
    for column in messages.c
    if column.name not in {"reasons", "lease_until", "updated_at", "held_owner"}
)


def hand_out(
    connection: Connection, ids: Collection[str], *, owner: str, until: datetime, real_now: datetime
) -> list[str]:
    """Lease waiting messages to a batch; returns those that nobody else holds."""
    taken = connection.scalars(
        update(messages)
        .where(messages.c.id.in_(ids), waiting, unleased(real_now))
        .values(lease_owner=owner, lease_until=until)
        .returning(messages.c.id)
    ).all()
    held = set(taken)
    return [key for key in ids if key in held]


def give_back(connection: Connection, ids: Collection[str], *, owner: str) -> None:
    """End the lease of messages that were handed out and not begun."""
    connection.execute(
        update(messages)
        .where(messages.c.id.in_(ids), messages.c.lease_owner == owner, waiting)
        .values(lease_owner=None, lease_until=None)
    )


def unleased(real_now: datetime) -> Any:
    """The condition that nobody holds a message."""
    return or_(messages.c.lease_until.is_(None), messages.c.lease_until <= real_now)


def lock_people(connection: Connection, ids: Collection[str]) -> None:
    """Lock everyone a batch concerns, in the order of their ids: those written to and whose debts they are.

    On SQLite the transaction itself is the lock.
    """
    if connection.dialect.name == "sqlite" or not ids:
        return
    concerned = union(
        select(messages.c.debtor_id).where(messages.c.id.in_(ids)),
        select(debts.c.debtor_id)
        .join(message_debts, message_debts.c.debt_id == debts.c.id)
        .where(message_debts.c.message_id.in_(ids)),
    )
    connection.execute(
        select(debtors.c.id)
        .where(debtors.c.id.in_(concerned))
        .order_by(debtors.c.id)
        .with_for_update(key_share=False)
    ).all()


def claim(connection: Connection, ids: Collection[str], *, owner: str) -> list[Message]:
    """Take the messages that are still the owner's and still wait, locked until the transaction ends."""
    query = _full().where(messages.c.id.in_(ids), messages.c.lease_owner == owner, waiting)
    found = {row["id"]: _message(row) for row in _locking(connection, query)}
    return [found[key] for key in ids if key in found]


def owners(connection: Connection) -> list[tuple[str, datetime]]:
    """Who holds messages, and until when their last lease runs."""
    query = (
        select(messages.c.lease_owner, func.max(messages.c.lease_until, type_=messages.c.lease_until.type))
        .where(messages.c.lease_until.is_not(None))
        .group_by(messages.c.lease_owner)
    )
    return [(owner, until) for owner, until in connection.execute(query)]


def free(connection: Connection, *, owner: str) -> int:
    """End the leases of what `owner` holds and has not begun; returns how many."""
    result = connection.execute(
        update(messages)
        .where(messages.c.lease_owner == owner, waiting)
        .values(lease_owner=None, lease_until=None)
    )
    return result.rowcount


def begun_by(connection: Connection, *, owner: str) -> list[Message]:
    """What `owner` has begun and not ended, locked."""
    query = _full().where(messages.c.lease_owner == owner, messages.c.state == State.SENDING)
    return [_message(row) for row in _locking(connection, query.order_by(messages.c.id), skip=False)]


def read(connection: Connection, ids: Collection[str], *, lock: bool = False) -> list[Message]:
    """Messages as they are, in the order of the ids; `lock` keeps others from changing them meanwhile."""
    query = _full().where(messages.c.id.in_(ids))
    rows = _locking(connection, query, skip=False) if lock else connection.execute(query).mappings()
    found = {row["id"]: _message(row) for row in rows}
    return [found[key] for key in ids if key in found]


def read_where(connection: Connection, condition: Any, *, limit: int | None = None) -> list[Message]:
    """Messages that fulfil a condition of this package's, oldest first."""
    query = _full().where(condition).order_by(messages.c.id).limit(limit)
    return [_message(row) for row in connection.execute(query).mappings()]


def change(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write columns of messages, one mapping (`id` and columns) a message; like rows go in one statement."""
    by_shape = sorted(rows, key=_shape)
    for shape, group in groupby(by_shape, key=_shape):
        statement = _update(tuple(name for name in shape if name != "id"))
        connection.execute(statement, [{**row, "b_id": row["id"]} for row in group])


def begin_attempts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record that attempts begin; committed before a provider is called."""
    if rows:
        connection.execute(insert(attempts), rows)


def end_attempts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record how attempts (`message_id`, `number`) ended."""
    if rows:
        connection.execute(
            update(attempts)
            .where(
                attempts.c.message_id == bindparam("b_message_id"), attempts.c.number == bindparam("b_number")
            )
            .values(
                {
                    name: bindparam(name)
                    for name in ("outcome", "ended_at", "provider_id", "code", "reason")
                }
            ),
            [
                {**{k: v for k, v in row.items() if k not in {"message_id", "number"}},
                 "b_message_id": row["message_id"], "b_number": row["number"]}
                for row in rows
            ],
        )  # fmt: skip


def standings(connection: Connection, ids: Collection[str]) -> dict[str, tuple[State, int]]:
    """Message -> (state, attempts) at this moment, locked until the transaction ends."""
    query = select(messages.c.id, messages.c.state, messages.c.attempts).where(messages.c.id.in_(ids))
    rows = connection.execute(query.order_by(messages.c.id).with_for_update())
    return {key: (State(state), number) for key, state, number in rows}


def attempt_ends(
    connection: Connection, keys: Collection[tuple[str, int]]
) -> dict[tuple[str, int], str | None]:
    """(message, number) -> outcome as recorded so far; None: began and not ended."""
    wanted = set(keys)
    query = select(attempts.c.message_id, attempts.c.number, attempts.c.outcome).where(
        attempts.c.message_id.in_({key for key, _ in wanted})
    )
    return {
        (message_id, number): outcome
        for message_id, number, outcome in connection.execute(query)
        if (message_id, number) in wanted
    }


def last_attempts(connection: Connection, ids: Collection[str]) -> dict[str, RowMapping]:
    """The newest attempt of each message."""
    newest = (
        select(attempts.c.message_id, func.max(attempts.c.number).label("number"))
        .where(attempts.c.message_id.in_(ids))
        .group_by(attempts.c.message_id)
        .subquery()
    )
    query = select(attempts).join(
        newest, and_(newest.c.message_id == attempts.c.message_id, newest.c.number == attempts.c.number)
    )
    return {row["message_id"]: row for row in connection.execute(query).mappings()}


def count_by_state(connection: Connection, *, run_id: int | None = None) -> dict[tuple[str, State], int]:
    """(channel, state) -> messages, of one run or of all."""
    query = select(messages.c.channel, messages.c.state, func.count()).group_by(
        messages.c.channel, messages.c.state
    )
    if run_id is not None:
        query = query.where(messages.c.run_id == run_id)
    return {(channel, State(state)): number for channel, state, number in connection.execute(query)}


def _full() -> Select[Any]:
    simulated = case((runs.c.mode == "simulated", 1), else_=0).label("simulated")
    return (
        select(*_COLUMNS, creditors.c.key.label("creditor"), debtors.c.person, simulated)
        .join_from(messages, creditors, creditors.c.id == messages.c.creditor_id)
        .join(debtors, debtors.c.id == messages.c.debtor_id)
        .outerjoin(runs, runs.c.id == messages.c.run_id)
    )


def _locking(connection: Connection, query: Select[Any], *, skip: bool = True) -> Iterable[RowMapping]:
    return connection.execute(query.with_for_update(of=messages, skip_locked=skip)).mappings()


def _message(row: RowMapping) -> Message:
    fields = dict(row)
    fields["state"] = State(fields["state"])
    fields["zones"] = tuple(fields["zones"])
    fields["rule_packs"] = tuple(fields["rule_packs"])
    fields["envelope"] = fields["envelope"] or {}
    fields["simulated"] = bool(fields["simulated"])
    return Message(**fields)


def _shape(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(row))


@lru_cache(maxsize=64)
def _update(columns: tuple[str, ...]) -> Update:
    return (
        update(messages)
        .where(messages.c.id == bindparam("b_id"))
        .values({name: bindparam(name, type_=messages.c[name].type) for name in columns})
    )
