"""A scheduler process: leads or waits to lead, fires what is due, hands out what is due."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from dispatcher.bootstrap import Dispatcher
from dispatcher.database.holders import this_process
from dispatcher.rulebook.schedules import load_schedules
from dispatcher.runs.domain.schedule import JOBS, Schedule
from dispatcher.runs.fire_schedules import SchedulerPorts, fire_schedules, lead, resign, speaks_for_itself
from dispatcher.worker.daily_run import open_delivery_process
from dispatcher.worker.delivery_process import DeliveryProcess
from dispatcher.worker.event_loop import telling_receivers
from dispatcher.worker.jobs import jobs_of
from dispatcher.worker.relay_loop import RelayLoop
from dispatcher.worker.signs_of_life import sign_of_life

TICK_SECONDS = 1.0

_log = logging.getLogger(__name__)


def schedules_of(dispatcher: Dispatcher) -> tuple[Schedule, ...]:
    """The schedules in force; raises ConfigError."""
    return load_schedules(dispatcher.config("schedules.yaml"), jobs=JOBS)


def run_scheduler(dispatcher: Dispatcher, stop: threading.Event, *, actor: str = "scheduler") -> None:
    """Run until `stop` is set. Several may run; one leads, the others stand by."""
    with open_delivery_process(dispatcher, actor=actor) as process:
        run_beside(dispatcher, process, stop)


def run_beside(
    dispatcher: Dispatcher, process: DeliveryProcess, stop: threading.Event, *, part: str = "scheduler"
) -> None:
    """The scheduler's work beside open deliveries; `part` is what it is known as."""
    ports = SchedulerPorts(
        database=dispatcher.database,
        schedules=schedules_of(dispatcher),
        jobs=jobs_of(dispatcher, process),
        now=dispatcher.real_now,
        owner=this_process(),
        trouble=_say,
    )
    leading = threading.Event()
    alive = sign_of_life(
        dispatcher.database, part, real_now=dispatcher.real_now, clock_is_set=dispatcher.clock_is_set
    )
    with (
        alive,
        _keeping_the_lead(ports, leading),
        telling_receivers(dispatcher),
        RelayLoop(process.relay, may_hand_out=leading.is_set),
    ):
        while not stop.wait(TICK_SECONDS):
            if leading.is_set():
                ports = _as_in_force(dispatcher, ports)
                _fire(ports)
    if leading.is_set():
        resign(ports)


@contextmanager
def _keeping_the_lead(ports: SchedulerPorts, leading: threading.Event) -> Iterator[None]:
    """Renew the lead beside the jobs: one that runs for long must not cost it."""
    stop = threading.Event()

    def renew() -> None:
        while True:
            _set(leading, value=_try(lambda: lead(ports)))
            if stop.wait((ports.lease / 3) / timedelta(seconds=1)):
                return

    thread = threading.Thread(target=renew, name="lead", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _as_in_force(dispatcher: Dispatcher, ports: SchedulerPorts) -> SchedulerPorts:
    """The same with the schedules in force now; those before where the new ones cannot be read, which is said."""
    if "schedules" not in dispatcher.pages_texts.kinds:
        return ports
    try:
        return replace(ports, schedules=_read_schedules(dispatcher.config("schedules.yaml")))
    except Exception:  # noqa: BLE001  the leader must not die of it
        _log.exception("the schedules in force cannot be read: those before hold")
        return ports


@lru_cache(maxsize=2)
def _read_schedules(path: Path) -> tuple[Schedule, ...]:
    """Once a path: what is in force on the pages has a folder of its own by its digest."""
    return load_schedules(path, jobs=JOBS)


def _fire(ports: SchedulerPorts) -> None:
    try:
        for name, at in fire_schedules(ports):
            _log.info("%s of %s is over", name, at.isoformat())
    except Exception:  # noqa: BLE001  the next tick tries again; the leader must not die of it
        _log.exception("schedules could not be fired")


def _try(call: Callable[[], bool]) -> bool:
    try:
        return call()
    except Exception:  # noqa: BLE001  whoever cannot say that it leads does not lead
        _log.exception("the lead could not be renewed")
        return False


def _set(event: threading.Event, *, value: bool) -> None:
    if value:
        event.set()
    else:
        event.clear()


def _say(name: str, error: Exception) -> None:
    _log.error("schedule %s failed: %s", name, error, exc_info=None if speaks_for_itself(error) else error)
