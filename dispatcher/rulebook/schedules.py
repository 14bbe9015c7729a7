"""`config/schedules.yaml` -> Schedule values."""

import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter

from dispatcher.rulebook.yaml_file import ConfigError, YamlFile, read_yaml
from dispatcher.runs.domain.schedule import Schedule

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["schedules"],
    "properties": {
        "schedules": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "job", "cron", "zone"],
                "properties": {
                    "name": {"type": "string", "pattern": r"^[a-z0-9][a-z0-9-]*$", "maxLength": 100},
                    "job": {"type": "string"},
                    "cron": {"type": "string"},
                    "zone": {"type": "string"},
                    "catch_up": {"enum": ["once", "all", "skip"]},
                },
            },
        }
    },
}
_ANY_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 croniter works on the wall's clock
# croniter takes 59/15 for minute 59 alone, where people mean "from 59 on, every 15".
_BARE_STEP = re.compile(r"(^|,)\d+/\d+(,|$)")


def load_schedules(path: Path, *, jobs: Collection[str]) -> tuple[Schedule, ...]:
    """Read the schedules; `jobs` are those that the program has. Raises ConfigError."""
    file = read_yaml(path)
    file.validate(SCHEMA)
    items = file.data["schedules"]
    for i, item in enumerate(items):
        _check(file, i, item, jobs, {earlier["name"] for earlier in items[:i]})
    return tuple(Schedule(**item) for item in items)


def schedules_to_show(path: Path) -> tuple[Schedule, ...]:
    """The schedules for whoever only shows them; none where the file cannot be read: its error is for who runs them."""
    try:
        return load_schedules(path, jobs={item["job"] for item in read_yaml(path).data["schedules"]})
    except (ConfigError, KeyError, TypeError):
        return ()


def _check(file: YamlFile, i: int, item: dict[str, Any], jobs: Collection[str], names: set[str]) -> None:
    at = ("schedules", i)
    if item["name"] in names:
        raise file.error((*at, "name"), f"{item['name']!r} is the name of another schedule too")
    if item["job"] not in jobs:
        raise file.error((*at, "job"), f"there is no job {item['job']!r}; choose {', '.join(sorted(jobs))}")
    _check_cron(file, (*at, "cron"), item["cron"])
    try:
        ZoneInfo(item["zone"])
    except (KeyError, ValueError, OSError):  # which of them depends on how wrong the name is
        raise file.error(
            (*at, "zone"), f"{item['zone']!r} is no IANA time zone, such as America/New_York"
        ) from None
    if item.get("catch_up") == "all" and item["cron"].split()[1].startswith("*"):
        raise file.error((*at, "catch_up"), "a schedule that fires throughout the day cannot make up for all")


def _ever_fires(cron: str) -> bool:
    """Whether there is a day for it within eight years: 29 February comes every four, but for 2100."""
    try:
        croniter(cron, _ANY_DAY, max_years_between_matches=8).get_next()
    except CroniterBadDateError:
        return False
    return True


def _check_cron(file: YamlFile, at: tuple[str | int, ...], cron: str) -> None:
    fields = cron.split()
    if len(fields) != 5 or not croniter.is_valid(cron):
        raise file.error(at, f"{cron!r} is no cron expression of five fields, such as '30 7 * * 1-5'")
    if not _ever_fires(cron):
        raise file.error(at, f"{cron!r} never fires: there is no such day")
    if any(_BARE_STEP.search(field) for field in fields):
        raise file.error(at, f"{cron!r}: write a step as */15 or 5-59/15, not 5/15")
