"""Notes beside the request who looked at which person: reading waits for no writer, and each look is in the log."""

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log

AGAIN_AFTER = timedelta(minutes=10)  # looking on at the same person is the same look
_MOST_WAITING = 5_000
_REMEMBERED = 10_000
_AT_ONCE = 200
_LOG = logging.getLogger("dispatcher.web")


class ViewLog:
    """Writes `viewed` entries in a thread of its own, in order; `close` waits until all are written."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._waiting: queue.Queue[LogEntry | None] = queue.Queue()
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()
        self._thread: threading.Thread | None = None

    def note(self, actor: str, what: str, person: str) -> None:
        """`actor` looked at `what` (a page, a text) of a person, named by pseudonym."""
        now = self._clock()
        with self._lock:
            if self._is_same_look((actor, what, person), now):
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="views", daemon=True)
                self._thread.start()
        entry = LogEntry(event=Event.VIEWED, at=now, actor=actor, details={"what": what, "person": person})
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put(entry)
        else:  # so many wait that somebody copies everything: now each look waits for its entry
            self._write([entry])

    def close(self) -> None:
        """Write what waits; nothing may be noted afterwards."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()

    def _is_same_look(self, key: tuple[str, str, str], now: datetime) -> bool:
        before = self._seen.get(key)
        if before is not None and now - before < AGAIN_AFTER:
            return True
        self._seen[key] = now
        self._seen.move_to_end(key)
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return False

    def _write_on(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, ends = [first], False
            while len(batch) < _AT_ONCE and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    ends = True
                    break
                batch.append(following)
            self._write(batch)
            if ends:
                return

    def _write(self, entries: list[LogEntry]) -> None:
        try:
            with self._database.writing() as connection:
                delivery_log.append(connection, entries)
        except Exception:  # noqa: BLE001  the page was shown; what could not be written down must be seen
            _LOG.exception("%s views could not be written into the log", len(entries))
