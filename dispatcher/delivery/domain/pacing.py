"""When to try again, how much to hand out at once, and in whose turn."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=2)
LARGEST_BATCH = 250  # the end of each is waited for before the next begins; each of several workers needs two
_T = TypeVar("_T")
_K = TypeVar("_K")


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """A further try at `at`; None when no legal moment is left before the message expires."""

    at: datetime | None


def retry(
    *, now: datetime, attempt: int, wish: timedelta | None, expires_at: datetime, key: str = ""
) -> Retry:
    """When attempt number `attempt` (from 1) is followed by the next.

    The pause doubles from half a minute up to two hours, spread by up to a quarter by `key` so that a provider
    that comes back is not met by everything at once; a provider's own wish (Retry-After) is a lower bound.
    Whether that moment is inside a legal window is for the gate to say, which is asked again then.
    """
    pause = min(FIRST_PAUSE * 2 ** min(attempt - 1, 16), LONGEST_PAUSE)
    pause += pause * _spread(key, attempt) / 4
    at = now + max(pause, wish or timedelta(0))
    return Retry(at=at if at < expires_at else None)


def _spread(key: str, attempt: int) -> float:
    digest = hashlib.blake2b(f"{key}:{attempt}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def batch_size(rate: float, concurrency: int = 1, most: int = LARGEST_BATCH) -> int:
    """Messages a batch: about `most`, in whole chunks of `concurrency`, or what a slow provider takes in a second."""
    if 0 < rate < most:
        return max(1, int(rate))
    return -(-most // concurrency) * concurrency


@dataclass(slots=True)
class Allowance:
    """A token bucket: `rate` messages a second, saved up for at most one second. A rate of 0 is no limit."""

    rate: float
    saved: float = 0.0
    last: float | None = None

    def grant(self, wanted: int, *, at: float) -> int:
        """How many of `wanted` may go at `at` (seconds on a clock that never goes back)."""
        if self.rate <= 0:
            return wanted
        elapsed = 1.0 if self.last is None else max(0.0, at - self.last)
        self.saved = min(max(self.rate, 1.0), self.saved + elapsed * self.rate)
        self.last = at
        granted = min(wanted, int(self.saved))
        self.saved -= granted
        return granted


def fair_shares(waiting: Mapping[_K, int], room: int) -> dict[_K, int]:
    """Divide `room` among those who wait: equal shares, and what one does not need goes to the others.

    A run of fifty is served whole beside a run of a hundred thousand.
    """
    shares: dict[_K, int] = {}
    left = room
    for count, (key, wanted) in enumerate(sorted(waiting.items(), key=lambda item: item[1])):
        shares[key] = min(wanted, -(-left // (len(waiting) - count)))
        left -= shares[key]
    return {key: share for key, share in shares.items() if share}


def in_turn(queues: Iterable[Sequence[_T]]) -> Iterator[_T]:
    """One from each in turn until all are empty."""
    running = [iter(queue) for queue in queues]
    while running:
        still = []
        for queue in running:
            for item in queue:
                yield item
                still.append(queue)
                break
        running = still


def chunks(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """Cut into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
