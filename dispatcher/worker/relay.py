"""Hands due messages to the queue in batches of ids: paced for the provider, fair between creditors and runs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from channels.kind import ChannelKind
from dispatcher.database.engine import Connection, Database
from dispatcher.database.holders import new_owner
from dispatcher.delivery.channel_delivery import Clock
from dispatcher.delivery.channel_trouble import paused_channels
from dispatcher.delivery.domain.pacing import (
    LARGEST_BATCH,
    Allowance,
    batch_size,
    chunks,
    fair_shares,
    in_turn,
)
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.stop_delivery import take_in_urgent_stops
from dispatcher.delivery.storage import stops
from dispatcher.delivery.storage.due import Group, due_groups, due_ids, on_the_way
from dispatcher.messages.storage import outbox
from dispatcher.worker.actors import Enqueue
from dispatcher.worker.channel_deliveries import Throttle

WINDOW = 2000  # messages handed out and not ended, a channel: what a newcomer has to wait for at most
HAND_OUT_LEASE = timedelta(seconds=90)
COUNT_EVERY = 2.0  # seconds between looking for groups that were not there before
COUNT_SHARE = 20  # and at least so many times what the looking took: it reads everything that waits


@dataclass(slots=True)
class _Lane:
    batch: int
    allowance: Allowance
    groups: dict[Group, int] = field(default_factory=dict)
    paced: bool = False  # more is due than its rate lets go now


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """One tick's view of the database."""

    connection: Connection
    now: datetime
    real_now: datetime
    stops: list[Stop]


@dataclass(kw_only=True)
class Relay:
    """One relay. Several may run: a message is leased to one batch at a time.

    `holder` names who loses the batches when the queue is lost: this process for a queue in memory, "queue" for
    one that outlives it.
    """

    database: Database
    enqueue: Enqueue
    throttles: Mapping[ChannelKind, Throttle]
    clock: Clock
    real_clock: Clock
    holder: str
    lease: timedelta = HAND_OUT_LEASE
    window: int = WINDOW
    largest_batch: int = LARGEST_BATCH
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Start each throttle with an empty purse."""
        self._throttles = {
            kind: _Lane(
                batch_size(throttle.rate, throttle.concurrency, self.largest_batch), Allowance(throttle.rate)
            )
            for kind, throttle in self.throttles.items()
        }
        self._count_at = float("-inf")
        self._busy: int | None = None

    def tick(self) -> int:
        """Hand out what there is room for; returns how many messages."""
        take_in_urgent_stops(self.database)
        with self.database.reading() as connection:
            picked, busy = self._pick_all(connection)
        handed = sum(self._hand_out(kind, ids) for kind, ids in picked.items())
        self._busy = None if busy is None else busy + handed
        return handed

    @property
    def paced(self) -> bool:
        """Whether the last tick left due messages to wait for their channel's rate."""
        return any(throttle.paced for throttle in self._throttles.values())

    def busy(self) -> int:
        """Messages handed out or being sent, by whomever; at the last tick, where that has counted them."""
        if self._busy is not None:
            return self._busy
        with self.database.reading() as connection:
            return sum(on_the_way(connection, real_now=self.real_clock()).values())

    def _hand_out(self, kind: ChannelKind, ids: list[str]) -> int:
        handed = []
        with self.database.writing() as connection:
            real_now = self.real_clock()
            for batch in chunks(ids, self._throttles[kind].batch):
                owner = new_owner(self.holder)
                until = real_now + self.lease
                taken = outbox.hand_out(connection, batch, owner=owner, until=until, real_now=real_now)
                handed.append((owner, taken))
        # After the commit: a worker may be quicker than we are. What is lost in between comes back by its lease.
        for owner, taken in handed:
            if taken:
                self.enqueue(kind, owner, taken)
        return sum(len(taken) for _, taken in handed)

    def _pick_all(self, connection: Connection) -> tuple[dict[ChannelKind, list[str]], int | None]:
        """What to hand out, and how much is on its way, where that was worth counting."""
        for throttle in self._throttles.values():
            throttle.paced = False
        look = _Look(
            connection=connection,
            now=self.clock(),
            real_now=self.real_clock(),
            stops=[row.stop for row in stops.in_force(connection)],
        )
        self._count(look)
        if not any(throttle.groups for throttle in self._throttles.values()):
            return {}, None
        paused = paused_channels(connection, look.real_now)
        busy = on_the_way(connection, real_now=look.real_now)
        open_throttles = {
            kind: throttle
            for kind, throttle in self._throttles.items()
            if throttle.groups and kind.value not in paused
        }
        picked = {
            kind: self._pick(look, throttle, busy.get(kind.value, 0))
            for kind, throttle in open_throttles.items()
        }
        return {kind: ids for kind, ids in picked.items() if ids}, sum(busy.values())

    def _count(self, look: _Look) -> None:
        at = self.monotonic()
        known = any(throttle.groups for throttle in self._throttles.values())
        if known and at < self._count_at:
            return
        for throttle in self._throttles.values():
            throttle.groups = {}
        found = due_groups(look.connection, now=look.now, real_now=look.real_now, stops=look.stops)
        for group, number in found.items():
            self._throttles[ChannelKind(group.channel)].groups[group] = number
        done = self.monotonic()
        self._count_at = done + max(COUNT_EVERY, COUNT_SHARE * (done - at))

    def _pick(self, look: _Look, throttle: _Lane, busy: int) -> list[str]:
        room = self.window - busy
        # Topping up by the drop would scan the window for each batch: wait until half of it is free.
        if room < self.window // 2:
            return []
        wanted = min(room, sum(throttle.groups.values()))
        room = throttle.allowance.grant(wanted, at=self.monotonic())
        throttle.paced = room < wanted
        drawn = []
        for group, share in fair_shares(throttle.groups, room).items():
            ids = due_ids(
                look.connection, group, now=look.now, real_now=look.real_now, limit=share, stops=look.stops
            )
            drawn.append(ids)
            throttle.groups[group] = throttle.groups[group] - len(ids) if len(ids) == share else 0
        throttle.groups = {group: left for group, left in throttle.groups.items() if left > 0}
        return list(in_turn(drawn))
