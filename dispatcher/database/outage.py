"""Tells a database that is away for a while from one that refuses, and waits for it to come back."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

_T = TypeVar("_T")
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


class DatabaseAwayError(Exception):
    """The database could not be reached for longer than we may wait."""


def is_passing(error: BaseException) -> bool:
    """Whether the call may work in a moment: a lost connection, a restart, a deadlock, a lock held too long."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def patiently(
    call: Callable[[], _T], *, for_seconds: float, sleep: Callable[[float], None] = time.sleep
) -> _T:
    """Call again while the database is away, with growing pauses. Raises DatabaseAwayError after `for_seconds`."""
    waited, pause = 0.0, _FIRST_PAUSE
    while True:
        try:
            return call()
        except DBAPIError as error:
            if not is_passing(error):
                raise
            if waited >= for_seconds:
                raise DatabaseAwayError(
                    f"the database has been away for {waited:.0f} s: {error.orig}"
                ) from error
        sleep(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_PAUSE)
