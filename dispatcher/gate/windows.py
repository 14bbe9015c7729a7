"""Periods over which contacts are counted: rolling local days, hours, calendar weeks and months."""

from dataclasses import dataclass
from datetime import date

from dispatcher.gate.act import Place
from dispatcher.values.zones import DAY, day_number, day_of

# Days of history that the gate is shown; a window is shorter, by a day on either side of the world
LONGEST_WINDOW = 45


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A contact leaves the window when every part given is over: the strictest of them decides.

    `days` counts local dates, the contact's own included (7 days from Tuesday end on Monday night);
    `hours` counts from the instant; `calendar` is week (from Monday) or month.
    """

    days: int = 0
    hours: int = 0
    calendar: str | None = None

    def leaves(self, places: tuple[Place, ...], at: int) -> int:
        """The first instant at which a contact made at `at` no longer counts."""
        ends = [self._leaves(place, at) for place in places]
        return max(ends)

    def _leaves(self, place: Place, at: int) -> int:
        day = place.zone.day(at)
        last = max(day + self.days, _next_period(day, self.calendar))
        by_day = place.zone.day_start(at, last) if last > day else at
        return max(by_day, at + self.hours * 3600)

    def reach(self) -> int:
        """More seconds than the window can span, to pass over old contacts quickly."""
        calendar = {"week": 8, "month": 32}.get(self.calendar or "", 0)
        return max(self.days + 2, calendar + 1) * DAY + self.hours * 3600

    def __str__(self) -> str:
        parts = [_count(self.days, "day")] * bool(self.days) + [_count(self.hours, "hour")] * bool(self.hours)
        parts += [f"the calendar {self.calendar}"] * bool(self.calendar)
        return " and ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _next_period(day: int, calendar: str | None) -> int:
    if calendar == "week":
        return day + 7 - (day + 3) % 7
    if calendar == "month":
        today = day_of(day)
        return day_number(date(today.year + today.month // 12, today.month % 12 + 1, 1))
    return day
