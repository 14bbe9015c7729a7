"""The house's hours told again, apart from the product: 07:00 to 22:00 in every zone, a collection after the due date
and a courtesy until it is over, by the debtor's calendar."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(7), time(22)


@cache
def zone(name: str) -> ZoneInfo:
    """A zone from the tzdata package, whatever the system has."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def in_hours(at: datetime, zones: Iterable[str]) -> bool:
    """Whether an instant lies in the half-open window everywhere."""
    return all(OPENS <= at.astimezone(zone(name)).time() < CLOSES for name in zones)


def is_legal(at: datetime, *, channel: str, kind: str, zones: Sequence[str], due: date) -> bool:
    """Whether this message may go at this instant by the house rules alone."""
    days = [at.astimezone(zone(name)).date() for name in zones]
    if (kind == "collection" and min(days) <= due) or (kind == "courtesy" and max(days) > due):
        return False
    return channel == "letter" or in_hours(at, zones)


def first_legal(at: datetime, *, channel: str, kind: str, zones: Sequence[str], due: date) -> datetime | None:
    """The first legal instant from `at` on: itself, else an opening or a midnight of some zone; None in ten days."""
    moments = [at]
    for name in zones:
        today = at.astimezone(zone(name)).date()
        for days in range(10):
            for opening in (time(0), OPENS):
                local = datetime.combine(today + timedelta(days=days), opening, zone(name))
                moments.append(local.astimezone(UTC))
    later = sorted(moment for moment in moments if moment >= at)
    return next((m for m in later if is_legal(m, channel=channel, kind=kind, zones=zones, due=due)), None)
