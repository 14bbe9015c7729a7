"""The kill switch as rows: what is stopped, by whom, why, until resumed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dispatcher.database.tables.delivery import stops
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.storage import urgent_stops

PROGRAM = "dispatcher"

_IN_FORCE = select(stops).where(stops.c.resumed_at.is_(None)).order_by(stops.c.id)


@dataclass(frozen=True, slots=True)
class StopRow:
    """A stop in force and since when."""

    id: int
    stop: Stop
    why: str
    stopped_by: str
    stopped_at: datetime

    @property
    def by_program(self) -> bool:
        """Whether no person did it: a provider refused everything, or a guard stepped in."""
        return self.stopped_by == PROGRAM


def in_force(connection: Connection) -> list[StopRow]:
    """All stops that nobody has resumed, oldest first; last, with numbers below 0, what no transaction has taken in."""
    # Looked at first: one that is taken in meanwhile is then found here, or in the rows, or in both.
    urgent = urgent_stops.read(urgent_stops.folder_beside(connection.engine.url))
    rows = [
        StopRow(row.id, Stop(scope=row.scope, name=row.name), row.why, row.stopped_by, row.stopped_at)
        for row in connection.execute(_IN_FORCE)
    ]
    known = {row.stop for row in rows}
    return rows + [
        StopRow(-number, one.stop, one.why, one.by, one.at)
        for number, one in enumerate(urgent, start=1)
        if one.stop not in known
    ]


def add(connection: Connection, stop: Stop, *, why: str, by: str, at: datetime) -> bool:
    """Stop; False when that stop is in force already."""
    if any(row.stop == stop and row.id > 0 for row in in_force(connection)):
        return False
    connection.execute(
        insert(stops).values(scope=stop.scope, name=stop.name, why=why, stopped_by=by, stopped_at=at)
    )
    return True


def resume(connection: Connection, stop: Stop, *, by: str, at: datetime) -> list[StopRow]:
    """End that stop; returns what was in force."""
    ended = [row for row in in_force(connection) if row.stop == stop]
    _end(connection, (row.id for row in ended), by, at)
    return ended


def resume_all(connection: Connection, *, by: str, at: datetime) -> list[StopRow]:
    """End every stop; returns what was in force."""
    ended = in_force(connection)
    _end(connection, (row.id for row in ended), by, at)
    return ended


def _end(connection: Connection, ids: Iterable[int], by: str, at: datetime) -> None:
    connection.execute(update(stops).where(stops.c.id.in_(list(ids))).values(resumed_by=by, resumed_at=at))


def ended(connection: Connection, *, limit: int) -> Sequence[Any]:
    """The newest stops that somebody has resumed."""
    query = select(stops).where(stops.c.resumed_at.is_not(None)).order_by(stops.c.id.desc()).limit(limit)
    return connection.execute(query).all()
