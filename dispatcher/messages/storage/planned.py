"""Finds messages that wait for their text."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.messages.domain.message import State

_REASONS = select(messages.c.id, messages.c.reasons).where(one_of(messages.c.id, "ids"))
# Without statistics SQLite would rather read all that is planned than the rows asked for.
_state = messages.c.state + ""
_STILL = select(messages.c.id).where(one_of(messages.c.id, "ids"), _state == State.PLANNED).with_for_update()

UNRELEASED = ("planning", "planned")  # states of a run whose plan is only looked at


def runs_with_planned(connection: Connection) -> dict[int | None, int]:
    """Released runs, and None for messages of no run -> how many of their messages wait for their text."""
    released = or_(messages.c.run_id.is_(None), runs.c.state.not_in(UNRELEASED))
    query = (
        select(messages.c.run_id, func.count())
        .outerjoin(runs, runs.c.id == messages.c.run_id)
        .where(messages.c.state == State.PLANNED, released)
        .group_by(messages.c.run_id)
        .order_by(messages.c.run_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def count_planned(connection: Connection, run_id: int) -> int:
    """How many messages of one run, released or not, wait for their text."""
    mine = (messages.c.run_id == run_id, messages.c.state == State.PLANNED)
    return connection.scalar(select(func.count()).select_from(messages).where(*mine)) or 0


def planned_ids(connection: Connection, run_id: int | None, *, after: str, limit: int) -> list[str]:
    """Ids, after one of them and in order, of those of a run; None: of those of no run."""
    of_run = messages.c.run_id.is_(None) if run_id is None else messages.c.run_id == run_id
    query = (
        select(messages.c.id)
        .where(of_run, messages.c.state == State.PLANNED)
        .where(messages.c.id > after)
        .order_by(messages.c.id)
        .limit(limit)
    )
    return list(connection.scalars(query))


def planned_reasons(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[dict[str, Any], ...]]:
    """Message id -> why the plan lets it wait."""
    return {row.id: tuple(row.reasons) for row in connection.execute(_REASONS, {"ids": list(ids)})}


def still_planned(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these messages that still wait for their text, locked until the transaction ends."""
    return set(connection.scalars(_STILL, {"ids": list(ids)})) if ids else set()


def redate(connection: Connection, run_id: int, day: date) -> list[str]:
    """Give a run's messages another as-of date; returns their ids."""
    changed = update(messages).where(messages.c.run_id == run_id).values(as_of=day).returning(messages.c.id)
    return list(connection.scalars(changed))
