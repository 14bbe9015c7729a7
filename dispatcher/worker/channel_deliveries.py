"""One worker process's means to deliver: a provider, a breaker and threads for each channel."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from channels.breaker import Breaker
from channels.kind import ChannelKind
from channels.port import Channel
from dispatcher.database.engine import Connection, Database
from dispatcher.database.holders import this_process
from dispatcher.delivery.call_marks import CallMarks, MarkFiles
from dispatcher.delivery.channel_delivery import ChannelDelivery, Clock, Judge
from dispatcher.delivery.channel_trouble import second_serves, trouble_of
from dispatcher.delivery.deliver_messages import Batch, deliver_messages
from dispatcher.delivery.domain.call_pace import CallPace
from dispatcher.delivery.stop_watch import StopWatch
from dispatcher.messages.domain.message import Message

BREAKER_FAILURES = 5
BREAKER_PAUSE = timedelta(seconds=60)
SHORTEST_LEASE = timedelta(seconds=90)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Throttle:
    """How much a channel bears: calls at once, messages a second (0: no limit), seconds a call may take."""

    concurrency: int = 16
    rate: float = 0.0
    timeout: float = 20.0

    @property
    def lease(self) -> timedelta:
        """Long enough for the slowest call of a chunk and its outcome."""
        return max(SHORTEST_LEASE, timedelta(seconds=3 * self.timeout))


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryPorts:
    """What deliveries are made of. `real_clock` is that of leases and timers."""

    database: Database
    open_channel: Callable[[ChannelKind], Channel]
    judge: Judge
    clock: Clock
    real_clock: Clock
    throttles: Mapping[ChannelKind, Throttle]
    actor: str = "dispatcher"
    lease: timedelta | None = None  # instead of the throttles' own
    simulated: bool = False
    refuse_copy: Callable[[Connection], None] = lambda _connection: None
    remember: Callable[[Sequence[Message]], None] = lambda _begun: None
    open_second: Callable[[ChannelKind], Channel | None] = lambda _kind: None
    second_after: Callable[[ChannelKind], timedelta | None] = lambda _kind: None
    open_marks: Callable[[], CallMarks | None] = lambda: None
    mark_files: MarkFiles | None = None

    def provider(self, kind: ChannelKind, name: str) -> Channel:
        """The channel's provider of that name, else its first."""
        second = self.open_second(kind)
        return second if second is not None and second.provider == name else self.open_channel(kind)


