"""Prepares many messages in processes beside this one: a text takes half a millisecond of a core, a letter ten."""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.settings import Settings
from dispatcher.worker.cores import MOST_PROCESSES, usable_cores
from dispatcher.writing.prepare_messages import MANY, Chunk, Prepared, prepare_chunk

# Chunks a process that wait for it or lie done: enough that none waits, few enough to hold in memory
AHEAD = 2
WATCH_SECONDS = 0.5
_CANNOT = (BrokenExecutor, OSError)  # a process died, or the machine has none to give

_log = logging.getLogger(__name__)


class RenderPool:
    """Spreads chunks over processes, from when many are expected until it closes; where they die, it goes on alone."""

    def __init__(self, dispatcher: Dispatcher, *, actor: str, processes: int) -> None:
        self._dispatcher = dispatcher
        self._actor = actor
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._broken = False

    def expect(self, count: int) -> None:
        """Start the processes where so many texts are worth it: they get ready while the day is still being planned."""
        if count < MANY or self._pool is not None:
            return
        pool = self._open_pool()
        try:
            for _ in range(self._processes):  # a process is started when there is work for it
                pool.submit(_be_ready)
        except _CANNOT as error:
            self._go_on_alone(error)

    def __call__(self, chunks: Iterable[Chunk]) -> Iterator[list[Prepared]]:
        """Yield what became of each chunk, in order."""
        pool = self._pool or self._open_pool()
        ahead: deque[tuple[Chunk, Future[list[Prepared]] | None]] = deque()
        for ids in chunks:
            ahead.append((ids, self._begin(pool, ids)))
            if len(ahead) > AHEAD * self._processes:
                yield self._end(*ahead.popleft())
        while ahead:
            yield self._end(*ahead.popleft())

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _open_pool(self) -> ProcessPoolExecutor:
        self._broken = False
        self._pool = ProcessPoolExecutor(
            self._processes,
            # A forked child would share database connections and threads with its parent.
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_open,
            initargs=(self._dispatcher.settings, self._actor, os.getpid(), self._dispatcher.now()),
        )
        return self._pool

    def _begin(self, pool: ProcessPoolExecutor, ids: Chunk) -> Future[list[Prepared]] | None:
        if self._broken:
            return None
        try:
            return pool.submit(_prepare, ids, self._dispatcher.now())
        except _CANNOT as error:
            self._go_on_alone(error)
            return None

    def _end(self, ids: Chunk, begun: Future[list[Prepared]] | None) -> list[Prepared]:
        try:
            if begun is not None:
                return begun.result()
        except BrokenExecutor as error:
            self._go_on_alone(error)
        house = self._dispatcher
        return prepare_chunk(house.database, house.preparing(self._actor), ids, house.now())

    def _go_on_alone(self, error: Exception) -> None:
        if not self._broken:
            _log.warning(
                "processes that make texts could not start or died (%s): the run goes on alone", error
            )
        self._broken = True


def render_pool(dispatcher: Dispatcher, *, actor: str) -> RenderPool | None:
    """The room, or None where there is one core or the settings want no other process."""
    processes = dispatcher.settings.prepare_processes or min(usable_cores(), MOST_PROCESSES)
    return RenderPool(dispatcher, actor=actor, processes=processes) if processes > 1 else None


class _Clock:
    """The parent's business clock, as it was when a chunk was handed over."""

    def __init__(self) -> None:
        self.at = datetime.fromtimestamp(0, UTC)

    def __call__(self) -> datetime:
        return self.at


_clock = _Clock()
_prepare_here: partial[list[Prepared]]


def _open(settings: Settings, actor: str, parent: int, now: datetime) -> None:
    global _prepare_here  # noqa: PLW0603  what a process keeps between the calls of its pool
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to end
    threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()
    house = open_dispatcher(settings, upgrade=False)
    _clock.at = now  # the configuration of a day is read by its date
    house.now = _clock
    house.get_ready()
    _prepare_here = partial(prepare_chunk, house.database, house.preparing(actor))


def _be_ready() -> None:
    """Nothing: who can do it has opened its house."""


def _prepare(ids: Chunk, now: datetime) -> list[Prepared]:
    _clock.at = now
    return _prepare_here(ids, now)


def _watch_parent(parent: int) -> None:
    """End with the parent, however it ends: nobody else would ever stop this process."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)
