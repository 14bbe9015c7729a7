"""Releases and delivers until nothing is due now: `run --wait` and `dispatch --until-empty`."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.worker.channel_deliveries import ChannelDeliveries
from dispatcher.worker.relay import Relay

POLL = 0.05  # seconds between looks when other processes deliver
OWN_POLL = 0.25  # and at most, when this one does: it tells whenever a batch has ended
SWEEP_EVERY = 5.0
SWEEP_SHARE = 20  # and at least so many times what a sweep took: it reads everything that waits
STALLED_AFTER = 30.0  # seconds in which nothing moved, after which somebody is told, and again as often
MOST_ROUNDS_OF_PREPARING = 5  # a text that is outdated again each time it is made would go round for ever

_log = logging.getLogger(__name__)

Prepare = Callable[[], int]
"""Makes the texts that are missing; returns how many messages it prepared."""


@dataclass(kw_only=True)
class Drain:
    """What drains: a relay, this process's deliveries where it delivers itself, and what is done on the way."""

    relay: Relay
    deliveries: ChannelDeliveries | None
    prepare: Prepare
    sweep: Callable[[], int]
    stopping: Callable[[], bool] = lambda: False
    progress: Callable[[], object] = lambda: None
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Begin to watch whether anything moves."""
        self._busy, self._moved_at = -1, self.monotonic()

    def until_empty(self) -> int:
        """Go on until nothing is due now and nothing is on its way; returns how many messages were handed out.

        Raises what delivering raised in this process. Messages that are deferred, wait for a retry, are stopped or
        whose channel pauses are not due; those that wait for their channel's rate are.
        """
        handed, rounds, sweep_at = 0, 0, float("-inf")
        while not self.stopping():
            began = self.monotonic()
            if began >= sweep_at:
                self.sweep()
                done = self.monotonic()
                sweep_at = done + max(SWEEP_EVERY, SWEEP_SHARE * (done - began))
            now = self.relay.tick()
            handed += now
            self._raise_failure()
            self.progress()
            busy = self.relay.busy()
            self._watch(now, busy)
            if now or busy or self.relay.paced:
                self._wait()
                continue
            if rounds == MOST_ROUNDS_OF_PREPARING or not self.prepare():
                break
            rounds += 1
        return handed

    def _wait(self) -> None:
        if self.deliveries is None:
            time.sleep(POLL)
            return
        self.deliveries.moved.wait(OWN_POLL)
        self.deliveries.moved.clear()

    def _watch(self, handed: int, busy: int) -> None:
        """Say so when messages lie on a queue that nobody takes them from: waiting would look like work."""
        at = self.monotonic()
        if handed or busy != self._busy:
            self._busy, self._moved_at = busy, at
        elif busy and self.deliveries is None and at - self._moved_at >= STALLED_AFTER:
            self._moved_at = at
            _log.warning(
                "%d messages are handed out and none has moved for %d seconds: is a `dispatcher worker` running "
                "on this queue?",
                busy,
                STALLED_AFTER,
            )

    def _raise_failure(self) -> None:
        if self.deliveries is not None and self.deliveries.failure is not None:
            failure, self.deliveries.failure = self.deliveries.failure, None
            raise failure
