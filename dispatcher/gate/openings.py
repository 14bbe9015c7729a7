"""Openings of weekly hours at several places at once: what is open must be open at all of them."""

from collections.abc import Container

from dispatcher.gate.act import Place
from dispatcher.gate.hours import NO_DAYS, WeeklyHours
from dispatcher.values.zones import DAY, day_of

_MOST_ROUNDS = 2_000
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def closed_place(
    places: tuple[Place, ...], hours: WeeklyHours, at: int, days_off: Container[int] = NO_DAYS
) -> Place | None:
    """A place where the hours are closed at that instant; None when all are open."""
    for place in places:
        if not hours.is_open(place.zone.wall(at), days_off):
            return place
    return None


def first_open(
    places: tuple[Place, ...], hours: WeeklyHours, at: int, days_off: Container[int] = NO_DAYS
) -> int | None:
    """The first instant from `at` on that is open at every place; None when there is none within a year."""
    for _ in range(_MOST_ROUNDS):
        closed = closed_place(places, hours, at, days_off)
        if closed is None:
            return at
        following = closed.zone.reach(at, lambda wall: hours.next_open(wall, days_off))
        if following is None:
            return None
        at = following
    return None


def first_closed(
    places: tuple[Place, ...], hours: WeeklyHours, at: int, days_off: Container[int] = NO_DAYS
) -> int | None:
    """The first instant from `at` on that is closed at some place; None when none is in sight."""
    closings = [place.zone.reach(at, lambda wall: hours.next_close(wall, days_off)) for place in places]
    return min((closing for closing in closings if closing is not None), default=None)


def local_time(place: Place, at: int) -> str:
    """`Wed 2026-11-04 07:30` on the wall at that place."""
    day, second = divmod(place.zone.wall(at), DAY)
    return f"{_WEEKDAYS[(day + 3) % 7]} {day_of(day)} {second // 3600:02}:{second % 3600 // 60:02}"


class Either:
    """Days that are in one container or the other."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Container[int], second: Container[int]) -> None:
        self._first = first
        self._second = second

    def __contains__(self, day: object) -> bool:
        return day in self._first or day in self._second
