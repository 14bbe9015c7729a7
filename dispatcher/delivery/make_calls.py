"""Calls a provider for what has begun: several hands at once, each looking before every call whether it still may.

A hand takes the next message when it has ended one, so that a slow answer keeps no other message waiting.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from typing import Final

from channels.outcome import Outcome, Unknown
from dispatcher.delivery.begin_attempts import Begun
from dispatcher.delivery.call_marks import ListedCalls
from dispatcher.delivery.channel_delivery import ChannelDelivery
from dispatcher.delivery.domain.attempt import Ended, NotMade
from dispatcher.delivery.outbound import outbound
from dispatcher.messages.domain.message import Message

FRESH_FOR: Final = 5.0  # seconds after its intent was committed: what was judged longer ago is judged again


class Calls:
    """The calls of one chunk whose intents are committed. `ended` is whole once `wait` has returned.

    `listed` holds their marks; without, what a crash leaves of them is in doubt.
    """

    def __init__(
        self, delivery: ChannelDelivery, begun: Sequence[Begun], listed: ListedCalls | None = None
    ) -> None:
        """Let the hands begin."""
        self.ended: list[Ended] = []
        self.listed = listed
        self._delivery = delivery
        self._waiting = deque(begun)
        self._committed_at = delivery.monotonic()
        self._took: list[float] = []
        self._hands: list[Future[None]] = []
        if len(begun) == 1:
            self._work()
        else:
            count = delivery.pace.hands_for(len(begun))
            self._hands = [delivery.executor.submit(self._work) for _ in range(count)]

    def wait(self) -> None:
        """Wait until every hand has ended; raises what one of them raised."""
        failures = [error for hand in self._hands if (error := hand.exception()) is not None]
        self._delivery.pace.note(sum(self._took), len(self._took))
        if failures:
            raise failures[0]

    def _work(self) -> None:
        while True:
            try:
                begun = self._waiting.popleft()
            except IndexError:
                return
            self.ended.append(self._send(begun))

    def _send(self, begun: Begun) -> Ended:
        delivery, message, now = self._delivery, begun.message, self._delivery.clock()
        not_made = self._obstacle(begun, now) or self._not_marked(message) or self._outdated()
        if not_made is not None:
            return self._noted(Ended(message=message, end=not_made, at=now))
        end = self._call(begun, now)
        delivery.breaker.record(end)
        return self._noted(Ended(message=message, end=end, at=delivery.clock()))

    def _noted(self, ended: Ended) -> Ended:
        if self.listed is not None:
            with suppress(Exception):  # unmarked it stays in doubt should we die now; we know its end
                self.listed.end(ended)
        return ended

    def _call(self, begun: Begun, now: datetime) -> Outcome:
        delivery, began = self._delivery, self._delivery.monotonic()
        try:
            return delivery.channel.send(
                outbound(begun.message, begun.body, not_after=begun.closes_at), now=now
            )
        except Exception as error:  # noqa: BLE001  an adapter that breaks its contract has perhaps sent: never assume it has not
            return Unknown(why=f"the {delivery.channel.provider} adapter failed: {type(error).__name__}")
        finally:
            self._took.append(delivery.monotonic() - began)

    def _obstacle(self, begun: Begun, now: datetime) -> NotMade | None:
        """Why the call must not be made now."""
        delivery = self._delivery
        if begun.closes_at is not None and now >= begun.closes_at:
            return NotMade(why="the legal window closed before the call")
        if delivery.stopping():
            return NotMade(why="the worker was asked to stop before the call", at_once=True)
        if (why := _stopped(delivery, begun.message)) is not None:
            return NotMade(why=why)
        if not delivery.breaker.allows():
            return NotMade(why="the channel pauses: its provider is failing")
        return None

    def _not_marked(self, message: Message) -> NotMade | None:
        """Mark the call that comes next; unable to is no permission."""
        if self.listed is None:
            return None
        try:
            self.listed.call(message)
        except Exception as error:  # noqa: BLE001  a mapped file fails in ways of its own
            return NotMade(why=f"the call could not be marked: {type(error).__name__}")
        return None

    def _outdated(self) -> NotMade | None:
        """Looked at once the call is marked: what is not marked by then is never called, however long a pause is."""
        if self._delivery.monotonic() - self._committed_at <= FRESH_FOR:
            return None
        return NotMade(why="it was judged too long ago: facts are asked again before the call", at_once=True)


def _stopped(delivery: ChannelDelivery, message: Message) -> str | None:
    """Why the call is not made; unable to look is no permission."""
    try:
        stop = delivery.stop_of(message)
    except Exception as error:  # noqa: BLE001  a database goes away in many ways
        return f"what is stopped could not be read: {type(error).__name__}"
    return None if stop is None else f"stopped before the call: {stop}"
