"""How slow this machine is at this moment: limits in seconds of the processor mean those of a usual one."""

import time
from statistics import median

# The same work costs up to half as much again from one time to the next: that is no fault of a test
_UNEVEN = 1.5
_USUAL = 0.035  # seconds of the processor that `_work` takes on the machine the limits were written on


def slowness() -> float:
    """1.0 on a usual machine or a quicker one, 2.0 on one that takes twice as long, 3.0 at the most."""
    return min(3.0, max(1.0, median(_seconds() for _ in range(5)) / _USUAL))


def is_within(spent: float, limit: float) -> bool:
    """Whether seconds of the processor are no more than a limit that was written for a usual machine."""
    return spent <= limit * _UNEVEN or spent <= limit * _UNEVEN * slowness()


def _seconds() -> float:
    began = time.process_time()
    _work()
    return time.process_time() - began


def _work() -> int:
    """What Python does all day: names, small values, words."""
    found: dict[str, int] = {}
    for number in range(120_000):
        word = f"{number % 977}-{number & 7}"
        found[word] = found.get(word, 0) + len(word)
    return sum(sorted(found.values()))
