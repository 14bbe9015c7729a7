"""Public holidays of a country or region, year by year as they are asked for, from the `holidays` package."""

from functools import lru_cache

from dispatcher.values.zones import day_number, day_of


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


def is_known(country: str, subdivision: str | None) -> bool:
    """Whether the package knows the country and the subdivision."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=True)
    return country in known and (subdivision is None or subdivision in known[country])


@lru_cache(maxsize=4096)
def _year(
    country: str, subdivision: str | None, also: tuple[str, ...], categories: tuple[str, ...], year: int
) -> frozenset[int]:
    from datetime import date

    import holidays

    listed = holidays.country_holidays(country, subdiv=subdivision, years=year, categories=categories)
    fixed = (date.fromisoformat(f"{year}-{month_day}") for month_day in also)
    return frozenset(day_number(day) for day in (*listed, *fixed) if day.year == year)
