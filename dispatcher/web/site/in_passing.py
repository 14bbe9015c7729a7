"""Does small writes beside the requests, as well as it can: reading waits for no writer."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_LOG = logging.getLogger("dispatcher.web")


class InPassing:
    """One thread; what waits already is not asked for again, and what fails is done the next time."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="in-passing")
        self._waiting: set[str] = set()
        self._lock = threading.Lock()

    def do(self, key: str, call: Callable[[], object]) -> None:
        """Do it soon, unless something of that key waits."""
        with self._lock:
            if key in self._waiting:
                return
            self._waiting.add(key)
        self._executor.submit(self._do, key, call)

    def close(self) -> None:
        """End with what is being done."""
        self._executor.shutdown(cancel_futures=True)

    def _do(self, key: str, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception:  # noqa: BLE001  it was only in passing
            _LOG.warning("%s could not be written down", key.partition(" ")[0], exc_info=True)
        finally:
            with self._lock:
                self._waiting.discard(key)
