"""Fires what is due, as the one leader: every fire recorded once, what a dead leader had begun finished."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dispatcher.database import leases
from dispatcher.database.engine import Database
from dispatcher.runs.domain.schedule import Fire, Schedule, fires_to_make
from dispatcher.runs.storage import fires

LEADER = "scheduler"
LEASE = timedelta(seconds=30)
KEEP_FIRES = timedelta(days=40)

Job = Callable[[datetime], str]
"""Does the work of one fire (its nominal time, in its zone), says in a sentence what it did. Safe to repeat."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulerPorts:
    """What a scheduler works with; `now` is the clock by which schedules fire."""

    database: Database
    schedules: Sequence[Schedule]
    jobs: Mapping[str, Job]
    now: Callable[[], datetime]
    owner: str
    lease: timedelta = LEASE
    trouble: Callable[[str, Exception], None] = lambda _name, _error: None


def lead(ports: SchedulerPorts) -> bool:
    """Become or stay the leader; False while another one leads."""
    now = ports.now()
    with ports.database.writing() as connection:
        return leases.take(connection, LEADER, ports.owner, until=now + ports.lease, real_now=now)


def resign(ports: SchedulerPorts) -> None:
    """Give the lead away at once."""
    with ports.database.writing() as connection:
        leases.release(connection, LEADER, ports.owner)


def fire_schedules(ports: SchedulerPorts) -> list[tuple[str, datetime]]:
    """Fire what is due if this one leads; returns (schedule, nominal instant) of what was run."""
    if not lead(ports):
        return []
    ran = _finish_what_was_left(ports)
    for schedule in ports.schedules:
        try:
            ran += _fire_one(ports, schedule)
        except Exception as error:  # noqa: BLE001 one schedule that fails must not keep the others from firing
            ports.trouble(schedule.name, error)
    return ran


def _fire_one(ports: SchedulerPorts, schedule: Schedule) -> list[tuple[str, datetime]]:
    now = ports.now()
    with ports.database.writing() as connection:
        seen = fires.first_seen(connection, [schedule.name], now)[schedule.name]
        last = fires.last_fires(connection).get(schedule.name, seen)
    ran = []
    for fire in fires_to_make(schedule, after=last, now=now):
        # A long job before this one may have cost the lead: look again, the unique key decides.
        if _claim(ports, schedule, fire) and not fire.missed:
            _run(ports, schedule, fire.at)
            ran.append((schedule.name, fire.at))
    return ran


def _claim(ports: SchedulerPorts, schedule: Schedule, fire: Fire) -> bool:
    if not lead(ports):
        return False
    state = "skipped" if fire.missed else "running"
    with ports.database.writing() as connection:
        return fires.claim(
            connection, schedule.name, fire.at, owner=ports.owner, now=ports.now(), state=state
        )


def _finish_what_was_left(ports: SchedulerPorts) -> list[tuple[str, datetime]]:
    """The leader before died in the middle of these: jobs are safe to repeat, so they are run to their end."""
    known = {schedule.name: schedule for schedule in ports.schedules}
    with ports.database.writing() as connection:
        left = fires.take_over(connection, owner=ports.owner, now=ports.now())
    for row in left:
        if row.schedule in known:
            _run(ports, known[row.schedule], row.at)
        else:
            _finish(ports, row.schedule, row.at, "failed", "its scheduler died and the schedule is gone")
    return [(row.schedule, row.at) for row in left if row.schedule in known]


def _run(ports: SchedulerPorts, schedule: Schedule, at: datetime) -> None:
    try:
        note = ports.jobs[schedule.job](at.astimezone(ZoneInfo(schedule.zone)))
    except Exception as error:  # noqa: BLE001  one job's failure must not keep the others from their hour
        ports.trouble(schedule.name, error)
        said = str(error) if speaks_for_itself(error) else f"{type(error).__name__}: {error}"
        _finish(ports, schedule.name, at, "failed", said)
        return
    _finish(ports, schedule.name, at, "done", note)


def speaks_for_itself(error: Exception) -> bool:
    """Whether an error is one of ours, whose text says what happened and what to do."""
    return type(error).__module__.partition(".")[0] in {"dispatcher", "channels"}


def _finish(ports: SchedulerPorts, name: str, at: datetime, state: str, note: str) -> None:
    now = ports.now()
    with ports.database.writing() as connection:
        fires.finish(connection, name, at, state=state, now=now, note=note)
        fires.forget_before(connection, now - KEEP_FIRES)
