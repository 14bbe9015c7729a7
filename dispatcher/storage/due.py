"""What waits in the outbox and may be handed out at this moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, exists, func, not_, or_, select, true, type_coerce

from dispatcher.domain.message import State
from dispatcher.domain.stop import Stop
from dispatcher.storage.outbox import unleased, waiting
from dispatcher.storage.tables import creditors, messages


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that are served in turn with those of other groups: one creditor's of one run."""

    creditor_id: int
    run_id: int | None


def due_groups(
    connection: Connection, channel: str, *, now: datetime, real_now: datetime, stops: Iterable[Stop] = ()
) -> dict[Group, int]:
    """How much is due of each group. `now` is the business clock, `real_now` that of leases."""
    query = (
        select(messages.c.creditor_id, messages.c.run_id, func.count())
        .where(messages.c.channel == channel, is_due(now, real_now), *_running(stops))
        .group_by(messages.c.creditor_id, messages.c.run_id)
    )
    return {Group(creditor, run): number for creditor, run, number in connection.execute(query)}


def due_ids(
    connection: Connection,
    channel: str,
    group: Group,
    *,
    now: datetime,
    real_now: datetime,
    limit: int,
    stops: Iterable[Stop] = (),
) -> list[str]:
    """The oldest due messages of a group; a person's stand side by side."""
    query = (
        select(messages.c.id)
        .where(
            messages.c.channel == channel,
            messages.c.creditor_id == group.creditor_id,
            messages.c.run_id.is_(None) if group.run_id is None else messages.c.run_id == group.run_id,
            is_due(now, real_now),
            *_running(stops),
        )
        .order_by(messages.c.id)
        .limit(limit)
    )
    return list(connection.scalars(query))


def on_the_way(connection: Connection, *, real_now: datetime, channel: str | None = None) -> int:
    """Messages handed out or being sent under a lease that lives."""
    query = select(func.count()).where(messages.c.lease_until > real_now)
    if channel is not None:
        query = query.where(messages.c.channel == channel)
    return connection.scalar(query) or 0


def next_due_at(connection: Connection, *, after: datetime, until: datetime) -> datetime | None:
    """The next moment in (after, until] at which a waiting message becomes due."""
    first, second = messages.c.not_before, messages.c.next_try_at
    # SQLite's max() is null when one argument is, PostgreSQL's greatest() ignores nulls: ask it of the same thing.
    later = func.max if connection.dialect.name == "sqlite" else func.greatest
    moment = later(func.coalesce(first, second), func.coalesce(second, first), type_=first.type)
    query = select(func.min(moment, type_=first.type).label("at")).where(
        waiting, messages.c.expires_at > moment, moment > after, moment <= until
    )
    found: datetime | None = connection.scalar(query)
    return found


def oldest_due(connection: Connection, *, now: datetime, real_now: datetime) -> datetime | None:
    """Since when the longest waiting due message could have gone."""
    since = func.coalesce(messages.c.next_try_at, messages.c.not_before, messages.c.created_at)
    return connection.scalar(
        select(func.min(since, type_=messages.c.created_at.type)).where(is_due(now, real_now))
    )


def is_due(now: datetime, real_now: datetime) -> Any:
    """The condition under which a message may be handed out."""
    return and_(
        waiting,
        messages.c.content_sha256.is_not(None),
        or_(messages.c.not_before.is_(None), messages.c.not_before <= now),
        or_(messages.c.next_try_at.is_(None), messages.c.next_try_at <= now),
        messages.c.expires_at > now,
        unleased(real_now),
    )


def has_planned(connection: Connection, *, now: datetime) -> bool:
    """Whether a message waits for its text."""
    condition = and_(messages.c.state == State.PLANNED, messages.c.expires_at > now)
    return bool(connection.scalar(select(exists().where(condition))))


def _running(stops: Iterable[Stop]) -> list[Any]:
    return [not_(_stopped(stop)) for stop in stops]


def _stopped(stop: Stop) -> Any:
    match stop.scope:
        case "creditor":
            return exists().where(creditors.c.id == messages.c.creditor_id, creditors.c.key == stop.name)
        case "channel":
            return messages.c.channel == stop.name
        case "template":
            return messages.c.template == stop.name
        case "pack":
            packs = type_coerce(messages.c.rule_packs, Text)
            return or_(
                packs.contains(f'"{stop.name}"', autoescape=True),
                packs.contains(f'"{stop.name}@', autoescape=True),
            )
        case _:
            return true()
