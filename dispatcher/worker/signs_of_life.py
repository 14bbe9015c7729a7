"""Says in the database who delivers and who hands out, while they do: a lease that its process keeps renewing."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from dispatcher.database import leases
from dispatcher.database.engine import Database
from dispatcher.database.holders import this_process
from dispatcher.delivery.who_delivers import ALIVE

_log = logging.getLogger(__name__)

RENEW_SECONDS = 5.0
FORGOTTEN_AFTER = timedelta(seconds=30)


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
