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
from dispatcher.delivery.domain.attempt import Ended, NotMade
from dispatcher.delivery.outbound import outbound
from dispatcher.delivery.outlet import Outlet
from dispatcher.delivery.record_outcomes import record_outcomes
from dispatcher.messages.storage import outbox


@dataclass(slots=True)
class Delivered:
    """How many messages of a batch came to which state; `given_back` were not begun."""

    states: Counter[str] = field(default_factory=Counter)
    given_back: int = 0


def deliver_messages(outlet: Outlet, owner: str, ids: Sequence[str]) -> Delivered:
    """Deliver what of a batch `owner` still holds and may still go.

    Stops early, giving the rest back, when the worker is asked to stop or the channel pauses. Raises
    DatabaseAwayError when the database stays away; what the providers said by then is found by the sweeper.
    """
    delivered = Delivered()
    ended: list[Ended] = []
    rest = list(ids)
    try:
        while rest and not _must_rest(outlet):
            size = _chunk(outlet)
            chunk, rest = rest[:size], rest[size:]
            begun = _turn(outlet, owner, chunk, ended, delivered)
            ended = send_all(outlet, begun)
    finally:
        _record(outlet, ended, delivered)
    # After a failure the rest keeps its lease: coming back at once it would fail at once.
    _give_back(outlet, owner, rest, delivered)
    return delivered


def send_all(outlet: Outlet, begun: Sequence[Begun]) -> list[Ended]:
    """Call the provider for messages whose intents are committed, as many at once as the chunk holds."""
    if len(begun) == 1:
        return [_send(outlet, begun[0])]
    return list(outlet.executor.map(lambda one: _send(outlet, one), begun))


def _turn(
    outlet: Outlet, owner: str, chunk: Sequence[str], ended: list[Ended], delivered: Delivered
) -> list[Begun]:
    try:
        with outlet.database.writing() as connection:
            outbox.lock_people(connection, chunk)
            states = record_outcomes(connection, outlet, ended)
            turn = begin_attempts(connection, outlet, owner, chunk)
    except Exception:
        # The commit may have come through although we heard nothing of it: nothing of this chunk was called.
        _record(outlet, ended, delivered)
        ended.clear()
        _take_back(outlet, owner)
        raise
    ended.clear()
    delivered.states += states + turn.kept_back
    return turn.begun


def _send(outlet: Outlet, begun: Begun) -> Ended:
    message, now = begun.message, outlet.clock()
    if begun.closes_at is not None and now >= begun.closes_at:
        return Ended(message=message, end=NotMade(why="the legal window closed before the call"), at=now)
    if not outlet.breaker.allows():
        return Ended(message=message, end=NotMade(why="the channel pauses: its provider is failing"), at=now)
    try:
        end = outlet.channel.send(outbound(message, begun.body, not_after=begun.closes_at), now=now)
    except Exception as error:  # noqa: BLE001  an adapter that breaks its contract has perhaps sent: never assume it has not
        end = Unknown(why=f"the {outlet.channel.provider} adapter failed: {type(error).__name__}")
    outlet.breaker.record(end)
    return Ended(message=message, end=end, at=outlet.clock())


def _record(outlet: Outlet, ended: list[Ended], delivered: Delivered) -> None:
    if not ended:
        return

    def record() -> None:
        with outlet.database.writing() as connection:
            states = record_outcomes(connection, outlet, ended)
        delivered.states += states

    patiently(record, for_seconds=outlet.lease.total_seconds())


def _take_back(outlet: Outlet, owner: str) -> None:
    """Undo intents whose commit we are not sure of; called only where no provider was."""

    def take_back() -> None:
        with outlet.database.writing() as connection:
            now = outlet.clock()
            stranded = outbox.begun_by(connection, owner=owner)  # the chunk before has been recorded
            why = NotMade(why="the database went away before the call")
            record_outcomes(connection, outlet, [Ended(message=m, end=why, at=now) for m in stranded])

    patiently(take_back, for_seconds=outlet.lease.total_seconds())


def _give_back(outlet: Outlet, owner: str, rest: Sequence[str], delivered: Delivered) -> None:
    if not rest:
        return

    def give_back() -> None:
        with outlet.database.writing() as connection:
            outbox.give_back(connection, rest, owner=owner)

    patiently(give_back, for_seconds=outlet.lease.total_seconds())
    delivered.given_back += len(rest)


def _must_rest(outlet: Outlet) -> bool:
    return outlet.stopping() or outlet.breaker.state is BreakerState.OPEN


def _chunk(outlet: Outlet) -> int:
    # A provider that was failing is met by one message first.
    return 1 if outlet.breaker.state is BreakerState.HALF_OPEN else outlet.chunk
