"""Runs long work beside the pages: two at a time, with its progress in the database."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from dispatcher.bootstrap import Dispatcher
from dispatcher.runs.storage import jobs

_LOG = logging.getLogger("dispatcher.web")
_NOTE_EVERY = 0.5  # seconds: a write each, not a write a row
AT_ONCE = 2
RUN = "run"  # the kind with a lane of its own: it does not wait until exports have ended


class Report(Protocol):
    """Told how far a job has come; `job` is its id, which the file that it makes is named by."""

    job: int

    def __call__(self, done: int, total: int, /) -> None:
        """Note the progress; raises StoppedError where the program is asked to stop."""


Work = Callable[[Report], Mapping[str, Any]]


class StoppedError(Exception):
    """The program is asked to stop: a job ends where it next tells how far it has come."""


class JobRunner:
    """Starts jobs; what they raise becomes their result."""

    def __init__(self, house: Dispatcher) -> None:
        self._house = house
        self._stopping = threading.Event()
        self._executor = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="job")
        self._own_lane = ThreadPoolExecutor(1, thread_name_prefix="run")

    def start(self, kind: str, owner: str, details: Mapping[str, Any], work: Work) -> int:
        """Begin; returns the job's id at once."""
        host = socket.gethostname()
        with self._house.database.writing() as connection:
            key = jobs.add(
                connection, kind=kind, owner=owner, host=host, details=details, now=self._house.real_now()
            )
        (self._own_lane if kind == RUN else self._executor).submit(self._run, key, work)
        return key

    def close(self) -> None:
        """Begin nothing more; what runs ends where it can be taken up again."""
        self._stopping.set()
        self._executor.shutdown(cancel_futures=True)
        self._own_lane.shutdown(cancel_futures=True)

    def _run(self, key: int, work: Work) -> None:
        try:
            state, result = "done", work(self._reporter(key))
        except StoppedError:
            state, result = "interrupted", {}
        except Exception as error:  # noqa: BLE001  whatever it is, the person who waits must read it
            _LOG.exception("job %s failed", key)
            ours = type(error).__module__.partition(".")[0] in {"dispatcher", "channels"}
            state, result = (
                "failed",
                {"why": str(error) if ours else f"{type(error).__name__}; the program's log says more"},
            )
        with self._house.database.writing() as connection:
            jobs.finish(connection, key, state=state, result=result, now=self._house.real_now())

    def _reporter(self, key: int) -> Report:
        return _Reporter(self._house, key, self._stopping)


class _Reporter:
    def __init__(self, house: Dispatcher, job: int, stopping: threading.Event) -> None:
        self.job = job
        self._house = house
        self._stopping = stopping
        self._noted = time.monotonic()

    def __call__(self, done: int, total: int, /) -> None:
        if self._stopping.is_set():
            raise StoppedError
        if time.monotonic() - self._noted < _NOTE_EVERY:
            return
        self._noted = time.monotonic()
        with self._house.database.writing() as connection:
            jobs.note(connection, self.job, done=done, total=total, now=self._house.real_now())
