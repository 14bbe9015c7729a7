"""How many messages are begun at a time and how many hands call the provider, by how long a call took."""

from dataclasses import dataclass
from math import ceil
from typing import Final

LASTS: Final = 0.25  # seconds that the calls of a chunk may take at the measured pace
MOST: Final = 128  # messages a chunk: beyond that a statement costs hardly less a message
# Seconds: where a chunk is called through in less, more hands would only wait for each other
BRISK: Final = 0.025


@dataclass(kw_only=True, slots=True)
class CallPace:
    """The pace of one channel; one thread notes, any may ask.

    `hands` is how many calls the provider takes at once. `may_begin_more` says that a crash leaves no more messages in
    doubt than there are hands, however many have begun: only then is a chunk larger than the hands.
    """

    hands: int
    may_begin_more: bool = False
    seconds: float | None = None  # of a call, as measured; None before the first

    def note(self, seconds: float, calls: int) -> None:
        """Take in what the calls of a chunk took together."""
        if calls:
            mean = seconds / calls
            self.seconds = mean if self.seconds is None else (self.seconds + mean) / 2

    @property
    def chunk(self) -> int:
        """Messages to begin at a time."""
        if not self.may_begin_more or self.seconds is None:
            return self.hands
        calls = int(min(MOST, LASTS / self.seconds)) if self.seconds > 0 else MOST
        return max(self.hands, min(MOST, self.hands * calls))

    def hands_for(self, messages: int) -> int:
        """How many of the hands call: no more than a quick provider keeps busy."""
        if self.seconds is None:
            return min(self.hands, messages)
        return max(1, min(self.hands, messages, ceil(messages * self.seconds / BRISK)))

    @property
    def overlaps(self) -> bool:
        """Whether the next chunk is judged while this one is called: where the provider is what is waited for."""
        if not self.may_begin_more or self.seconds is None:
            return False
        return self.chunk * self.seconds / self.hands > BRISK
