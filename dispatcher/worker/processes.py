"""Worker processes on a shared queue: started, watched, replaced when they die, stopped with grace."""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.process import BaseProcess

from channels.kind import ChannelKind

WATCH_SECONDS = 0.5
GRACE_SECONDS = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """What each worker process does: its queues, batches at a time, and a set business clock, if any."""

    queues: Sequence[ChannelKind]
    threads: int
    now: datetime | None = None


def run_workers(crew: Crew, *, processes: int, stop: threading.Event) -> int:
    """Run until `stop` is set; returns how many processes did not end within their grace time.

    Settings come from the environment, as for every command. A single process is this one.
    """
    if processes == 1:
        work(crew, stop)
        return 0
    hands = [_start(crew) for _ in range(processes)]
    while not stop.wait(WATCH_SECONDS):
        for i, process in enumerate(hands):
            if not process.is_alive():
                _log.error("worker process %s ended with %s; starting another", process.pid, process.exitcode)
                hands[i] = _start(crew)
    return _stop_all(hands)


def work(crew: Crew, stop: threading.Event) -> None:
    """Deliver from the queues in this process until `stop` is set: what has begun is finished first.

    Raises ConfigError before anything is taken where the configuration cannot be read.
    """
    from dispatcher.bootstrap import open_dispatcher
    from dispatcher.worker.broker import open_broker
    from dispatcher.worker.daily_run import delivery_ports, look_at_clock, refuse_wrong_home
    from dispatcher.worker.delivery_process import DeliveryProcess
    from dispatcher.worker.signs_of_life import sign_of_life

    dispatcher = open_dispatcher(now=crew.now)
    try:
        dispatcher.refuse_if_not_ready()
        refuse_wrong_home(dispatcher)
        look_at_clock(dispatcher)
        dispatcher.get_ready()
        broker = open_broker(dispatcher.settings.broker_url)
        process = DeliveryProcess(delivery_ports(dispatcher, actor="worker"), broker, threads=crew.threads)
        alive = sign_of_life(
            dispatcher.database, "worker", real_now=dispatcher.real_now, clock_is_set=dispatcher.clock_is_set
        )
        # Before anybody's sweep on another machine, which knows nothing of what a worker that died here had marked.
        process.settle_killed_calls()
        with alive, process.working(frozenset(crew.queues)):
            stop.wait()
        broker.close()
    finally:
        dispatcher.close()


def stop_on_signals(stop: threading.Event) -> None:
    """Set the event when the process is asked to end."""

    def ask(_number: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def _start(crew: Crew) -> BaseProcess:
    # A forked child would share database and provider connections with its parent.
    process = multiprocessing.get_context("spawn").Process(target=_child, args=(crew, os.getpid()))
    process.start()
    return process


def _child(crew: Crew, parent: int) -> None:
    from dispatcher.settings import load_settings
    from dispatcher.worker.program_log import write_program_log

    write_program_log(load_settings().log_format, level=logging.WARNING)
    stop = threading.Event()
    stop_on_signals(stop)
    threading.Thread(target=_watch_parent, args=(parent, stop), daemon=True).start()
    work(crew, stop)


def _watch_parent(parent: int, stop: threading.Event) -> None:
    """A worker whose parent was killed stops by itself: nobody would ever stop it."""
    while not stop.wait(WATCH_SECONDS):
        if os.getppid() != parent:
            stop.set()


def _stop_all(hands: Sequence[BaseProcess]) -> int:
    for process in hands:
        if process.is_alive() and process.pid is not None:
            os.kill(process.pid, signal.SIGTERM)
    late = 0
    for process in hands:
        process.join(GRACE_SECONDS)
        if process.is_alive():
            _log.error("worker process %s did not end in time", process.pid)
            process.kill()
            late += 1
    return late
