"""Says in the database who delivers and who hands out, while they do: a lease that its process keeps renewing."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.database import leases
from dispatcher.database.engine import Database
from dispatcher.database.holders import is_dead, this_process

_log = logging.getLogger(__name__)

ALIVE = "alive:"
RENEW_SECONDS = 5.0
FORGOTTEN_AFTER = timedelta(seconds=30)


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


@contextmanager
def sign_of_life(
    database: Database, part: str, *, real_now: Callable[[], datetime], clock_is_set: bool
) -> Iterator[None]:
    """Be known as alive until the block ends."""
    owner = this_process()
    name = f"{ALIVE}{part}:{owner}"[:100]  # as long as the column
    ended = threading.Event()

    def renew() -> None:
        now = real_now()
        with database.writing() as connection:
            leases.take(
                connection,
                name,
                owner,
                until=now + FORGOTTEN_AFTER,
                real_now=now,
                details={"part": part, "clock_is_set": clock_is_set},
            )

    def keep_on() -> None:
        while not ended.wait(RENEW_SECONDS):
            try:
                renew()
            except Exception:  # noqa: BLE001  a database that is away for a while ends no delivery
                _log.warning("this process could not say that it lives", exc_info=True)

    renew()
    thread = threading.Thread(target=keep_on, name=f"alive-{part}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(RENEW_SECONDS)
        with database.writing() as connection:
            leases.release(connection, name, owner)


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
