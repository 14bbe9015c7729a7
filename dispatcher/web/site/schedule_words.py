"""A schedule's five fields in words, where they are plain ones."""

from calendar import month_name
from collections.abc import Mapping

_WEEKDAYS: Mapping[str, str] = {
    "*": "every day",
    "0": "Sundays",
    "1": "Mondays",
    "2": "Tuesdays",
    "3": "Wednesdays",
    "4": "Thursdays",
    "5": "Fridays",
    "6": "Saturdays",
    "7": "Sundays",
    "1-5": "Mondays to Fridays",
}


def cron(fields: str) -> str:
    """When it fires, in words; empty where that takes more words than its next times would."""
    minute, hour, day, month, weekday = fields.split()
    if (hour, day, month, weekday) == ("*", "*", "*", "*"):
        return _within_the_hour(minute)
    if not (minute.isdecimal() and hour.isdecimal()):
        return ""
    days = _WEEKDAYS.get(weekday, "") if (day, month) == ("*", "*") else ""
    if not days and weekday == "*" and day.isdecimal():
        days = _in_months(int(day), month)
    return f"{days} at {int(hour):02}:{int(minute):02}" if days else ""


def _within_the_hour(minute: str) -> str:
    if minute == "*":
        return "every minute"
    if minute.isdecimal():
        return f"every hour at {int(minute)} minutes past"
    reach, _, every = minute.partition("/")
    first, _, last = reach.partition("-")
    if not every.isdecimal() or (last and last != "59"):
        return ""
    if first in {"*", "0"}:
        return f"every {every} minutes"
    return f"every {every} minutes, from {first} minutes past" if first.isdecimal() and last else ""


def _in_months(day: int, month: str) -> str:
    if month == "*":
        return f"the {_ordinal(day)} of each month"
    months = month.split(",")
    if not all(one.isdecimal() for one in months):
        return ""
    names = [month_name[int(one)] for one in months]
    told = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
    return f"the {_ordinal(day)} of {told}"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number not in {11, 12, 13} else "th"
    return f"{number}{ending}"
