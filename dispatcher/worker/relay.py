"""Hands due messages to the queue in batches of ids: paced for the provider, fair between creditors and runs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from channels.kind import ChannelKind
from dispatcher.domain.pacing import Allowance, batch_size, chunks, fair_shares, in_turn
from dispatcher.domain.stop import Stop
from dispatcher.services.channel_trouble import paused_channels
from dispatcher.services.outlet import Clock
from dispatcher.storage import outbox, stops
from dispatcher.storage.due import Group, due_groups, due_ids, on_the_way
from dispatcher.storage.engine import Connection, Database
from dispatcher.storage.holders import new_owner
from dispatcher.worker.actors import Enqueue
from dispatcher.worker.outlets import Lane

WINDOW = 2000  # messages handed out and not ended, a channel: what a newcomer has to wait for at most
HAND_OUT_LEASE = timedelta(seconds=90)
COUNT_EVERY = 2.0  # seconds between looking for groups that were not there before


@dataclass(slots=True)
class _Lane:
    batch: int
    allowance: Allowance
    groups: dict[Group, int] = field(default_factory=dict)
    counted_at: float = float("-inf")


@dataclass(kw_only=True)
class Relay:
    """One relay. Several may run: a message is leased to one batch at a time.

    `holder` names who loses the batches when the queue is lost: this process for a queue in memory, "queue" for
    one that outlives it.
    """

    database: Database
    enqueue: Enqueue
    lanes: Mapping[ChannelKind, Lane]
    clock: Clock
    real_clock: Clock
    holder: str
    lease: timedelta = HAND_OUT_LEASE
    window: int = WINDOW
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Start each lane with an empty purse."""
        self._lanes = {
            kind: _Lane(batch_size(lane.rate), Allowance(lane.rate)) for kind, lane in self.lanes.items()
        }

    def tick(self) -> int:
        """Hand out what there is room for; returns how many messages."""
        return sum(self._serve(kind, lane) for kind, lane in self._lanes.items())

    def busy(self) -> int:
        """Messages handed out or being sent, by whomever."""
        with self.database.reading() as connection:
            return on_the_way(connection, real_now=self.real_clock())

    def _serve(self, kind: ChannelKind, lane: _Lane) -> int:
        with self.database.reading() as connection:
            ids = self._pick(connection, kind, lane)
        if not ids:
            return 0
        handed = []
        with self.database.writing() as connection:
            real_now = self.real_clock()
            for batch in chunks(ids, lane.batch):
                owner = new_owner(self.holder)
                until = real_now + self.lease
                taken = outbox.hand_out(connection, batch, owner=owner, until=until, real_now=real_now)
                handed.append((owner, taken))
        for owner, taken in handed:
            if taken:
                self.enqueue(kind, owner, taken)
        return sum(len(taken) for _, taken in handed)

    def _pick(self, connection: Connection, kind: ChannelKind, lane: _Lane) -> list[str]:
        real_now = self.real_clock()
        if kind.value in paused_channels(connection, real_now):
            return []
        room = self.window - on_the_way(connection, real_now=real_now, channel=kind.value)
        # Topping up by the drop would scan the window for each batch: wait until half of it is free.
        if room < self.window // 2:
            return []
        in_force = [row.stop for row in stops.in_force(connection)]
        self._count(connection, kind, lane, in_force)
        waiting = sum(lane.groups.values())
        room = lane.allowance.grant(min(room, waiting), at=self.monotonic())
        return self._draw(connection, kind, lane, in_force, room)

    def _count(self, connection: Connection, kind: ChannelKind, lane: _Lane, in_force: list[Stop]) -> None:
        at = self.monotonic()
        if lane.groups and at - lane.counted_at < COUNT_EVERY:
            return
        lane.counted_at = at
        lane.groups = due_groups(
            connection, kind.value, now=self.clock(), real_now=self.real_clock(), stops=in_force
        )

    def _draw(
        self, connection: Connection, kind: ChannelKind, lane: _Lane, in_force: list[Stop], room: int
    ) -> list[str]:
        drawn = []
        for group, share in fair_shares(lane.groups, room).items():
            ids = due_ids(
                connection,
                kind.value,
                group,
                now=self.clock(),
                real_now=self.real_clock(),
                limit=share,
                stops=in_force,
            )
            drawn.append(ids)
            lane.groups[group] = lane.groups[group] - len(ids) if len(ids) == share else 0
        lane.groups = {group: left for group, left in lane.groups.items() if left > 0}
        return list(in_turn(drawn))
