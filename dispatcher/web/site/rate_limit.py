"""Counts tries per caller in a sliding window, in this process; accounts are locked in the database besides."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

_MOST_CALLERS = 10_000


class RateLimit:
    """At most `tries` per `window` and caller. Thread-safe; the oldest callers are forgotten first."""

    def __init__(self, *, tries: int, window: timedelta, clock: Callable[[], datetime]) -> None:
        self._tries = tries
        self._window = window
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def refuses(self, caller: str) -> timedelta | None:
        """Count a try; how long to wait when it was one too many."""
        now = self._clock()
        with self._lock:
            tries = self._seen.setdefault(caller, deque())
            self._seen.move_to_end(caller)
            while tries and now - tries[0] >= self._window:
                tries.popleft()
            if len(tries) >= self._tries:
                return self._window - (now - tries[0])
            tries.append(now)
            while len(self._seen) > _MOST_CALLERS:
                self._seen.popitem(last=False)
            return None
