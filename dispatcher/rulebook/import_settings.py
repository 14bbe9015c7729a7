"""`config/import.yaml` -> ImportSettings: limits of what an ordinary ledger changes, stand-ins, real names."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from dispatcher.portfolio.domain.import_request import ImportSettings
from dispatcher.portfolio.domain.ledger_drift import LedgerLimits
from dispatcher.portfolio.domain.stand_ins import DEFAULT_PEOPLE, StandIns
from dispatcher.rulebook.yaml_file import read_yaml
from dispatcher.values.whereabouts import PlaceTable
from dispatcher.values.written_address import address_key

_LIMITS = (
    "counted_from", "vanished", "appeared", "emptied", "keys", "balances", "due_dates", "ages", "median_age",
    "currencies", "debtors", "refused",
)  # fmt: skip
_PERCENT = {"type": "integer", "minimum": 0}
_NUMBERS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(_LIMITS, _PERCENT),
        "month_end": {
            "type": "object",
            "additionalProperties": False,
            "required": ["days"],
            "properties": {
                "days": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 31}},
                **dict.fromkeys(_LIMITS[1:], _PERCENT),
            },
        },
    },
}
_TEXTS = {"type": "array", "items": {"type": "string"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "limits": _NUMBERS,
        "creditors": {"type": "object", "additionalProperties": _NUMBERS},
        "stand_ins": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "people": {"type": "integer", "minimum": 2},
                "addresses": _TEXTS,
                "allowed": _TEXTS,
            },
        },
        "real_names": _TEXTS,
    },
}


def load_import_settings(path: Path, places: PlaceTable | None = None) -> ImportSettings:
    """The settings; those of the program where there is no file. Raises ConfigError naming file, line and key."""
    if not path.is_file():
        return ImportSettings(places=places)
    file = read_yaml(path)
    file.validate(SCHEMA)
    data = file.data or {}
    limits = _limits(LedgerLimits(), data.get("limits", {}))
    stand_ins = data.get("stand_ins", {})
    return ImportSettings(
        limits=limits,
        of_creditors={key: _limits(limits, own) for key, own in data.get("creditors", {}).items()},
        stand_ins=StandIns(
            people=stand_ins.get("people", DEFAULT_PEOPLE),
            addresses=tuple(stand_ins.get("addresses", ())),
            allowed=frozenset(address_key(address) for address in stand_ins.get("allowed", ())),
        ),
        real_names=frozenset(data.get("real_names", ())),
        places=places,
    )


def _limits(base: LedgerLimits, data: dict[str, Any]) -> LedgerLimits:
    month_end = data.get("month_end", {})
    own = {name: data[name] for name in _LIMITS if name in data}
    if month_end:
        own["month_end"] = frozenset(month_end["days"])
        own["month_end_limits"] = {name: month_end[name] for name in _LIMITS if name in month_end}
    return replace(base, **own)
