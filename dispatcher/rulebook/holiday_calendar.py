"""Days off: a statute's own list, or the public holidays of a country or region from the `holidays` package.

A law that says "holiday" mostly says which days it means; public holidays are the nearest guess where it does not.
"""

import re
from datetime import date, timedelta
from functools import lru_cache

from dateutil.easter import easter
from dateutil.relativedelta import MO, TH, relativedelta

from dispatcher.values.zones import day_number, day_of

_FIXED = re.compile(r"(?P<month>\d\d)-(?P<day>\d\d)(?P<monday> or monday| and monday)?")
_EASTER = re.compile(r"easter(?P<days>[+-]\d+)?")
_NTH = re.compile(r"(?P<nth>first|second|third|fourth|last) (?P<weekday>monday|thursday) of (?P<month>\d\d)")
_BEFORE = re.compile(r"monday before (?P<month>\d\d)-(?P<day>\d\d)")
_NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_WEEKDAYS = {"monday": MO, "thursday": TH}
_SUNDAY = 6


class HolidayCalendar:
    """A container of day numbers: the public days, with `optional` those that only some laws call holidays.

    `also`: fixed days (MM-DD) that the package does not list.
    """

    __slots__ = ("also", "categories", "country", "subdivision")

    def __init__(
        self,
        country: str,
        subdivision: str | None = None,
        also: tuple[str, ...] = (),
        *,
        optional: bool = False,
    ) -> None:
        self.country = country
        self.subdivision = subdivision
        self.also = also
        self.categories = ("public", "optional") if optional else ("public",)

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, int):
            return False
        return day in _year(self.country, self.subdivision, self.also, self.categories, day_of(day).year)

    def __repr__(self) -> str:
        return f"HolidayCalendar({self.country!r}, {self.subdivision!r})"


class StatuteDays:
    """A container of day numbers: the days that a statute itself names, in these words.

    `01-01` a fixed day; `07-01 or monday` moved to the Monday where it is a Sunday, `07-01 and monday` both days then;
    `easter-2` counted from Easter Sunday; `third monday of 02`; `monday before 05-25`.
    """

    __slots__ = ("days",)

    def __init__(self, days: tuple[str, ...]) -> None:
        self.days = days

    def __contains__(self, day: object) -> bool:
        return isinstance(day, int) and day in _statute_year(self.days, day_of(day).year)

    def __repr__(self) -> str:
        return f"StatuteDays({self.days!r})"


def is_known(country: str, subdivision: str | None) -> bool:
    """Whether the package knows the country and the subdivision."""
    import holidays
    from holidays.registry import EntityLoader

    # The package's own list of all subdivisions reads the calendars of all countries, a tenth of a second.
    known = country in EntityLoader.get_country_codes(include_aliases=True)
    return known and (subdivision is None or subdivision in getattr(holidays, country).subdivisions)


@lru_cache(maxsize=4096)
def _year(
    country: str, subdivision: str | None, also: tuple[str, ...], categories: tuple[str, ...], year: int
) -> frozenset[int]:
    import holidays

    listed = holidays.country_holidays(country, subdiv=subdivision, years=year, categories=categories)
    fixed = (date.fromisoformat(f"{year}-{month_day}") for month_day in also)
    return frozenset(day_number(day) for day in (*listed, *fixed) if day.year == year)


@lru_cache(maxsize=4096)
def _statute_year(days: tuple[str, ...], year: int) -> frozenset[int]:
    return frozenset(day_number(day) for written in days for day in _days_of(written, year))


def _days_of(written: str, year: int) -> tuple[date, ...]:
    if fixed := _FIXED.fullmatch(written):
        day = date(year, int(fixed["month"]), int(fixed["day"]))
        if not fixed["monday"] or day.weekday() != _SUNDAY:
            return (day,)
        monday = day + timedelta(days=1)
        return (monday,) if fixed["monday"] == " or monday" else (day, monday)
    if moving := _EASTER.fullmatch(written):
        return (easter(year) + timedelta(days=int(moving["days"] or 0)),)
    if nth := _NTH.fullmatch(written):
        number = _NUMBERS[nth["nth"]]
        month = date(year, int(nth["month"]), 1) + (relativedelta(day=31) if number < 0 else relativedelta())
        return (month + relativedelta(weekday=_WEEKDAYS[nth["weekday"]](number)),)
    before = _BEFORE.fullmatch(written)
    if before is None:
        raise ValueError(
            f"{written!r} is no day: write 01-01, easter-2, third monday of 02, monday before 05-25"
        )
    return (date(year, int(before["month"]), int(before["day"])) + relativedelta(days=-1, weekday=MO(-1)),)


def checked_days(days: tuple[str, ...]) -> StatuteDays:
    """The statute's days; raises ValueError where one is not written as such."""
    _statute_year(days, 2024)  # a leap year knows every date
    return StatuteDays(days)
