"""Signs of life: who delivers, when it last did, which schedule comes next, and what should be moving and is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.database.engine import Database
from dispatcher.delivery.newest_attempt import NewestAttempt, UnreadableMarkError
from dispatcher.delivery.storage import attempts, due, stops
from dispatcher.delivery.who_delivers import LivingProcess, living_processes
from dispatcher.runs.domain.schedule import Schedule, next_fire

SHOULD_HAVE_MOVED = timedelta(minutes=10)  # what is due goes within seconds wherever anybody delivers


@dataclass(frozen=True, kw_only=True, slots=True)
class Signs:
    """How the machinery stands.

    `due`: messages that may go now and no stop keeps; `oldest_due`: since when the first of them. `last_attempt` is of
    the real clock; None: nothing ever went from this home. `next_schedule`: name and instant.
    """

    living: Sequence[LivingProcess]
    last_attempt: datetime | None
    due: int
    oldest_due: datetime | None
    next_schedule: tuple[str, datetime] | None
    now: datetime

    @property
    def delivers(self) -> bool:
        """Whether somebody delivers."""
        return any(one.delivers for one in self.living)

    @property
    def hands_out(self) -> bool:
        """Whether somebody hands out what is due, and so fires the schedules."""
        return any(one.hands_out for one in self.living)

    @property
    def stands_still(self) -> str:
        """What should be moving and is not, in a sentence; empty while all is well."""
        late = self.oldest_due is not None and self.now - self.oldest_due > SHOULD_HAVE_MOVED
        if not self.due or not (late or not self.delivers):
            return ""
        are = "message is" if self.due == 1 else "messages are"
        if not self.living:
            return f"{self.due:,} {are} due and nobody delivers: what is not sent in time expires."
        missing = "nobody hands out" if not self.hands_out else "nobody delivers" if not self.delivers else ""
        return f"{self.due:,} {are} due, and {missing or 'the oldest has waited for longer than it should'}."


def signs_of_life(
    database: Database,
    newest: NewestAttempt,
    schedules: Sequence[Schedule],
    *,
    now: datetime,
    real_now: datetime,
) -> Signs:
    """How the machinery stands; `now` is the business clock, `real_now` that of leases and schedules."""
    with database.reading() as connection:
        in_force = [row.stop for row in stops.in_force(connection)]
        groups = due.due_groups(connection, now=now, real_now=real_now, stops=in_force)
        oldest = due.oldest_due(connection, now=now, real_now=real_now) if groups else None
        try:
            mark = newest.read()
        except UnreadableMarkError:
            mark = None
        last = attempts.began(connection, mark.message_id, mark.number) if mark else None
    fires = (
        (one.name, at) for one in schedules if not one.is_interval and (at := next_fire(one, after=real_now))
    )
    return Signs(
        living=living_processes(database, real_now=real_now),
        last_attempt=last,
        due=sum(groups.values()),
        oldest_due=oldest,
        next_schedule=min(fires, key=lambda fire: fire[1], default=None),
        now=now,
    )
