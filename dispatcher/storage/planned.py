"""Finds messages that wait for their text."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from dispatcher.domain.message import State
from dispatcher.storage.one_of import one_of
from dispatcher.storage.tables import messages, runs

_STILL = (
    select(messages.c.id)
    .where(one_of(messages.c.id, "ids"), messages.c.state == State.PLANNED)
    .with_for_update()
)

UNRELEASED = ("planning", "planned")  # states of a run whose plan is only looked at


def planned_ids(connection: Connection, *, run_id: int | None, after: str, limit: int) -> list[str]:
    """Ids of planned messages after an id, in order: of released runs, or of one run, released or not."""
    query = _planned(select(messages.c.id), run_id).where(messages.c.id > after)
    return list(connection.scalars(query.order_by(messages.c.id).limit(limit)))


def count_planned(connection: Connection, *, run_id: int | None) -> int:
    """Count them."""
    return connection.scalar(_planned(select(func.count()), run_id)) or 0


def _planned(query: Select[Any], run_id: int | None) -> Select[Any]:
    released = or_(messages.c.run_id.is_(None), runs.c.state.not_in(UNRELEASED))
    of_run = released if run_id is None else messages.c.run_id == run_id
    joined = query.select_from(messages).outerjoin(runs, runs.c.id == messages.c.run_id)
    return joined.where(messages.c.state == State.PLANNED, of_run)


def planned_reasons(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[dict[str, Any], ...]]:
    """Message id -> why the plan lets it wait."""
    query = select(messages.c.id, messages.c.reasons).where(messages.c.id.in_(ids))
    return {row.id: tuple(row.reasons) for row in connection.execute(query)}


def still_planned(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these messages that still wait for their text, locked until the transaction ends."""
    return set(connection.scalars(_STILL, {"ids": list(ids)})) if ids else set()
