"""Who delivers and hands out at this moment, as leases say it that their processes keep renewing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.database import leases
from dispatcher.database.engine import Database
from dispatcher.database.holders import is_dead

ALIVE = "alive:"


@dataclass(frozen=True, kw_only=True, slots=True)
class LivingProcess:
    """A process that delivers (`worker`, `up`) or hands out (`scheduler`, `up`), and whether its clock is set."""

    part: str
    owner: str
    clock_is_set: bool

    @property
    def hands_out(self) -> bool:
        """Whether what is due is handed out by it."""
        return self.part in {"scheduler", "up"}

    @property
    def delivers(self) -> bool:
        """Whether what is handed out is delivered by it."""
        return self.part in {"worker", "up"}


def living_processes(database: Database, *, real_now: datetime) -> Sequence[LivingProcess]:
    """Who delivers and hands out at this moment; a process of this machine that died is none."""
    with database.reading() as connection:
        alive = leases.living(connection, prefix=ALIVE, real_now=real_now)
    return [
        LivingProcess(
            part=lease.details["part"], owner=lease.owner, clock_is_set=lease.details["clock_is_set"]
        )
        for lease in alive
        if not is_dead(lease.owner)
    ]
