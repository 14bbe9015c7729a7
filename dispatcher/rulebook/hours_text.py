"""Reads weekly hours as packs write them: `mon-fri: 07:00-19:00`, `sat: 08:00-15:00`, `holidays: closed`."""

import re
from typing import Any

from dispatcher.gate.guards.wishes import clock
from dispatcher.gate.hours import Span, WeeklyHours, weekly

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_DAY_KEY = r"^(daily|holidays|(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?)$"
_SPAN_TEXT = {"type": "string", "pattern": r"^(closed|\d\d:\d\d-\d\d:\d\d(, \d\d:\d\d-\d\d:\d\d)*)$"}
HOURS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": _DAY_KEY},
    "additionalProperties": _SPAN_TEXT,
}


def weekly_hours(text: dict[str, str]) -> WeeklyHours:
    """The hours; a day that no line names is closed. Raises ValueError on a time that is none, or a day named twice."""
    spans: dict[int, list[Span]] = {}
    for key, value in text.items():
        for day in _days(key):
            if day in spans:
                raise ValueError(f"{DAYS[day]} stands here twice")
            spans[day] = _spans(value)
    return weekly(spans, _spans(text["holidays"]) if "holidays" in text else None)


def _days(key: str) -> range | list[int]:
    if key == "holidays":
        return []
    if key == "daily":
        return range(7)
    first, _, last = key.partition("-")
    start, end = DAYS.index(first), DAYS.index(last or first)
    if end < start:
        raise ValueError(f"{key} runs backwards; write two lines")
    return range(start, end + 1)


def _spans(text: str) -> list[Span]:
    spans = [(clock(opens), clock(closes)) for opens, closes in _SPAN.findall(text)]
    for opens, closes in spans:
        if closes <= opens:
            raise ValueError(f"{text!r} ends before it begins")
    return spans
