"""Pauses a channel whose provider keeps failing, instead of burning messages against it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from channels.outcome import Outcome, Rejected, Scope, TryLater, Unknown


class BreakerState(StrEnum):
    """Closed lets everything through, open nothing, half-open one message as a probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Opens after `failures` failures in a row, or at once when the provider refuses the channel as a whole.

    Unknown ends and failures of the provider count; refusals of one message or address are answers of a
    provider that is well. After `pause` (or the provider's longer wish) one attempt is let through.
    Thread-safe.
    """

    def __init__(self, *, failures: int, pause: timedelta, clock: Callable[[], datetime]) -> None:
        if failures < 1 or pause <= timedelta(0):
            raise ValueError("a breaker needs at least one failure to open and a pause to wait")
        self._limit = failures
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._opens_again_at: datetime | None = None
        self._probe_since: datetime | None = None

    @property
    def state(self) -> BreakerState:
        """Where it stands at this moment."""
        with self._lock:
            return self._state()

    @property
    def paused_until(self) -> datetime | None:
        """When the next attempt is let through; None while closed."""
        with self._lock:
            return self._opens_again_at

    def allows(self) -> bool:
        """Whether an attempt may be made now; in half-open state only the first asker gets a yes."""
        with self._lock:
            match self._state():
                case BreakerState.CLOSED:
                    return True
                case BreakerState.OPEN:
                    return False
                case _:
                    return self._take_probe()

    def take_up(self, paused_until: datetime) -> None:
        """Go on with a pause that another process has found: after it one attempt is let through, not `failures`."""
        with self._lock:
            self._opens_again_at = paused_until

    def record(self, outcome: Outcome) -> BreakerState:
        """Count the end of an attempt; returns the state that follows."""
        with self._lock:
            if _speaks_of_the_channel(outcome):
                self._open(None)
            elif _is_failure(outcome):
                self._count(outcome)
            elif not isinstance(outcome, TryLater):
                self._close()
            return self._state()

    def _state(self) -> BreakerState:
        if self._opens_again_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._opens_again_at else BreakerState.HALF_OPEN

    def _take_probe(self) -> bool:
        now = self._clock()
        # A probe whose end never came (its worker died) must not keep the channel shut for ever.
        if self._probe_since is not None and now - self._probe_since < self._pause:
            return False
        self._probe_since = now
        return True

    def _count(self, outcome: Outcome) -> None:
        self._in_a_row += 1
        if self._in_a_row >= self._limit or self._opens_again_at is not None:
            self._open(outcome.after if isinstance(outcome, TryLater) else None)

    def _open(self, wish: timedelta | None) -> None:
        self._opens_again_at = self._clock() + max(self._pause, wish or timedelta(0))
        self._probe_since = None

    def _close(self) -> None:
        self._in_a_row = 0
        self._opens_again_at = None
        self._probe_since = None


def _speaks_of_the_channel(outcome: Outcome) -> bool:
    return isinstance(outcome, Rejected) and outcome.scope is Scope.CHANNEL


def _is_failure(outcome: Outcome) -> bool:
    return isinstance(outcome, Unknown) or (isinstance(outcome, TryLater) and outcome.provider_failed)
