"""The attempts at handing a message to a provider: begun before the call, ended after it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, select, tuple_

from dispatcher.database.bulk import insert_rows, update_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.messages import messages
from dispatcher.messages.domain.message import State

_a = attempts.c

# Built once: making a statement anew costs as much as running it.
_STANDINGS = (
    select(messages.c.id, messages.c.state, messages.c.attempts, _a.outcome)
    .join(attempts, and_(_a.message_id == messages.c.id, _a.number == messages.c.attempts))
    .where(one_of(messages.c.id, "ids"))
    .order_by(messages.c.id)
    .with_for_update(of=messages)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A message's state, how many attempts began, and how the newest ended (None: it has not)."""

    state: State
    attempts: int
    outcome: str | None


def begin(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record that attempts begin; committed before a provider is called."""
    insert_rows(connection, attempts, rows)


def end(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record how attempts (`message_id`, `number`) ended."""
    update_rows(connection, attempts, rows, key=("message_id", "number"))


def standings(connection: Connection, ids: Collection[str]) -> dict[str, Standing]:
    """Where messages with an attempt stand at this moment, locked until the transaction ends."""
    rows = connection.execute(_STANDINGS, {"ids": list(ids)})
    return {key: Standing(State(state), number, outcome) for key, state, number, outcome in rows}


def ends(connection: Connection, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], str | None]:
    """(message, number) -> outcome as recorded so far; None: begun and not ended."""
    query = select(_a.message_id, _a.number, _a.outcome).where(tuple_(_a.message_id, _a.number).in_(keys))
    return {(key, number): outcome for key, number, outcome in connection.execute(query)}


def began(connection: Connection, message_id: str, number: int) -> datetime | None:
    """When an attempt began, by the real clock; None where there is none such."""
    found: datetime | None = connection.scalar(
        select(_a.real_began_at).where(_a.message_id == message_id, _a.number == number)
    )
    return found


def newest(connection: Connection, ids: Collection[str]) -> dict[str, RowMapping]:
    """The newest attempt of each message."""
    last = (
        select(_a.message_id, func.max(_a.number).label("number"))
        .where(_a.message_id.in_(ids))
        .group_by(_a.message_id)
        .subquery()
    )
    query = select(attempts).join(last, and_(last.c.message_id == _a.message_id, last.c.number == _a.number))
    return {row["message_id"]: row for row in connection.execute(query).mappings()}


def open_of(connection: Connection, worker: str) -> dict[str, tuple[int, datetime | None]]:
    """Message -> number of the attempt and end of its lease, of what a process has begun that has not ended."""
    query = (
        select(_a.message_id, _a.number, messages.c.lease_until)
        .join(messages, and_(_a.message_id == messages.c.id, _a.number == messages.c.attempts))
        .where(messages.c.state == State.SENDING, _a.worker == worker)
    )
    return {row.message_id: (row.number, row.lease_until) for row in connection.execute(query)}


def accepted_since(connection: Connection, channel: str, provider: str, since: datetime) -> bool:
    """Whether a provider has taken anything of a channel that was sent since then (business clock)."""
    query = select(messages.c.id).where(
        messages.c.channel == channel,
        messages.c.provider == provider,
        messages.c.sent_at >= since,
        messages.c.provider_id != "",
    )
    return connection.scalar(query.limit(1)) is not None
