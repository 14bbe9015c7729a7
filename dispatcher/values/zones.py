"""Time zones from the `tzdata` package alone, as segments of constant offset, whatever the system has.

An instant is a whole number of seconds since 1970-01-01 UTC. A wall time is the same count as a clock on
the wall shows it: instant plus offset. A local day is a wall time divided by 86,400.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import overload
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]  # ships no type information

DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_YEARS_EITHER_SIDE = 2
_FAR = 4_000 * DAY  # no table of a zone is made for a day beyond: its offset then is nobody's knowledge
_LAST = int((datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH).total_seconds())


class UnknownZoneError(ValueError):
    """The name is no zone of the tzdata package."""


def instant(moment: datetime) -> int:
    """Whole seconds of an aware moment, rounded down."""
    return int(moment.timestamp() // 1)


def moment(at: int) -> datetime:
    """The UTC datetime of an instant."""
    return _EPOCH + timedelta(seconds=at)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


def day_of(number: int) -> date:
    """The date of a day number."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


class Zone:
    """One zone: its offset at an instant, and the way from wall times back to instants.

    Segments are found by asking zoneinfo day by day and then halving, once for the years in use; after that an
    offset costs a comparison or a bisection, a tenth of `datetime.astimezone`. The table and the segment last
    used are each replaced whole, so that threads may share a zone.
    """

    __slots__ = ("_info", "_segment", "_table", "name")

    def __init__(self, name: str, info: ZoneInfo) -> None:
        self.name = name
        self._info = info
        self._table: tuple[int, int, list[int], list[int]] = (0, 0, [], [])  # from, until, starts, offsets
        self._segment = (0, 0, 0)  # from, until, offset

    def wall(self, at: int) -> int:
        """The wall time at an instant."""
        start, end, offset = self._segment
        if start <= at < end:
            return at + offset
        return at + self._find(at)[2]

    def day(self, at: int) -> int:
        """The local day at an instant."""
        return self.wall(at) // DAY

    @overload
    def reach(self, at: int, target: Callable[[int], int]) -> int: ...
    @overload
    def reach(self, at: int, target: Callable[[int], int | None]) -> int | None: ...
    def reach(self, at: int, target: Callable[[int], int | None]) -> int | None:
        """The first instant from `at` on whose wall time is what `target` asks for.

        `target` maps a wall time to the next wished-for wall time on a clock that never changes; skipped and
        repeated hours are taken segment by segment. None when `target` knows no such time.
        """
        while True:
            _, end, offset = self._find(at)
            found = target(at + offset)
            if found is None:
                return None
            if found - offset < end:
                return found - offset
            at = end

    def day_start(self, at: int, day: int) -> int:
        """The first instant from `at` on that lies on that local day or later; far ahead by the offset of today."""
        if day * DAY - at > _FAR:
            return min(day * DAY - (self.wall(at) - at), _LAST)

        def beginning(wall: int) -> int:
            return max(wall, day * DAY)

        return self.reach(at, beginning)

    def _find(self, at: int) -> tuple[int, int, int]:
        """The segment of constant offset around an instant."""
        first, until, starts, offsets = self._table
        if not first <= at < until:
            first, until, starts, offsets = self._table = self._covering(at)
        place = bisect_right(starts, at)
        end = starts[place] if place < len(starts) else until
        self._segment = (starts[place - 1], end, offsets[place - 1])
        return self._segment

    def _covering(self, at: int) -> tuple[int, int, list[int], list[int]]:
        year = moment(at).year
        first, last = year - _YEARS_EITHER_SIDE, year + _YEARS_EITHER_SIDE
        known_from, known_until, starts, _ = self._table
        if starts:
            first, last = min(first, moment(known_from).year), max(last, moment(known_until - 1).year)
        start, end = (instant(datetime(y, 1, 1, tzinfo=UTC)) for y in (first, last + 1))
        return start, end, *self._segments(start, end)

    def _segments(self, start: int, end: int) -> tuple[list[int], list[int]]:
        starts, offsets = [start], [self._offset(start)]
        for step in range(start, end, DAY):
            upper = min(step + DAY, end)
            if self._offset(upper) != offsets[-1]:
                starts.append(self._change(step, upper))
                offsets.append(self._offset(starts[-1]))
        return starts, offsets

    def _change(self, before: int, after: int) -> int:
        old = self._offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if self._offset(middle) == old else (before, middle)
        return after

    def _offset(self, at: int) -> int:
        offset = moment(at).astimezone(self._info).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"


@lru_cache(maxsize=1024)
def zone(name: str) -> Zone:
    """The zone of that IANA name; raises UnknownZoneError."""
    return Zone(name, zone_info(name))


@lru_cache(maxsize=1024)
def zone_info(name: str) -> ZoneInfo:
    """The zone for datetimes, read from the tzdata package; raises UnknownZoneError."""
    parts = name.split("/")
    if not all(part and part.strip(".") == part for part in parts):
        raise UnknownZoneError(f"{name!r} is no time zone name")
    try:
        with files("tzdata").joinpath("zoneinfo", *parts).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError):
        raise UnknownZoneError(
            f"{name!r} is no zone of the tzdata package (use a name like America/Bogota)"
        ) from None


def zone_data_version() -> str:
    """The version of the zone data in use, for the log."""
    return str(tzdata.IANA_VERSION)
