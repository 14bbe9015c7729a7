"""What delivering on one channel needs: database, provider, gate, clocks and the means to work at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.breaker import Breaker
from channels.kind import ChannelKind
from channels.port import Channel
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.call_marks import CallMarks
from dispatcher.delivery.domain.call_pace import CallPace
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.domain.verdict import Verdict
from dispatcher.messages.domain.message import Message

Bodies = Mapping[str, bytes]
"""SHA-256 (hex) -> the exact bytes; those that were erased are not there."""

Judge = Callable[[Connection, Sequence[Message], Bodies, datetime], Mapping[str, Verdict]]
"""The second gate: judges the messages of one transaction, people locked, at an instant of the business clock."""

Clock = Callable[[], datetime]

OpenProvider = Callable[[ChannelKind, str], Channel]
"""A channel's provider by its name; the channel's first one where it has none of that name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelDelivery:
    """One channel of one worker process.

    `pace` says how many messages are begun at a time, `marks` keeps from doubt, after a crash, those of them that were
    not being called. `clock` is the business clock, `real_clock` that of leases. `stopping` asks the worker to call no
    more. `other` names the channel's other provider, where it has two; `second_after` comes with the first of two: so
    long it must have failed before the second takes over.
    """

    database: Database
    channel: Channel
    breaker: Breaker
    judge: Judge
    clock: Clock
    real_clock: Clock
    executor: Executor
    worker: str
    pace: CallPace
    marks: CallMarks | None = None
    lease: timedelta = timedelta(seconds=90)
    actor: str = "dispatcher"
    other: str = ""
    second_after: timedelta | None = None
    monotonic: Callable[[], float] = time.monotonic
    simulated: bool = False  # a replay: only then may what a replay has planned go out
    stopping: Callable[[], bool] = lambda: False
    stop_of: Callable[[Message], Stop | None] = lambda _message: None  # asked right before each call
    refuse_copy: Callable[[Connection], None] = lambda _connection: (
        None
    )  # raises where nothing may be sent from
    remember: Callable[[Sequence[Message]], None] = lambda _begun: (
        None
    )  # outside of the database, before the call

    @property
    def is_second(self) -> bool:
        """Whether it takes over from another provider."""
        return bool(self.other) and self.second_after is None