class ChannelDeliveries:
    """The channel deliveries of this process, each opened when its first batch comes.

    One batch of a channel runs at a time: two would halve its chunks, and most of a transaction is paid by the chunk.
    Those that come meanwhile wait with their threads; or, where they `may_line_up` because the queue is in memory and
    nobody shares it, they stand in line behind it, so that no thread waits for a channel while another has work, and
    the next of the line begins while the last calls of the one before are made.

    A channel may have a second provider, which takes over while the first one fails: each has a breaker of its own.
    """

    def __init__(self, ports: DeliveryPorts, *, may_line_up: bool) -> None:
        self._ports = ports
        self._may_line_up = may_line_up
        self._turns = {kind: threading.Lock() for kind in ChannelKind}
        self._lines: dict[ChannelKind, deque[Batch]] = {}
        self._worked_off: set[ChannelKind] = set()  # channels whose line a thread is at
        self._lock = threading.Lock()
        self._deliveries: dict[tuple[ChannelKind, bool], ChannelDelivery] = {}
        self._marks: CallMarks | None = None
        self._stopping = threading.Event()
        self.moved = threading.Event()  # set whenever a batch has ended
        self.failure: Exception | None = None
        self.states: Counter[str] = Counter()

    def deliver(self, kind: ChannelKind, owner: str, ids: Sequence[str]) -> None:
        """Deliver one batch; what fails is kept for `drain` and raised again for the queue's dead letters."""
        if not self._may_line_up:
            with self._turns[kind]:
                self._deliver(kind, (owner, ids))
            return
        with self._lock:
            self._lines.setdefault(kind, deque()).append((owner, ids))
            if kind in self._worked_off:
                return
            self._worked_off.add(kind)
        self._work_off(kind)

    def _work_off(self, kind: ChannelKind) -> None:
        failures: list[Exception] = []
        while (batch := self._first_in_line(kind)) is not None:
            try:
                self._deliver(kind, batch)
            except Exception as error:  # noqa: BLE001  those who stand behind must not be forgotten; raised below
                failures.append(error)
        if failures:
            raise failures[0]

    def _first_in_line(self, kind: ChannelKind) -> Batch | None:
        """None where nobody stands there any more: whoever comes next is worked off by a thread of its own."""
        with self._lock:
            if self._lines[kind]:
                return self._lines[kind].popleft()
            self._worked_off.discard(kind)
        return None

    def _deliver(self, kind: ChannelKind, batch: Batch) -> None:
        try:
            delivery = self._delivery(kind)
            delivered = deliver_messages(delivery, *batch, then=self._behind(kind, delivery))
        except Exception as error:
            self.failure = error
            _log.exception("a batch of %s failed", kind.value)
            raise
        finally:
            self.moved.set()
        with self._lock:
            self.states += delivered.states

    def _behind(self, kind: ChannelKind, delivery: ChannelDelivery) -> Iterator[Batch]:
        """Yield those that stand in line, while the same provider serves."""
        while self._may_line_up and self._delivery(kind) is delivery:
            self.moved.set()
            with self._lock:
                if not self._lines[kind]:
                    return
                batch = self._lines[kind].popleft()
            yield batch

    def stop(self) -> None:
        """Ask batches under way to finish the calls that are being made and give back the rest."""
        self._stopping.set()

    def close(self) -> None:
        """Wait for the threads; channels are closed by whoever opened them."""
        self.stop()
        for delivery in self._deliveries.values():
            if isinstance(delivery.executor, ThreadPoolExecutor):
                delivery.executor.shutdown(wait=True)
        if self._marks is not None:
            self._marks.close()
            self._marks = None

    def _delivery(self, kind: ChannelKind) -> ChannelDelivery:
        by_second = self._ports.open_second(kind) is not None and self._second_serves(kind)
        with self._lock:
            key = (kind, by_second)
            if key not in self._deliveries:
                self._deliveries[key] = self._open(kind, by_second=by_second)
            return self._deliveries[key]

    def _second_serves(self, kind: ChannelKind) -> bool:
        with self._ports.database.reading() as connection:
            return second_serves(connection, kind.value, self._ports.real_clock())

    def _open(self, kind: ChannelKind, *, by_second: bool) -> ChannelDelivery:
        ports, throttle = self._ports, self._ports.throttles[kind]
        first, second = ports.open_channel(kind), ports.open_second(kind)
        channel, other = (second, first) if by_second and second is not None else (first, second)
        if self._marks is None:
            self._marks = ports.open_marks()
        may_begin_more = channel.repeat_is_safe or self._marks is not None
        delivery = ChannelDelivery(
            database=ports.database,
            channel=channel,
            other=other.provider if other is not None else "",
            second_after=None if by_second else ports.second_after(kind),
            breaker=Breaker(failures=BREAKER_FAILURES, pause=BREAKER_PAUSE, clock=ports.real_clock),
            judge=ports.judge,
            clock=ports.clock,
            real_clock=ports.real_clock,
            executor=ThreadPoolExecutor(throttle.concurrency, thread_name_prefix=f"send-{kind.value}"),
            worker=this_process(),
            pace=CallPace(hands=throttle.concurrency, may_begin_more=may_begin_more),
            marks=self._marks,
            lease=ports.lease or throttle.lease,
            actor=ports.actor,
            simulated=ports.simulated,
            stopping=self._stopping.is_set,
            stop_of=StopWatch(ports.database).stop_of,
            refuse_copy=ports.refuse_copy,
            remember=ports.remember,
        )
        with ports.database.reading() as connection:
            paused_until = trouble_of(connection, delivery)
        if paused_until is not None:
            delivery.breaker.take_up(paused_until)
        return delivery
