"""Hands out due messages all the time, while this process leads."""

import logging
import threading
from collections.abc import Callable

from dispatcher.worker.relay import Relay

IDLE_SECONDS = 0.25
TROUBLE_SECONDS = 2.0

_log = logging.getLogger(__name__)


class RelayLoop:
    """A thread that ticks a relay; trouble with the database or the queue makes it wait, not end."""

    def __init__(self, relay: Relay, *, may_hand_out: Callable[[], bool] = lambda: True) -> None:
        self._relay = relay
        self._may_hand_out = may_hand_out
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def __enter__(self) -> "RelayLoop":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End after the tick under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = self._tick()

    def _tick(self) -> float:
        if not self._may_hand_out():
            return IDLE_SECONDS
        try:
            return 0.0 if self._relay.tick() else IDLE_SECONDS
        except Exception:  # noqa: BLE001  database and queue fail in many ways, and each of them passes
            _log.exception("the relay could not hand out")
            return TROUBLE_SECONDS
