"""Lets a person order the daily run: for a day that has come, beside no other run, under their name in the log."""

from datetime import date, datetime

from dispatcher.database import leases
from dispatcher.database.engine import Database
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.planning.plan_reminders import RunRefused
from dispatcher.runs.run_guards import RUN_LEASE


def order_run(
    database: Database, as_of: date, *, plan_digest: str, now: datetime, real_now: datetime, actor: str
) -> None:
    """Write down who orders it and which plan they looked at; raises RunRefused.

    The run itself stays alone by its lease: of two orders that come at once the second fails or finds nothing to do.
    """
    if as_of > now.date():
        raise RunRefused(
            f"{as_of} has not come yet (it is {now.date()} UTC): a run must not write before its day"
        )
    with database.writing() as connection:
        if leases.living(connection, prefix=RUN_LEASE, real_now=real_now):
            raise RunRefused("a run is at work already: its progress stands under runs")
        details = {"plan_digest": plan_digest}
        entry = LogEntry(event="run_ordered", at=now, actor=actor, as_of=as_of, details=details)
        delivery_log.append(connection, [entry])
