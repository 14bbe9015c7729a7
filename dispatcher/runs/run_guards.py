"""What a run looks at before it begins: that it is alone, and that the ledgers are fresh."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from dispatcher.database import leases
from dispatcher.database.engine import Database
from dispatcher.database.holders import new_owner, this_process
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


def stale_ledgers(database: Database, *, real_now: datetime, max_age: timedelta | None) -> dict[str, str]:
    """Creditor -> why its ledger is too old to run on; raises RunRefused when that leaves none. No age: none is."""
    if max_age is None:
        return {}
    with database.reading() as connection:
        times = run_totals.ledger_times(connection)
    hours = max_age.total_seconds() / 3600
    stale = {
        creditor: f"its ledger was imported {at.isoformat(timespec='minutes') if at else 'never'}, "
        f"more than {hours:g} hours ago: import the portfolio again"
        for creditor, at in times.items()
        if at is None or at < real_now - max_age
    }
    if times and len(stale) == len(times):
        lines = "; ".join(f"{creditor}: {why}" for creditor, why in sorted(stale.items()))
        raise RunRefused(
            f"no creditor has a fresh ledger ({lines}), or set DISPATCHER_GUARDS__MAX_LEDGER_AGE_HOURS"
        )
    return stale


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
