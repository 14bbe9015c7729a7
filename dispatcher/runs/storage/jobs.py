"""Long work begun on a page, as rows, so that it can be left and found again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dispatcher.database.tables.operations import jobs

SILENT = timedelta(minutes=2)  # a running job that has not been seen for so long has died with its process


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One job. `state`: running, done, failed, interrupted; instants on the real clock."""

    id: int
    kind: str
    owner: str
    host: str
    details: Mapping[str, Any]
    state: str
    done: int
    total: int
    result: Mapping[str, Any]
    created_at: datetime
    finished_at: datetime | None


def add(
    connection: Connection, *, kind: str, owner: str, host: str, details: Mapping[str, Any], now: datetime
) -> int:
    """A job that runs; returns its id."""
    row = {"kind": kind, "owner": owner, "host": host, "details": dict(details), "state": "running"}
    key: int = connection.scalars(
        insert(jobs).values(**row, created_at=now, seen_at=now).returning(jobs.c.id)
    ).one()
    return key


def note(connection: Connection, job_id: int, *, done: int, total: int, now: datetime) -> None:
    """Say how far it has come, and that it lives."""
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(done=done, total=total, seen_at=now))


def finish(
    connection: Connection, job_id: int, *, state: str, result: Mapping[str, Any], now: datetime
) -> None:
    """Say what it came to."""
    connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(state=state, result=dict(result), seen_at=now, finished_at=now)
    )


def get(connection: Connection, job_id: int, *, now: datetime) -> Job | None:
    """One job as it stands."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    return _job(row, now) if row else None


def of_owner(connection: Connection, owner: str, *, now: datetime, limit: int = 50) -> list[Job]:
    """Somebody's jobs, newest first."""
    query = select(jobs).where(jobs.c.owner == owner).order_by(jobs.c.id.desc()).limit(limit)
    return [_job(row, now) for row in connection.execute(query)]


def of_kind(
    connection: Connection,
    kind: str,
    *,
    owner: str = "",
    before: int | None = None,
    now: datetime,
    limit: int,
) -> list[Job]:
    """Jobs of a kind, somebody's or everybody's, newest first, before an id."""
    query = select(jobs).where(jobs.c.kind == kind).order_by(jobs.c.id.desc()).limit(limit)
    if owner:
        query = query.where(jobs.c.owner == owner)
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [_job(row, now) for row in connection.execute(query)]


def _job(row: Any, now: datetime) -> Job:
    silent = row.state == "running" and now - row.seen_at > SILENT
    return Job(
        id=row.id,
        kind=row.kind,
        owner=row.owner,
        host=row.host,
        details=row.details,
        state="interrupted" if silent else row.state,
        done=row.done,
        total=row.total,
        result=row.result,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
