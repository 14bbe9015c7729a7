"""What waits in the outbox and may be handed out at this moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.portfolio import creditors
from dispatcher.delivery.domain.stop import Stop
from dispatcher.messages.domain.message import UNSENT
from dispatcher.messages.storage.outbox import unleased, waiting
from dispatcher.messages.storage.planned import UNRELEASED

_m = messages.c
_NOW = bindparam("now", type_=_m.not_before.type)
_REAL_NOW = bindparam("real_now", type_=_m.lease_until.type)
# A plan that nobody has released may be looked at, even written out, but nothing of it goes.
_UNRELEASED = select(runs.c.id).where(runs.c.state.in_(UNRELEASED))
_IS_DUE = and_(
    waiting,
    or_(_m.run_id.is_(None), _m.run_id.not_in(_UNRELEASED)),
    _m.content_sha256.is_not(None),
    or_(_m.not_before.is_(None), _m.not_before <= _NOW),
    or_(_m.next_try_at.is_(None), _m.next_try_at <= _NOW),
    _m.expires_at > _NOW,
    unleased(_REAL_NOW),
)
_ON_THE_WAY = select(_m.channel, func.count()).where(_m.lease_until > _REAL_NOW).group_by(_m.channel)
_SINCE = func.coalesce(_m.next_try_at, _m.not_before, _m.created_at, type_=_m.created_at.type)
_OLDEST = select(func.min(_SINCE, type_=_m.created_at.type)).where(_IS_DUE)


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that are served in turn with those of other groups: one creditor's of one run, on one channel."""

    channel: str
    creditor_id: int
    run_id: int | None


def due_groups(
    connection: Connection, *, now: datetime, real_now: datetime, stops: Iterable[Stop] = ()
) -> dict[Group, int]:
    """How much is due of each group. `now` is the business clock, `real_now` that of leases."""
    query = _groups_query(tuple(stops))
    rows = connection.execute(query, {"now": now, "real_now": real_now})
    return {Group(channel, creditor, run): number for channel, creditor, run, number in rows}


def due_ids(
    connection: Connection,
    group: Group,
    *,
    now: datetime,
    real_now: datetime,
    limit: int,
    stops: Sequence[Stop] = (),
) -> list[str]:
    """The oldest due messages of a group; a person's stand side by side."""
    values = {
        "now": now,
        "real_now": real_now,
        "channel": group.channel,
        "creditor_id": group.creditor_id,
        "run_id": group.run_id,
        "most": limit,
    }
    return list(connection.scalars(_ids_query(tuple(stops), has_run=group.run_id is not None), values))


def on_the_way(connection: Connection, *, real_now: datetime) -> Mapping[str, int]:
    """Channel -> messages handed out or being sent under a lease that lives."""
    return {row[0]: row[1] for row in connection.execute(_ON_THE_WAY, {"real_now": real_now})}


def next_due_at(connection: Connection, *, after: datetime, until: datetime) -> datetime | None:
    """The next moment in (after, until] at which a waiting message becomes due."""
    first, second = _m.not_before, _m.next_try_at
    # SQLite's max() is null when one argument is, PostgreSQL's greatest() ignores nulls: ask it of the same thing.
    later = func.max if connection.dialect.name == "sqlite" else func.greatest
    moment = later(func.coalesce(first, second), func.coalesce(second, first), type_=first.type)
    query = select(func.min(moment, type_=first.type)).where(
        waiting, _m.expires_at > moment, moment > after, moment <= until
    )
    found: datetime | None = connection.scalar(query)
    return found


def oldest_due(connection: Connection, *, now: datetime, real_now: datetime) -> datetime | None:
    """Since when the longest waiting due message could have gone."""
    found: datetime | None = connection.scalar(_OLDEST, {"now": now, "real_now": real_now})
    return found


@lru_cache(maxsize=8)
def _groups_query(stops: tuple[Stop, ...]) -> Select[Any]:
    return (
        select(_m.channel, _m.creditor_id, _m.run_id, func.count())
        .where(_IS_DUE, *(not_(taken_in(stop)) for stop in stops))
        .group_by(_m.channel, _m.creditor_id, _m.run_id)
    )


@lru_cache(maxsize=8)
def _ids_query(stops: tuple[Stop, ...], *, has_run: bool) -> Select[Any]:
    return (
        select(_m.id)
        .where(
            _m.channel == bindparam("channel"),
            _m.creditor_id == bindparam("creditor_id"),
            _m.run_id == bindparam("run_id") if has_run else _m.run_id.is_(None),
            _IS_DUE,
            *(not_(taken_in(stop)) for stop in stops),
        )
        .order_by(_m.id)
        .limit(bindparam("most"))
    )


def taken_in(stop: Stop) -> Any:
    """The condition that a stop takes a message in; the same as `Stop.takes_in`."""
    match stop.scope:
        case "creditor":
            return exists().where(creditors.c.id == _m.creditor_id, creditors.c.key == stop.name)
        case "channel":
            return _m.channel == stop.name
        case "template":
            return _m.template == stop.name
        case "pack":
            packs = type_coerce(_m.rule_packs, Text)
            return or_(
                packs.contains(f'"{stop.name}"', autoescape=True),
                packs.contains(f'"{stop.name}@', autoescape=True),
            )
        case _:
            return true()


def past_validity(connection: Connection, *, now: datetime, real_now: datetime, limit: int) -> list[str]:
    """Ids of unsent messages past their validity that nobody holds, locked."""
    query = (
        select(messages.c.id)
        .where(
            messages.c.state.in_([state.value for state in UNSENT]),
            messages.c.expires_at <= now,
            unleased(real_now),
        )
        .order_by(messages.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(connection.scalars(query))
