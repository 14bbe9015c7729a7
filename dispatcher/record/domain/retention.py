"""How long a person's values are kept, and what is due to be forgotten."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class RetentionPeriod:
    """Years after the last collection activity, for residents of these places (empty: of all)."""

    years: int
    reference: str
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    def fits(self, country: str, region: str) -> bool:
        """Whether it speaks of a residence; a region counts with or without its country (`CA`, `US-CA`)."""
        bare = region.removeprefix(f"{country}-")
        return (not self.countries or country in self.countries) and (
            not self.regions or bare in self.regions
        )

    def ends(self, last_activity: date) -> date:
        """Return the first day on which the values may be erased."""
        year = last_activity.year + self.years
        try:
            return last_activity.replace(year=year)
        except ValueError:  # 29 February
            return date(year, 3, 1)


def period_for(periods: Iterable[RetentionPeriod], country: str, region: str) -> RetentionPeriod:
    """Choose the first that fits; raises LookupError where none does."""
    for period in periods:
        if period.fits(country, region):
            return period
    raise LookupError(
        f"no retention period for {country or 'an unknown country'}: end the list with a general one"
    )
