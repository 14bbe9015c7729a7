"""When a schedule fires: wall-clock times in a zone, right on the days on which clocks change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from croniter import croniter

JOBS = (
    "access",
    "accounts",
    "answers",
    "alert",
    "batches",
    "changes",
    "drill",
    "import",
    "pass-on",
    "receipts",
    "reconcile",
    "retention",
    "run",
    "seal",
    "stamp",
    "summary",
    "sweep",
    "watch",
)
"""What a schedule may name; the worker has a function for each."""

CatchUp = Literal["once", "all", "skip"]
LONGEST_LOOK_BACK = timedelta(days=31)  # what was missed before is not caught up
LONGEST_INTERVAL = timedelta(days=1)
GRACE = timedelta(minutes=5)  # a fire found this late still counts as on time
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """`cron` has five fields (minute, hour, day, month, weekday), read in `zone`.

    `catch_up` says what happens to fires that were missed: the latest is made up for (`once`), each is (`all`), or
    none (`skip`).
    """

    name: str
    job: str
    cron: str
    zone: str
    catch_up: CatchUp = "once"

    @property
    def is_interval(self) -> bool:
        """Whether it fires throughout the day: then elapsed time counts, not the wall clock's labels."""
        return self.cron.split()[1].startswith("*")


@dataclass(frozen=True, slots=True)
class Fire:
    """One fire; `missed` when it is not to be run any more."""

    at: datetime
    missed: bool = False


def fires_to_make(schedule: Schedule, *, after: datetime, now: datetime) -> list[Fire]:
    """The fires in (after, now], oldest first, with those that are not to be run any more marked as missed.

    Of a schedule that fires throughout the day only the latest is told.
    """
    if schedule.is_interval:
        latest = _latest_by_the_minute(schedule, after, now)
        return [] if latest is None else [Fire(latest)]
    found = list(fires_between(schedule, after=max(after, now - LONGEST_LOOK_BACK), until=now))
    if schedule.catch_up == "all":
        return [Fire(at) for at in found]
    run = {found[-1]} if found and _is_to_be_made(schedule, found[-1], now) else set()
    return [Fire(at, missed=at not in run) for at in found]


def _is_to_be_made(schedule: Schedule, at: datetime, now: datetime) -> bool:
    return schedule.catch_up == "once" or now - at <= GRACE


def fires_between(schedule: Schedule, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """Instants in (after, until] in UTC.

    A time that the spring change skips fires once, as much later as the clock was moved; one that the autumn change
    brings twice fires at its first coming.
    """
    if schedule.is_interval:
        yield from _by_the_minute(schedule, after, until)
        return
    zone = ZoneInfo(schedule.zone)
    # A day's margin covers any offset; what lies outside is dropped by the comparison in UTC.
    start = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    seen: set[datetime] = set()
    for wall in _walls(schedule.cron, start, until.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)):
        at = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if after < at <= until and at not in seen:
            seen.add(at)
            yield at


def next_fire(schedule: Schedule, *, after: datetime) -> datetime | None:
    """The first fire after an instant, within a year."""
    for days in (2, 32, 367):
        first = next(fires_between(schedule, after=after, until=after + timedelta(days=days)), None)
        if first is not None:
            return first
    return None


def _walls(cron: str, start: datetime, end: datetime) -> Iterator[datetime]:
    # croniter knows no zone here: on zoned times it would fire twice in a doubled hour.
    times = croniter(cron, start)
    while (wall := times.get_next(datetime)) <= end:
        yield wall


def _by_the_minute(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(schedule.zone)
    at = after.astimezone(UTC).replace(second=0, microsecond=0) + _MINUTE
    while at <= until:
        if croniter.match(schedule.cron, at.astimezone(zone).replace(tzinfo=None)):
            yield at
        at += _MINUTE


def _latest_by_the_minute(schedule: Schedule, after: datetime, now: datetime) -> datetime | None:
    zone = ZoneInfo(schedule.zone)
    at = now.astimezone(UTC).replace(second=0, microsecond=0)
    while at > max(after, now - LONGEST_INTERVAL):
        if croniter.match(schedule.cron, at.astimezone(zone).replace(tzinfo=None)):
            return at
        at -= _MINUTE
    return None
