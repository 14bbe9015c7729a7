"""How much waits in the outbox, and for what."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, tuple_

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.storage.due import taken_in
from dispatcher.messages.domain.message import State
from dispatcher.messages.storage.outbox import unleased, waiting
from dispatcher.messages.storage.planned import UNRELEASED

_m = messages.c
_UNRELEASED = select(runs.c.id).where(runs.c.state.in_(UNRELEASED))
_RELEASED = or_(_m.run_id.is_(None), _m.run_id.not_in(_UNRELEASED))


def stopped(connection: Connection, stop: Stop, *, now: datetime) -> int:
    """Messages that could go by their hour and that this stop keeps."""
    due = and_(
        or_(_m.not_before.is_(None), _m.not_before <= now),
        or_(_m.next_try_at.is_(None), _m.next_try_at <= now),
        _m.expires_at > now,
    )
    return _count(connection, and_(waiting, _RELEASED, due, taken_in(stop)))


def unreleased(connection: Connection) -> int:
    """Messages of plans that no run has released."""
    unsent = _m.state.in_((State.PLANNED, State.QUEUED, State.DEFERRED))
    return _count(connection, and_(unsent, _m.run_id.in_(_UNRELEASED)))


def later(connection: Connection, *, now: datetime) -> tuple[int, datetime | None]:
    """Messages whose hour or next try is still to come, and when the first of them may go."""
    future = or_(_m.not_before > now, _m.next_try_at > now)
    where = and_(waiting, _RELEASED, future, _m.expires_at > now)
    first = select(func.min(_m.not_before, type_=_m.not_before.type)).where(where, _m.not_before > now)
    again = select(func.min(_m.next_try_at, type_=_m.next_try_at.type)).where(where, _m.next_try_at > now)
    moments = [moment for moment in (connection.scalar(first), connection.scalar(again)) if moment]
    return _count(connection, where), min(moments, default=None)


def on_channel(connection: Connection, channel: str, *, real_now: datetime) -> int:
    """Messages of a channel that wait and that nobody holds."""
    return _count(connection, and_(waiting, _RELEASED, _m.channel == channel, unleased(real_now)))


def handed_out(connection: Connection, *, real_now: datetime) -> int:
    """Messages that lie on a queue or are being sent."""
    return _count(connection, and_(or_(waiting, _m.state == State.SENDING), _m.lease_until > real_now))


def in_state(connection: Connection, state: State) -> int:
    """Messages in one state, of any day."""
    return _count(connection, _m.state == state)


def _count(connection: Connection, where: object) -> int:
    return connection.scalar(select(func.count()).select_from(messages).where(where)) or 0  # type: ignore[arg-type]  # conditions in words have no type


def left_behind(
    connection: Connection,
    channel: str,
    steps: Sequence[tuple[str, str]],
    *,
    now: datetime,
    real_now: datetime,
) -> list[str]:
    """Ids of messages of these steps (strategy, step) that wait for a channel alone: their hour has come.

    Not those that may have been sent, nor what a person or a worker holds.
    """
    unsent = or_(waiting, _m.state == State.PLANNED)
    query = (
        select(_m.id)
        .where(
            unsent,
            _RELEASED,
            unleased(real_now),
            _m.channel == channel,
            _m.sent_at.is_(None),
            tuple_(_m.strategy, _m.step).in_(steps),
            or_(_m.not_before.is_(None), _m.not_before <= now),
        )
        .order_by(_m.id)
    )
    return list(connection.scalars(query))
