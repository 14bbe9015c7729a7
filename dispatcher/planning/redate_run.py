"""Gives a run its true day: the way back for a desk that dated one too late, after which every true day is refused."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.storage.planned import redate
from dispatcher.planning.storage import ladder, plans


class RedateError(ValueError):
    """The run cannot be given that day; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Redated:
    """What was changed."""

    run_id: int
    was: date
    day: date
    messages: int


def redate_run(
    database: Database, run_id: int, *, day: date | None, why: str, now: datetime, actor: str
) -> Redated:
    """Date a run back to `day` (else the day it began on); its messages and their ladders follow.

    Raises RedateError where there is no such run, where it is dated no later, or where an earlier run is dated later.
    """
    with database.writing() as connection:
        run = plans.get_run(connection, run_id)
        if run is None:
            raise RedateError(f"there is no run {run_id}; `dispatcher messages list` shows their numbers")
        began = run.real_started_at.date() + timedelta(
            days=1
        )  # at the latest: somewhere the next day has begun
        if run.as_of <= began and run.as_of <= now.date():
            raise RedateError(
                f"run {run_id} is of {run.as_of}, a day that had come: only one that bears a day to come is dated back"
            )
        true_day = day or run.started_at.date()
        if run.as_of <= true_day:
            raise RedateError(
                f"run {run_id} is of {run.as_of}: only a run that is dated too late is dated back"
            )
        _refuse_behind_earlier(connection, run, true_day)
        plans.update_run(connection, run_id, as_of=true_day)
        ids = redate(connection, run_id, true_day)
        ladder.fold_again_of(connection, ids)
        details = {"run": run_id, "from": run.as_of.isoformat(), "to": true_day.isoformat(), "why": why}
        entry = LogEntry(
            event=Event.RUN_REDATED, at=now, actor=actor, run_id=run_id, as_of=true_day, details=details
        )
        delivery_log.append(connection, [entry])
    return Redated(run_id=run_id, was=run.as_of, day=true_day, messages=len(ids))


def _refuse_behind_earlier(connection: Connection, run: object, day: date) -> None:
    newest = plans.newest_before(connection, run)
    if newest is not None and newest.as_of > day:
        raise RedateError(
            f"run {newest.id}, which came before it, is of {newest.as_of}: date that one back first, "
            f"or use {newest.as_of} or later"
        )
