"""The channel for tests: keeps what it was given and ends as it was told, under the same contract."""

import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from channels.kind import ChannelKind
from channels.message import OutboundMessage
from channels.outcome import Accepted, Outcome, TryLater


class FakeChannel:
    """Gives the scripted outcomes in order, then accepts; `sent` holds what was accepted, by message id."""

    provider = "fake"
    can_look_up = True

    def __init__(
        self,
        kind: ChannelKind,
        script: Iterable[Outcome] = (),
        *,
        repeat_is_safe: bool = True,
        fault: str | None = None,
    ) -> None:
        self.kind = kind
        self.repeat_is_safe = repeat_is_safe
        self.sent: dict[str, OutboundMessage] = {}
        self.attempts: list[OutboundMessage] = []
        self._script = deque(script)
        self._fault = fault
        self._lock = threading.Lock()

    def send(self, message: OutboundMessage, *, now: datetime) -> Outcome:  # time changes nothing here
        """The next scripted outcome, else Accepted."""
        with self._lock:
            self.attempts.append(message)
            outcome = (
                self._script.popleft() if self._script else Accepted(provider_id=f"fake-{message.message_id}")
            )
            if isinstance(outcome, Accepted):
                self.sent.setdefault(message.message_id, message)
            return outcome

    def look_up(
        self, message_id: str, *, to: str, attempted_at: datetime, body: bytes = b""
    ) -> Outcome | None:
        """Accepted for what was accepted."""
        if message_id in self.sent:
            return Accepted(provider_id=f"fake-{message_id}")
        return TryLater(reason="never accepted", provider_failed=False)

    def check(self) -> str | None:
        """The fault it was made with."""
        return self._fault

    def log_in(self) -> str | None:
        return None

    def close(self) -> None:
        """Nothing is kept open."""
