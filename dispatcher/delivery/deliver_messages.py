"""Delivers batches: gate, intent before act, the provider called between transactions, the end recorded.

Each transaction records the ends of a chunk before and begins the next, and none is open while a provider is called for
it. Where the provider is slower than the gate, the next chunk is judged while this one is called: at any moment at most
two chunks have begun and not ended.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from channels.breaker import BreakerState
from dispatcher.database.outage import patiently
from dispatcher.delivery.begin_attempts import Begun, begin_attempts
from dispatcher.delivery.call_marks import ListedCalls
from dispatcher.delivery.channel_delivery import ChannelDelivery
from dispatcher.delivery.domain.attempt import Ended, NotMade
from dispatcher.delivery.make_calls import Calls
from dispatcher.delivery.record_outcomes import record_outcomes
from dispatcher.messages.storage import outbox

Batch = tuple[str, Sequence[str]]
"""Who holds messages, and their ids."""


@dataclass(slots=True)
class Delivered:
    """How many messages of a batch came to which state; `given_back` were not begun."""

    states: Counter[str] = field(default_factory=Counter)
    given_back: int = 0


def deliver_messages(
    delivery: ChannelDelivery, owner: str, ids: Sequence[str], then: Iterable[Batch] = ()
) -> Delivered:
    """Deliver what of a batch `owner` still holds and may still go, `then` others without a pause between them.

    Each of those is asked for when the one before has begun. A batch stops early, giving its rest back, when the worker
    is asked to stop or the channel pauses. Raises DatabaseAwayError when the database stays away; what the providers
    said by then is found by the sweeper.
    """
    line = _Line(delivery)
    try:
        for holder, held in chain([(owner, ids)], then):
            rest = list(held)
            while rest:
                line.await_calls(but=1 if _may_overlap(delivery) else 0)
                if _must_rest(delivery):
                    break
                size = _chunk(delivery)
                chunk, rest = rest[:size], rest[size:]
                line.begin(holder, chunk)
            # After a failure the rest keeps its lease: coming back at once it would fail at once.
            _give_back(delivery, holder, rest, line.delivered)
    finally:
        line.finish()
    return line.delivered


class _Line:
    """Batches under way: chunks that are called, and the ends that no transaction has recorded yet."""

    def __init__(self, delivery: ChannelDelivery) -> None:
        self.delivered = Delivered()
        self._delivery = delivery
        self._called: deque[Calls] = deque()
        self._ended: list[Ended] = []
        self._listed: list[ListedCalls] = []  # the marks of `_ended`

    def begin(self, owner: str, chunk: Sequence[str]) -> None:
        """Record the ends that are known and begin the chunk, in one transaction; then its calls are made."""
        delivery = self._delivery
        listed: ListedCalls | None = None
        try:
            with delivery.database.writing() as connection:
                outbox.lock_people(connection, chunk)
                states = record_outcomes(connection, delivery, self._ended)
                delivery.refuse_copy(connection)
                turn = begin_attempts(connection, delivery, owner, chunk)
                listed = _list(delivery, turn.begun)
            delivery.remember([b.message for b in turn.begun])
        except Exception:
            # The commit may have come through although we heard nothing of it: nothing of this chunk was called.
            self.finish()
            _take_back(delivery, owner, chunk)
            _forget([listed])
            raise
        self._settle()
        self.delivered.states += states + turn.kept_back
        self._called.append(Calls(delivery, turn.begun, listed))

    def await_calls(self, *, but: int) -> None:
        """Wait for the calls of all chunks but the newest ones, and take their ends."""
        while len(self._called) > but:
            calls = self._called.popleft()
            try:
                calls.wait()
            finally:
                self._ended += calls.ended
                self._listed += [calls.listed] if calls.listed is not None else []

    def finish(self) -> None:
        """Wait for every call and record what is not recorded yet."""
        try:
            self.await_calls(but=0)
        finally:
            self._record()

    def _record(self) -> None:
        if not self._ended:
            return

        def record() -> None:
            with self._delivery.database.writing() as connection:
                states = record_outcomes(connection, self._delivery, self._ended)
            self.delivered.states += states

        patiently(record, for_seconds=self._delivery.lease.total_seconds())
        self._settle()

    def _settle(self) -> None:
        """The ends so far are in the database."""
        self._ended.clear()
        _forget(self._listed)
        self._listed.clear()


def _list(delivery: ChannelDelivery, begun: Sequence[Begun]) -> ListedCalls | None:
    return None if delivery.marks is None else delivery.marks.list_calls([b.message for b in begun])


def _forget(listed: Sequence[ListedCalls | None]) -> None:
    for calls in listed:
        if calls is not None:
            calls.forget()


def _take_back(delivery: ChannelDelivery, owner: str, chunk: Sequence[str]) -> None:
    """Undo intents whose commit we are not sure of; called only where no provider was."""
    uncalled = set(chunk)

    def take_back() -> None:
        with delivery.database.writing() as connection:
            now = delivery.clock()
            stranded = [m for m in outbox.begun_by(connection, owner=owner) if m.id in uncalled]
            why = NotMade(why="the database went away before the call")
            record_outcomes(connection, delivery, [Ended(message=m, end=why, at=now) for m in stranded])

    patiently(take_back, for_seconds=delivery.lease.total_seconds())


def _give_back(delivery: ChannelDelivery, owner: str, rest: Sequence[str], delivered: Delivered) -> None:
    if not rest:
        return

    def give_back() -> None:
        with delivery.database.writing() as connection:
            outbox.give_back(connection, rest, owner=owner)

    patiently(give_back, for_seconds=delivery.lease.total_seconds())
    delivered.given_back += len(rest)


def _must_rest(delivery: ChannelDelivery) -> bool:
    return delivery.stopping() or delivery.breaker.state is BreakerState.OPEN


def _may_overlap(delivery: ChannelDelivery) -> bool:
    return delivery.breaker.state is BreakerState.CLOSED and delivery.pace.overlaps and _can_mark(delivery)


def _can_mark(delivery: ChannelDelivery) -> bool:
    """Whether a crash leaves no more in doubt than is being called, however much has begun."""
    return delivery.channel.repeat_is_safe or (delivery.marks is not None and delivery.marks.has_room)


def _chunk(delivery: ChannelDelivery) -> int:
    # A provider that was failing is met by one message first.
    if delivery.breaker.state is BreakerState.HALF_OPEN:
        return 1
    return delivery.pace.chunk if _can_mark(delivery) else min(delivery.pace.chunk, delivery.pace.hands)
