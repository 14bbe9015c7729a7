"""What is a usual day's volume, judged by the days before."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeLimits:
    """A day is unusual above `factor` times the median of at least `history` days, and never below `minimum`."""

    factor: float = 3.0
    minimum: int = 200
    history: int = 5


def usual_at_most(earlier: Sequence[int], limits: VolumeLimits) -> int | None:
    """The most messages that a day like those before may have; None while too few days are known.

    Days on which nothing was due say nothing about a busy day and are left out.
    """
    busy = [count for count in earlier if count > 0]
    if len(busy) < limits.history:
        return None
    return max(limits.minimum, int(median(busy) * limits.factor))
