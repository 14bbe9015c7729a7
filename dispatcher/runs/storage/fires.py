"""Every fire of every schedule, once, whoever leads."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.database.tables.operations import fires, marks

_FIRST_SEEN = "schedule-first-seen:"


@dataclass(frozen=True, slots=True)
class FireRow:
    """One fire as recorded."""

    schedule: str
    at: datetime
    owner: str
    state: str  # running, done, failed, skipped
    note: str


def last_fires(connection: Connection) -> dict[str, datetime]:
    """Schedule -> its newest recorded fire."""
    query = select(fires.c.schedule, func.max(fires.c.fire_at, type_=fires.c.fire_at.type)).group_by(
        fires.c.schedule
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def first_seen(connection: Connection, names: Iterable[str], now: datetime) -> dict[str, datetime]:
    """Since when each schedule has existed here: what lies before is nobody's missed fire."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    keys = {f"{_FIRST_SEEN}{name}": name for name in names}
    rows = [{"name": key, "value": now.isoformat()} for key in keys]
    if rows:
        connection.execute(dialect.insert(marks).on_conflict_do_nothing(), rows)
    found = connection.execute(select(marks).where(marks.c.name.in_(list(keys))))
    return {keys[name]: datetime.fromisoformat(value) for name, value in found}


def claim(
    connection: Connection, schedule: str, at: datetime, *, owner: str, now: datetime, state: str
) -> bool:
    """Record a fire; False when it has been recorded, here or elsewhere."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"schedule": schedule, "fire_at": at, "owner": owner, "state": state, "started_at": now}
    statement = dialect.insert(fires).values(row).on_conflict_do_nothing().returning(fires.c.schedule)
    return connection.scalar(statement) is not None


def finish(
    connection: Connection, schedule: str, at: datetime, *, state: str, now: datetime, note: str
) -> None:
    """Say how a fire ended."""
    connection.execute(
        update(fires)
        .where(fires.c.schedule == schedule, fires.c.fire_at == at)
        .values(state=state, finished_at=now, note=note)
    )


def take_over(connection: Connection, *, owner: str, now: datetime) -> list[FireRow]:
    """Fires that another leader had begun when it died become the owner's; returns them, oldest first."""
    left = and_(fires.c.state == "running", fires.c.owner != owner)
    rows = [_row(row) for row in connection.execute(select(fires).where(left).order_by(fires.c.fire_at))]
    connection.execute(update(fires).where(left).values(owner=owner, started_at=now))
    return rows


def recent(connection: Connection, limit: int = 50) -> list[FireRow]:
    """The newest fires."""
    query = select(fires).order_by(fires.c.fire_at.desc(), fires.c.schedule).limit(limit)
    return [_row(row) for row in connection.execute(query)]


def forget_before(connection: Connection, instant: datetime) -> int:
    """Drop old fires; the newest of each schedule stays, because the next is counted from it."""
    newest = select(func.max(fires.c.fire_at)).group_by(fires.c.schedule)
    statement = delete(fires).where(fires.c.fire_at < instant, fires.c.fire_at.not_in(newest))
    return connection.execute(statement).rowcount


def _row(row: object) -> FireRow:
    values = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
    return FireRow(values["schedule"], values["fire_at"], values["owner"], values["state"], values["note"])
