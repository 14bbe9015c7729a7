"""What is a usual day's volume, in all and for each creditor, channel and template, judged by the days before."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

ALL = "all"
REAL = "real channel "  # before the name of a channel that reaches people
WEEKS = timedelta(weeks=4)
MONTHS = timedelta(days=100)  # so long are the turns of months remembered
_TURN = 2  # so many days on either side of a month's end


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeLimits:
    """A day is unusual above `factor` times the median of at least `history` days, and never below `minimum`.

    `first`: what a day may send to a real channel while that has no such history.
    """

    factor: float = 3.0
    minimum: int = 200
    history: int = 5
    first: int = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class DayVolume:
    """What one day planned, by group, and was let go: what was held back is no history."""

    day: date
    planned: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Excess:
    """A group that a run would write to more than is usual."""

    group: str
    planned: int
    usual: int

    def __str__(self) -> str:
        where = "in all" if self.group == ALL else f"of {self.group}"
        return f"{self.planned} {where}, where {self.usual} are usual at most"

    def as_json(self) -> dict[str, Any]:
        """As a run's summary keeps it."""
        return {"group": self.group, "planned": self.planned, "usual": self.usual}


def groups_of(counts: Mapping[tuple[str, str, str], int], real: Iterable[str]) -> dict[str, int]:
    """(creditor, channel, template) -> messages, as the groups that are looked at."""
    groups: Counter[str] = Counter()
    reaching = frozenset(real)
    for (creditor, channel, template), count in counts.items():
        names = [ALL, f"creditor {creditor}", f"channel {channel}", f"template {template}"]
        for name in names + [f"{REAL}{channel}"] * (channel in reaching):
            groups[name] += count
    return dict(groups)


def excesses(
    planned: Mapping[str, int], earlier: Sequence[DayVolume], limits: VolumeLimits, on: date
) -> list[Excess]:
    """The groups above what is usual, the whole first."""
    found = (
        Excess(group=group, planned=count, usual=usual)
        for group, count in planned.items()
        if (usual := usual_at_most(group, earlier, limits, on)) is not None and count > usual
    )
    return sorted(found, key=lambda excess: (excess.group != ALL, excess.group))


def usual_at_most(group: str, earlier: Sequence[DayVolume], limits: VolumeLimits, on: date) -> int | None:
    """The most messages that a day may have in a group; None while too few days are known.

    Days without a message say nothing about a busy day and are left out. At the turn of a month the earlier turns
    count too: half of `factor` times the busiest of them.
    """
    busy = [day.planned[group] for day in earlier if day.planned.get(group) and on - WEEKS <= day.day <= on]
    if len(busy) < limits.history:
        return limits.first if group.startswith(REAL) else None
    usual = max(limits.minimum, int(median(busy) * limits.factor))
    if not _is_turn(on):
        return usual
    turns = [day.planned.get(group, 0) for day in earlier if _is_turn(day.day) and day.day < on - 3 * _DAY]
    return max(usual, int(max(turns, default=0) * limits.factor / 2))


_DAY = timedelta(days=1)


def _is_turn(day: date) -> bool:
    return any((day + offset * _DAY).month != day.month for offset in (-_TURN, _TURN))
