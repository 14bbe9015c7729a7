"""Delivers a batch: gate, intent before act, the provider called between transactions, the end recorded.

Each transaction records the ends of the chunk before and begins the next: at any moment at most one chunk has
begun and not ended, and no transaction is open while a provider is called.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from channels.breaker import BreakerState
from channels.outcome import Unknown
from dispatcher.database.outage import patiently
from dispatcher.delivery.begin_attempts import Begun, begin_attempts
from dispatcher.delivery.channel_delivery import ChannelDelivery
from dispatcher.delivery.domain.attempt import Ended, NotMade
from dispatcher.delivery.outbound import outbound
from dispatcher.delivery.record_outcomes import record_outcomes
from dispatcher.messages.domain.message import Message
from dispatcher.messages.storage import outbox


@dataclass(slots=True)
class Delivered:
    """How many messages of a batch came to which state; `given_back` were not begun."""

    states: Counter[str] = field(default_factory=Counter)
    given_back: int = 0


def deliver_messages(delivery: ChannelDelivery, owner: str, ids: Sequence[str]) -> Delivered:
    """Deliver what of a batch `owner` still holds and may still go.

    Stops early, giving the rest back, when the worker is asked to stop or the channel pauses. Raises
    DatabaseAwayError when the database stays away; what the providers said by then is found by the sweeper.
    """
    delivered = Delivered()
    ended: list[Ended] = []
    rest = list(ids)
    try:
        while rest and not _must_rest(delivery):
            size = _chunk(delivery)
            chunk, rest = rest[:size], rest[size:]
            begun = _turn(delivery, owner, chunk, ended, delivered)
            ended = send_all(delivery, begun)
    finally:
        _record(delivery, ended, delivered)
    # After a failure the rest keeps its lease: coming back at once it would fail at once.
    _give_back(delivery, owner, rest, delivered)
    return delivered


def send_all(delivery: ChannelDelivery, begun: Sequence[Begun]) -> list[Ended]:
    """Call the provider for messages whose intents are committed, as many at once as the chunk holds."""
    if len(begun) == 1:
        return [_send(delivery, begun[0])]
    return list(delivery.executor.map(lambda one: _send(delivery, one), begun))


def _turn(
    delivery: ChannelDelivery, owner: str, chunk: Sequence[str], ended: list[Ended], delivered: Delivered
) -> list[Begun]:
    try:
        with delivery.database.writing() as connection:
            outbox.lock_people(connection, chunk)
            states = record_outcomes(connection, delivery, ended)
            delivery.refuse_copy(connection)
            turn = begin_attempts(connection, delivery, owner, chunk)
        delivery.remember([b.message for b in turn.begun])
    except Exception:
        # The commit may have come through although we heard nothing of it: nothing of this chunk was called.
        _record(delivery, ended, delivered)
        ended.clear()
        _take_back(delivery, owner)
        raise
    ended.clear()
    delivered.states += states + turn.kept_back
    return turn.begun


def _send(delivery: ChannelDelivery, begun: Begun) -> Ended:
    message, now = begun.message, delivery.clock()
    if begun.closes_at is not None and now >= begun.closes_at:
        return Ended(message=message, end=NotMade(why="the legal window closed before the call"), at=now)
    if (why := _stopped(delivery, message)) is not None:
        return Ended(message=message, end=NotMade(why=why), at=now)
    if not delivery.breaker.allows():
        return Ended(message=message, end=NotMade(why="the channel pauses: its provider is failing"), at=now)
    try:
        end = delivery.channel.send(outbound(message, begun.body, not_after=begun.closes_at), now=now)
    except Exception as error:  # noqa: BLE001  an adapter that breaks its contract has perhaps sent: never assume it has not
        end = Unknown(why=f"the {delivery.channel.provider} adapter failed: {type(error).__name__}")
    delivery.breaker.record(end)
    return Ended(message=message, end=end, at=delivery.clock())


def _stopped(delivery: ChannelDelivery, message: Message) -> str | None:
    """Why the call is not made; unable to look is no permission."""
    try:
        stop = delivery.stop_of(message)
    except Exception as error:  # noqa: BLE001  a database goes away in many ways
        return f"what is stopped could not be read: {type(error).__name__}"
    return None if stop is None else f"stopped before the call: {stop}"


def _record(delivery: ChannelDelivery, ended: list[Ended], delivered: Delivered) -> None:
    if not ended:
        return

    def record() -> None:
        with delivery.database.writing() as connection:
            states = record_outcomes(connection, delivery, ended)
        delivered.states += states

    patiently(record, for_seconds=delivery.lease.total_seconds())


def _take_back(delivery: ChannelDelivery, owner: str) -> None:
    """Undo intents whose commit we are not sure of; called only where no provider was."""

    def take_back() -> None:
        with delivery.database.writing() as connection:
            now = delivery.clock()
            stranded = outbox.begun_by(connection, owner=owner)  # the chunk before has been recorded
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


def _chunk(delivery: ChannelDelivery) -> int:
    # A provider that was failing is met by one message first.
    return 1 if delivery.breaker.state is BreakerState.HALF_OPEN else delivery.chunk
