"""`config/retention.yaml` -> retention periods, in their order."""

from pathlib import Path

from dispatcher.record.domain.retention import RetentionPeriod
from dispatcher.rulebook.yaml_file import read_yaml

_CODES = {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^[A-Z0-9]{1,3}$"}}
_PERIOD = {
    "type": "object",
    "additionalProperties": False,
    "required": ["years", "reference", "verified"],
    "properties": {
        "countries": _CODES,
        "regions": _CODES,
        "years": {"type": "integer", "minimum": 1, "maximum": 100},
        "reference": {"type": "string", "minLength": 1},
        "link": {"type": "string", "pattern": "^https://"},
        "verified": {"enum": ["official", "secondary", "unverified", "policy"]},
    },
}
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["periods"],
    "properties": {"periods": {"type": "array", "minItems": 1, "items": _PERIOD}},
}


def load_retention(path: Path) -> tuple[RetentionPeriod, ...]:
    """Read the file; raises ConfigError naming file, line and key."""
    file = read_yaml(path)
    file.validate(_SCHEMA)
    periods = tuple(
        RetentionPeriod(
            years=each["years"],
            reference=each["reference"],
            countries=tuple(each.get("countries", ())),
            regions=tuple(each.get("regions", ())),
        )
        for each in file.data["periods"]
    )
    if periods[-1].countries:
        raise file.error(
            ("periods", len(periods) - 1), "the last period must fit everybody: leave out countries"
        )
    return periods
