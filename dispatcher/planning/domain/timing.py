"""At which moment a message goes within the hours in which it may: by a trial, by when somebody answered, or spread.

A person's hours never widen what the gate allows: whoever picks a moment asks it again.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatcher.gate.facts import HistoryEntry

ANSWERS_NEEDED = 2  # once may be chance
_SPOKE = ("conversation", "answered_complete")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """From a time of the local clock on, for so long."""

    first: time
    length: timedelta

    def moments(self, zone: str, *, earliest: datetime, latest: datetime) -> Iterator[datetime]:
        """The first instant (UTC) within the hours on each day, from the earliest on and before the latest."""
        clock = ZoneInfo(zone)
        day, last = earliest.astimezone(clock).date(), latest.astimezone(clock).date()
        while day <= last:
            starts = datetime.combine(day, self.first, clock).astimezone(UTC)
            moment = max(starts, earliest)
            if moment < starts + self.length and moment < latest:
                yield moment
            day += timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """Channels whose messages go at the hour at which somebody answered before, and whose are spread over the hours."""

    best_hour: frozenset[str] = frozenset()
    spread: frozenset[str] = frozenset()


def answered_at(history: Iterable[HistoryEntry], zone: str) -> Hours | None:
    """The hour of the local clock at which somebody most often wrote, rang or took a call; None: it is not known.

    Opened mail does not count: mail programs open it by themselves.
    """
    clock = ZoneInfo(zone)
    hours = Counter(
        entry.at.astimezone(clock).hour
        for entry in history
        if entry.direction == "inbound" or (entry.channel == "call" and entry.outcome in _SPOKE)
    )
    if not hours:
        return None
    hour, count = min(hours.items(), key=lambda each: (-each[1], each[0]))
    return Hours(first=time(hour), length=timedelta(hours=1)) if count >= ANSWERS_NEEDED else None


def spread_over(person: str, day: date, earliest: datetime, latest: datetime) -> datetime:
    """A moment between two, to the minute, by a person's pseudonym and the day: the same whenever it is asked."""
    digest = hashlib.sha256(f"{person}\n{day.isoformat()}".encode()).digest()
    part = int.from_bytes(digest[:8]) / 2**64
    return earliest + timedelta(minutes=int((latest - earliest) / timedelta(minutes=1) * part))
