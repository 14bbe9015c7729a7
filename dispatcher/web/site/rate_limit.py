"""Counts tries per caller in a sliding window, in this process; accounts are locked in the database besides."""

import math
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """What is left of an allowance after a request; `seconds` until it is whole again."""

    limit: int
    window: int
    left: int
    seconds: int
    is_over: bool

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers writes them."""
        found = {
            "RateLimit-Policy": f'"requests";q={self.limit};w={self.window}',
            "RateLimit": f'"requests";r={self.left};t={self.seconds}',
        }
        return found | ({"Retry-After": str(self.seconds)} if self.is_over else {})


class Allowance:
    """So many requests per window and caller, counted from its first one; in this process. Thread-safe."""

    def __init__(self, *, requests: int, window: timedelta, clock: Callable[[], datetime]) -> None:
        self._requests, self._window, self._clock = requests, window, clock
        self._lock = threading.Lock()
        self._spent: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def spend(self, caller: str) -> Allowed:
        """Count a request; refused ones cost nothing."""
        now = self._clock()
        with self._lock:
            since, count = self._spent.get(caller, (now, 0))
            if not since <= now < since + self._window:
                since, count = now, 0
            is_over = count >= self._requests
            count += not is_over
            self._spent[caller] = (since, count)
            self._spent.move_to_end(caller)
            while len(self._spent) > _MOST_CALLERS:
                self._spent.popitem(last=False)
        return Allowed(
            limit=self._requests,
            window=round(self._window.total_seconds()),
            left=self._requests - count,
            seconds=max(1, math.ceil((since + self._window - now).total_seconds())),
            is_over=is_over,
        )
