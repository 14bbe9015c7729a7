"""A second gate, slow and plain, written apart from the first: calendars and caps straight from the YAML.

It walks datetimes with zoneinfo, a quarter of an hour at a time, and shares nothing with `dispatcher.domain` but
the values of the facts. Only `allowed_time` (everywhere) and `frequency_cap` rules are read.
"""

from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import yaml

from dispatcher.gate.facts import ContactFacts, HistoryEntry

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
QUARTER = timedelta(minutes=15)
FAMILIES = ("allowed_time", "frequency_cap")
SIMPLE = {"hours", "calendar", "limit", "window", "counts", "unit", "count_channels"}


def simple_rules(path: Path) -> list[dict[str, Any]]:
    """The rules that this gate can judge: no trigger, no consent, no place, no location but everywhere."""
    pack = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)  # each test process reads all
    return [
        rule
        for rule in pack["rules"]
        if rule["family"] in FAMILIES
        and set(rule["parameters"]) - {"replies"} <= SIMPLE
        and not {"places", "except_places", "except_lines"} & set(rule)
    ]


def allows(rules: list[dict[str, Any]], facts: ContactFacts, now: datetime) -> bool:
    """Whether all rules allow the contact at that instant."""
    return all(_rule_allows(rule, facts, now) for rule in rules if _covers(rule, facts))


def earliest(rules: list[dict[str, Any]], facts: ContactFacts, within: timedelta) -> datetime | None:
    """The first quarter of an hour from now on at which all rules allow; None within the time given."""
    now = facts.now
    while now <= facts.now + within:
        if allows(rules, facts, now):
            return now
        now += QUARTER
    return None


def zone(name: str) -> ZoneInfo:
    """The zone of the tzdata package, read for this gate alone."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _covers(rule: dict[str, Any], facts: ContactFacts) -> bool:
    channel, kind = str(facts.action.channel), str(facts.action.kind)
    if "channels" in rule and channel not in rule["channels"]:
        return False
    if channel in rule.get("except_channels", []) or kind in rule.get("except_kinds", []):
        return False
    return "kinds" not in rule or kind in rule["kinds"]


def _rule_allows(rule: dict[str, Any], facts: ContactFacts, now: datetime) -> bool:
    locals_ = [now.astimezone(zone(candidate.zone)) for candidate in facts.zones]
    since = date.min if rule["valid_from"] == "unknown" else rule["valid_from"]
    if not any(since <= local.date() < rule.get("valid_to", date.max) for local in locals_):
        return True
    if rule["family"] == "allowed_time":
        return all(_open(rule["parameters"], local, facts) for local in locals_)
    return all(_has_room(rule, facts, now, candidate.zone) for candidate in facts.zones)


def _open(parameters: dict[str, Any], local: datetime, facts: ContactFacts) -> bool:
    for span in _spans(parameters, local.date(), facts).split(", "):
        if span == "closed":
            continue
        opens, closes = span.split("-")
        if opens <= local.strftime("%H:%M") < closes:
            return True
    return False


def _spans(parameters: dict[str, Any], day: date, facts: ContactFacts) -> str:
    hours = parameters["hours"]
    if "holidays" in hours and (_is_holiday(parameters["calendar"], day) or day in facts.holidays):
        return str(hours["holidays"])
    for key, value in hours.items():
        if key == "daily" or (key != "holidays" and _named(key, day.weekday())):
            return str(value)
    return "closed"


def _is_holiday(calendar: dict[str, Any], day: date) -> bool:
    if "days" in calendar:
        return any(_is_named(words, day) for words in calendar["days"])
    return day in holidays.country_holidays(
        calendar["country"],
        subdiv=calendar.get("subdivision"),
        years=day.year,
        categories=("public", "optional") if calendar.get("optional") else ("public",),
    )


def _is_named(words: str, day: date) -> bool:
    """Whether a statute's words mean this day: asked of the day, where the program makes the days of a year."""
    if words.startswith("easter"):
        return day - timedelta(days=int(words[6:] or 0)) == _easter(day.year)
    if words.startswith("monday before"):
        end = date.fromisoformat(f"{day.year}-{words[-5:]}")
        return day.weekday() == 0 and timedelta(0) < end - day <= timedelta(days=7)
    if " of " in words:
        nth, weekday, _, month = words.split()
        week = ["first", "second", "third", "fourth"].index(nth)
        return day.month == int(month) and DAYS[day.weekday()] == weekday[:3] and (day.day - 1) // 7 == week
    fixed = date.fromisoformat(f"{day.year}-{words[:5]}")
    if fixed.weekday() == 6 and "monday" in words:
        return day == fixed + timedelta(days=1) or (day == fixed and "and" in words)
    return day == fixed


def _easter(year: int) -> date:
    """The Sunday by the table of the western church (Meeus, Jones, Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    el = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + el - 7 * ((a + 11 * h + 22 * el) // 451) + 114, 31)
    return date(year, month, day + 1)


def _named(key: str, weekday: int) -> bool:
    first, _, last = key.partition("-")
    return DAYS.index(first) <= weekday <= DAYS.index(last or first)


def _has_room(rule: dict[str, Any], facts: ContactFacts, now: datetime, zone_name: str) -> bool:
    units: list[set[str]] = [set()]
    if rule["parameters"].get("unit") == "debt" and facts.action.debts:
        units = [{debt} for debt in facts.action.debts]
    return all(_count(rule, facts, now, zone_name, unit) < rule["parameters"]["limit"] for unit in units)


def _count(rule: dict[str, Any], facts: ContactFacts, now: datetime, zone_name: str, unit: set[str]) -> int:
    return sum(
        _counts(rule, entry) and _inside(rule["parameters"]["window"], entry.at, now, zone_name)
        for entry in facts.history
        if not unit or not entry.debts or unit & set(entry.debts)
    )


def _counts(rule: dict[str, Any], entry: HistoryEntry) -> bool:
    if entry.direction == "inbound" or entry.outcome in {"inbound_from_consumer", "payment"}:
        return False
    lost = {"busy", "not_in_service"}
    if rule["parameters"].get("counts") == "contacts":
        lost |= {"unanswered", "bounced", "failed", "rejected", "returned"}
    if entry.outcome in lost:
        return False
    if rule["parameters"].get("counts") == "conversations" and entry.outcome not in {
        "conversation",
        "answered_complete",
    }:
        return False
    return _channel_counts(rule, entry.channel) and _kind_counts(rule, entry.kind)


def _channel_counts(rule: dict[str, Any], channel: str) -> bool:
    counted = rule["parameters"].get("count_channels", rule.get("channels"))
    return channel in counted if counted else channel not in rule.get("except_channels", [])


def _kind_counts(rule: dict[str, Any], kind: str | None) -> bool:
    return kind is None or (
        kind in rule["kinds"] if "kinds" in rule else kind not in rule.get("except_kinds", [])
    )


def _inside(window: dict[str, Any], at: datetime, now: datetime, zone_name: str) -> bool:
    then, today = at.astimezone(zone(zone_name)).date(), now.astimezone(zone(zone_name)).date()
    inside = "days" in window and (today - then).days < window["days"]
    inside |= "hours" in window and now - at < timedelta(hours=window["hours"])
    if window.get("calendar") == "week":
        inside |= then.isocalendar()[:2] == today.isocalendar()[:2]
    if window.get("calendar") == "month":
        inside |= (then.year, then.month) == (today.year, today.month)
    return inside
