"""Puts queue, relay and the deliveries of each channel together for one process."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import dramatiq
from dramatiq.worker import Worker

from channels.kind import ChannelKind
from dispatcher.database.holders import is_dead, this_process
from dispatcher.delivery.domain.pacing import LARGEST_BATCH
from dispatcher.delivery.expire_messages import expire_messages
from dispatcher.delivery.settle_killed_calls import remove_marks, settle_killed_calls
from dispatcher.delivery.sweep_leases import sweep_leases
from dispatcher.worker.actors import declare_actors, enqueue_with
from dispatcher.worker.broker import is_in_memory
from dispatcher.worker.channel_deliveries import ChannelDeliveries, DeliveryPorts
from dispatcher.worker.drain import Drain, Prepare
from dispatcher.worker.relay import HAND_OUT_LEASE, WINDOW, Relay

THREADS = 2  # while one batch waits for the database or the provider, the other goes on
ALONE_BATCH = 500  # where no other worker waits for a share of what is handed out
GRACE = timedelta(seconds=60)  # what a call under way may take when the process is asked to stop
IDLE_MS = 50  # how soon a worker thread notices that it is to stop

# What fails is told by the command that ran; without a handler Python would print it a second time.
for _name in ("dispatcher", "dramatiq"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class DeliveryProcess:
    """A process that can hand out and, while `working`, deliver."""

    def __init__(
        self,
        ports: DeliveryPorts,
        broker: dramatiq.Broker,
        *,
        threads: int = THREADS,
        lease: timedelta = HAND_OUT_LEASE,
        window: int = WINDOW,
        grace: timedelta = GRACE,
    ) -> None:
        self.ports = ports
        self.grace = grace
        self.broker = broker
        in_memory = is_in_memory(broker)
        self.threads = max(threads, len(ChannelKind)) if in_memory else threads
        self.deliveries = ChannelDeliveries(ports, may_line_up=in_memory)
        self.relay = Relay(
            database=ports.database,
            enqueue=enqueue_with(declare_actors(broker, self.deliveries.deliver)),
            throttles=ports.throttles,
            clock=ports.clock,
            real_clock=ports.real_clock,
            holder=this_process() if in_memory else "queue",
            lease=lease,
            window=window,
            largest_batch=ALONE_BATCH if in_memory else LARGEST_BATCH,
        )
        self._working = False

    @contextmanager
    def working(self, queues: frozenset[ChannelKind] = frozenset(ChannelKind)) -> Iterator[None]:
        """Deliver from these queues until the block ends: what has begun is finished, the rest given back."""
        worker = Worker(
            self.broker,
            queues={kind.value for kind in queues},
            worker_timeout=IDLE_MS,
            worker_threads=self.threads,
        )
        worker.start()
        self._working = True
        try:
            yield
        finally:
            self._working = False
            self.deliveries.stop()
            worker.stop(timeout=int(self.grace.total_seconds() * 1000))
            self.deliveries.close()

    def settle_killed_calls(self) -> int:
        """Settle what the marks of this machine's killed workers tell; returns how many messages were moved."""
        ports = self.ports
        if ports.mark_files is None:
            return 0
        settled = settle_killed_calls(
            ports.database,
            ports.provider,
            ports.mark_files,
            now=ports.clock(),
            real_now=ports.real_clock(),
            is_dead=is_dead,
            actor=ports.actor,
        )
        return settled.total

    def sweep(self) -> int:
        """Free what dead workers hold, end what is past its validity; returns how many messages were moved."""
        ports = self.ports
        settled = self.settle_killed_calls()
        expired = expire_messages(
            ports.database, now=ports.clock(), real_now=ports.real_clock(), actor=ports.actor
        )
        swept = sweep_leases(
            ports.database,
            ports.provider,
            now=ports.clock(),
            real_now=ports.real_clock(),
            is_dead=is_dead,
            actor=ports.actor,
        )
        if ports.mark_files is not None:
            remove_marks(ports.database, ports.mark_files)
        return settled + swept.total + expired

    def drain(
        self,
        *,
        prepare: Prepare = lambda: 0,
        progress: Callable[[], object] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> int:
        """Hand out and wait until nothing is due now; returns how many messages were handed out."""
        drain = Drain(
            relay=self.relay,
            deliveries=self.deliveries if self._working else None,
            prepare=prepare,
            sweep=self.sweep,
            stopping=stopping,
            progress=progress,
        )
        return drain.until_empty()
