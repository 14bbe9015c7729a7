"""Says what waits, why, and what to do about it: the answer to "nothing is due now"."""

from dataclasses import dataclass
from datetime import datetime

from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.channel_trouble import paused_channels
from dispatcher.delivery.storage import stops, waiting
from dispatcher.messages.domain.message import State

_LISTED = {
    State.HELD: ("are held and need a person", "dispatcher messages list --state held"),
    State.UNKNOWN: ("have an unknown end", "dispatcher reconcile"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """So many messages wait, why, and the next command."""

    count: int
    why: str
    command: str

    def __str__(self) -> str:
        return f"{self.count} {self.why}: {self.command}"


def what_waits(database: Database, *, now: datetime, real_now: datetime) -> list[Waiting]:
    """Everything that has not come to its end, by its reason; `now` is the business clock, `real_now` of leases."""
    with database.reading() as connection:
        found = [
            *_stopped(connection, now),
            *_paused(connection, real_now),
            *_later(connection, now),
            Waiting(
                count=waiting.unreleased(connection),
                why="stand in a plan that nobody has released",
                command="dispatcher run",
            ),
            Waiting(
                count=waiting.handed_out(connection, real_now=real_now),
                why="are handed out to workers",
                command="dispatcher worker, if none is running",
            ),
            *(
                Waiting(count=waiting.in_state(connection, state), why=why, command=command)
                for state, (why, command) in _LISTED.items()
            ),
        ]
    return [each for each in found if each.count]


def _stopped(connection: Connection, now: datetime) -> list[Waiting]:
    return [
        Waiting(
            count=waiting.stopped(connection, row.stop, now=now),
            why=f"are kept by the stop of {row.stop} since {row.stopped_at:%Y-%m-%d %H:%M}Z ({row.why})",
            command="dispatcher resume " + (f"--{row.stop.scope} {row.stop.name}".strip()) + ' --why "…"',
        )
        for row in stops.in_force(connection)
    ]


def _paused(connection: Connection, real_now: datetime) -> list[Waiting]:
    return [
        Waiting(
            count=waiting.on_channel(connection, name, real_now=real_now),
            why=f"wait for channel {name}, which pauses until {pause.until:%H:%M:%S}Z ({pause.why})",
            command="dispatcher dispatch, after the pause",
        )
        for name, pause in sorted(paused_channels(connection, real_now).items())
    ]


def _later(connection: Connection, now: datetime) -> list[Waiting]:
    count, first = waiting.later(connection, now=now)
    if first is None:
        return []
    why = f"wait for their hour, the first of them for {first:%Y-%m-%d %H:%M}Z"
    return [Waiting(count=count, why=why, command="dispatcher dispatch, then")]
