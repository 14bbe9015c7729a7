"""The duties of a rule pack: their JSON Schema, and the way from YAML to values."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from dispatcher.gate.duty import Begins, Duty
from dispatcher.rulebook.yaml_file import YamlFile

Json = dict[str, Any]
_TEXT = {"type": "string", "minLength": 1}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": 3650}
DUTY_SCHEMA: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "says", "begins", "title", "verified"],
    "oneOf": [{"required": ["months"]}, {"required": ["days"]}, {"required": ["hours"]}],
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        "says": _TEXT,
        "begins": {"enum": [str(begins) for begins in Begins]},
        "months": _NUMBER,
        "days": _NUMBER,
        "hours": _NUMBER,
        "business": {"type": "boolean"},
        "title": _TEXT,
        "link": {"type": "string", "pattern": "^https?://"},
        "valid_from": {},
        "verified": {"enum": ["official", "secondary", "unverified", "own"]},
    },
}


def read_duties(file: YamlFile, written: Sequence[Json]) -> tuple[Duty, ...]:
    """The duties as values; raises ConfigError for an id that stands twice or a day that is none."""
    ids = [one["id"] for one in written]
    for i, name in enumerate(ids):
        if name in ids[:i]:
            raise file.error(("duties", i, "id"), f"{name!r} is the id of an earlier duty too")
    return tuple(_duty(file, i, one) for i, one in enumerate(written))


def _duty(file: YamlFile, i: int, written: Json) -> Duty:
    since = written.get("valid_from", "unknown")
    if since != "unknown" and not isinstance(since, date):
        raise file.error(("duties", i, "valid_from"), f"{since!r} is no date; write it as 2026-11-23")
    plain = {key: value for key, value in written.items() if key not in ("begins", "valid_from")}
    return Duty(
        **plain, begins=Begins(written["begins"]), valid_from=date.min if since == "unknown" else since
    )
