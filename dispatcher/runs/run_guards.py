"""What a run looks at before it begins: that it is alone, and that the ledgers are fresh."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

from dispatcher.database import leases
from dispatcher.database.engine import Database
from dispatcher.database.holders import new_owner, this_process
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.planning.plan_reminders import RunRefused
from dispatcher.runs.storage import run_totals

RUN_LEASE = "daily-run"
RUN_LEASE_TIME = timedelta(minutes=30)

Renew = Callable[[], None]


@contextmanager
def alone(database: Database, real_now: Callable[[], datetime]) -> Iterator[Renew]:
    """Keep other runs out; yields what prolongs that, to be called during long work. Raises RunRefused."""
    owner = new_owner(this_process())

    def take() -> bool:
        now = real_now()
        with database.writing() as connection:
            return leases.take(connection, RUN_LEASE, owner, until=now + RUN_LEASE_TIME, real_now=now)

    if not take():
        raise RunRefused(
            "another run is at work; wait for it (one that died is taken over: at once on its own machine, "
            "from another one after 30 minutes)"
        )
    taken_at = real_now()

    def renew() -> None:
        nonlocal taken_at
        if real_now() - taken_at > RUN_LEASE_TIME / 6:
            if not take():
                raise RunRefused(
                    "this run stood still for more than half an hour, and another one has taken over"
                )
            taken_at = real_now()

    try:
        yield renew
    finally:
        with database.writing() as connection:
            leases.release(connection, RUN_LEASE, owner)


def require_ledger(database: Database) -> None:
    """Raise RunRefused where no ledger ever came in: a run of nothing looks like a day on which nobody owed."""
    with database.reading() as connection:
        if not run_totals.ledger_times(connection):
            raise RunRefused(
                "there is no ledger yet, so nobody can be reminded: bring one in with `dispatcher portfolio import "
                "FILE`, or on the page Ledgers"
            )


def stale_ledgers(database: Database, *, real_now: datetime, max_age: timedelta | None) -> dict[str, str]:
    """Creditor -> why its ledger is too old to run on; raises RunRefused when that leaves none. No age: none is."""
    if max_age is None:
        return {}
    with database.reading() as connection:
        times = run_totals.ledger_times(connection)
    stale = {}
    for creditor, (imported_at, as_of) in times.items():
        why = _too_old(imported_at, as_of, real_now, max_age)
        if why:
            stale[creditor] = why
    if times and len(stale) == len(times):
        lines = "; ".join(f"{creditor}: {why}" for creditor, why in sorted(stale.items()))
        raise RunRefused(
            f"no creditor has a fresh ledger ({lines}), or set DISPATCHER_GUARDS__MAX_LEDGER_AGE_HOURS"
        )
    return stale


def _too_old(imported_at: datetime | None, as_of: date | None, real_now: datetime, max_age: timedelta) -> str:
    """Why a ledger is too old, by its import or by the day it speaks of, to its midnight; empty: it is not."""
    hours = max_age.total_seconds() / 3600
    if imported_at is None or imported_at < real_now - max_age:
        when = imported_at.isoformat(timespec="minutes") if imported_at else "never"
        return f"its ledger was imported {when}, more than {hours:g} hours ago: import the portfolio again"
    if as_of is not None and datetime.combine(as_of + timedelta(days=1), time(), UTC) < real_now - max_age:
        return (
            f"its ledger was imported {imported_at.isoformat(timespec='minutes')} but speaks of {as_of}, which ended "
            f"more than {hours:g} hours ago: import a newer one"
        )
    return ""


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
        entry = LogEntry(event=Event.RUN_ORDERED, at=now, actor=actor, as_of=as_of, details=details)
        delivery_log.append(connection, [entry])
