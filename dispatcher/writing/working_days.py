"""Working days in the reader's country, for dates that a text gives."""

from datetime import date, timedelta
from functools import lru_cache

REPLY_DAYS = 10  # working days from the day of the balance until an answer is hoped for


@lru_cache(maxsize=4096)
def working_day_after(day: date, count: int, country: str) -> date:
    """The day `count` working days later; where no calendar is known, Monday to Friday count."""
    import holidays  # every country's: only where a day is counted

    try:
        return holidays.country_holidays(country.upper()).get_nth_working_day(day, count)
    except (NotImplementedError, KeyError):
        return _weekday_after(day, count)


def _weekday_after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day
