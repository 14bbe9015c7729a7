"""Weekly opening hours on the wall clock: half-open spans a weekday, days off, the next opening and closing."""

from collections.abc import Container
from dataclasses import dataclass

from dispatcher.values.zones import DAY

Span = tuple[int, int]  # seconds after local midnight, [open, close)
HORIZON_DAYS = 400  # beyond it a week that never opens will not open: a year and its holidays are over
NO_DAYS: Container[int] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class WeeklyHours:
    """`week` holds the spans of Monday to Sunday; `holiday` those of a day off, None: as on its weekday."""

    week: tuple[tuple[Span, ...], ...]
    holiday: tuple[Span, ...] | None = None

    def spans(self, day: int, days_off: Container[int]) -> tuple[Span, ...]:
        """The opening spans of a local day (days since 1970-01-01, a Thursday)."""
        if self.holiday is not None and day in days_off:
            return self.holiday
        return self.week[(day + 3) % 7]

    def is_open(self, wall: int, days_off: Container[int] = NO_DAYS) -> bool:
        """Whether the wall time lies in a span."""
        day, second = divmod(wall, DAY)
        for opens, closes in self.spans(day, days_off):  # noqa: SIM110 a generator costs twice as much here
            if opens <= second < closes:
                return True
        return False

    def next_open(self, wall: int, days_off: Container[int] = NO_DAYS) -> int | None:
        """The first open wall time from `wall` on; None when nothing opens within the horizon."""
        first, second = divmod(wall, DAY)
        for day in range(first, first + HORIZON_DAYS):
            for opens, closes in self.spans(day, days_off):
                if day > first or second < closes:
                    return max(day * DAY + opens, wall)
        return None

    def next_close(self, wall: int, days_off: Container[int] = NO_DAYS) -> int | None:
        """The first closed wall time from `wall` on; None when it stays open beyond the horizon."""
        day, second = divmod(wall, DAY)
        for _ in range(HORIZON_DAYS):
            closing = self._closing(day, second, days_off)
            if closing < DAY:
                return day * DAY + closing
            day, second = day + 1, 0
        return None

    def _closing(self, day: int, second: int, days_off: Container[int]) -> int:
        """The end of the span around a second of the day, the second itself where none is."""
        for opens, closes in self.spans(day, days_off):
            if opens <= second < closes:
                return closes
        return second


def weekly(spans: dict[int, list[Span]], holiday: list[Span] | None = None) -> WeeklyHours:
    """Hours from spans by weekday (Monday is 0); a span beyond midnight runs into the next day."""
    week: list[list[Span]] = [[] for _ in range(7)]
    for weekday, day_spans in spans.items():
        for opens, closes in day_spans:
            week[weekday].append((opens, min(closes, DAY)))
            if closes > DAY:
                week[(weekday + 1) % 7].append((0, closes - DAY))
    return WeeklyHours(
        week=tuple(_merged(day) for day in week), holiday=None if holiday is None else _merged(holiday)
    )


def complement(hours: WeeklyHours) -> WeeklyHours:
    """The hours outside those given."""
    return WeeklyHours(week=tuple(_gaps(day) for day in hours.week))


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for opens, closes in sorted(spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        elif closes > opens:
            merged.append((opens, closes))
    return tuple(merged)


def _gaps(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    edges = [0, *(edge for span in spans for edge in span), DAY]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((start, end) for start, end in pairs if end > start)
