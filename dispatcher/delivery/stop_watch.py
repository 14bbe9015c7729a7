"""Looks at the stops right before each call: what was begun and not yet called stays here, too."""

import threading
import time
from collections.abc import Callable
from typing import Final

from dispatcher.database.engine import Database
from dispatcher.delivery.domain.stop import Stop, stopping
from dispatcher.delivery.storage import stops
from dispatcher.messages.domain.message import Message

FRESH_FOR: Final = 0.5  # seconds


class StopWatch:
    """What is stopped, at most half a second old. Thread-safe; reading waits for no writer."""

    def __init__(self, database: Database, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._stops: list[Stop] = []
        self._read_at = float("-inf")

    def stop_of(self, message: Message) -> Stop | None:
        """The stop that takes in the message, if any. Raises what the database raises when it is away."""
        with self._lock:
            if self._monotonic() - self._read_at >= FRESH_FOR:
                with self._database.reading() as connection:
                    self._stops = [row.stop for row in stops.in_force(connection)]
                self._read_at = self._monotonic()
            return stopping(message, self._stops)
