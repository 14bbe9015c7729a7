"""Replays past days under a simulated clock: a run a day, deferrals released as the clock passes them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from dispatcher.database.engine import Database
from dispatcher.delivery.storage import due
from dispatcher.planning.plan_reminders import RunRefused
from dispatcher.planning.storage import plans
from dispatcher.runs.domain.run_summary import RunSummary
from dispatcher.runs.run_day import DayPorts, DayRequest, run_day
from dispatcher.runs.storage import replayed

DAY = timedelta(days=1)


class SimulatedClock:
    """A business clock that stands where it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """The simulated instant."""
        return self.at


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayRequest:
    """Both dates are included; `at` is the hour (UTC) of the daily run."""

    first: date
    last: date
    at: time = time(18)

    def days(self) -> Iterator[date]:
        """Every day in order."""
        day = self.first
        while day <= self.last:
            yield day
            day += DAY

    def run_at(self, day: date) -> datetime:
        """The instant of a day's run."""
        return datetime.combine(day, self.at, UTC)


def refuse_replay(database: Database, request: ReplayRequest) -> None:
    """Raise RunRefused where a replay would mix with live work or go back behind an earlier replay."""
    if request.last < request.first:
        raise RunRefused(f"--to {request.last} lies before --from {request.first}")
    with database.reading() as connection:
        live = plans.newest_run(connection, mode="live")
        simulated = plans.newest_run(connection, mode="simulated")
    if live is not None:
        raise RunRefused(
            f"this home has live runs (the newest is run {live.id} of {live.as_of}): a replay would mix with them; "
            "set DISPATCHER_HOME to an empty folder, import the portfolio there, and replay that"
        )
    if simulated is not None and simulated.as_of >= request.first:
        raise RunRefused(
            f"{simulated.as_of} has been replayed here already: go on after it, or use an empty DISPATCHER_HOME"
        )


def replay_days(
    ports: DayPorts,
    clock: SimulatedClock,
    request: ReplayRequest,
    *,
    on_day: Callable[[date, RunSummary], None] = lambda _day, _summary: None,
) -> int:
    """Replay; returns how many days were run. `ports.now` must be `clock`."""
    refuse_replay(ports.database, request)
    days = 0
    for day in request.days():
        clock.at = request.run_at(day)
        summary = run_day(ports, DayRequest(as_of=day))
        _until(ports, clock, request.run_at(day + DAY))
        on_day(day, summary)
        days += 1
    return days


def _until(ports: DayPorts, clock: SimulatedClock, end: datetime) -> None:
    """Let the clock go on from one moment at which something becomes due to the next, up to the next run."""
    while True:
        with ports.database.reading() as connection:
            moment = due.next_due_at(connection, after=clock.at, until=end - timedelta(microseconds=1))
        if moment is None:
            return
        clock.at = moment
        ports.drain()


def replay_report(database: Database) -> dict[str, object]:
    """What the replays of this home came to: messages by step, channel and state, and why others were kept back."""
    with database.reading() as connection:
        return {
            "messages": replayed.by_step_and_channel(connection),
            "days_with_messages": replayed.days_with_messages(connection),
            "kept_back": replayed.kept_back(connection),
        }
