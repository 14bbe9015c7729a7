"""`config/segments.yaml` -> the segments, in the order in which they are asked."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from dispatcher.rulebook.strategy_match import match_values
from dispatcher.rulebook.yaml_file import YamlFile, read_yaml
from dispatcher.treatment.domain.facts import DATED, MONEY, PERCENT, Fact
from dispatcher.treatment.domain.scorecard import Scorecard
from dispatcher.treatment.domain.segments import ANY, COLUMNS, ByHand, Condition, Limit, Segment
from dispatcher.values.iso_codes import CURRENCIES

_TEXTS = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_NUMBER = {"type": "integer", "minimum": 0}
_DAYS = {"type": "integer", "minimum": 1, "maximum": 3650}
_PERCENT = {"type": "number", "minimum": 0, "maximum": 100}
_DECIMAL = {"oneOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?$"}, {"type": "integer", "minimum": 0}]}
_AMOUNT = {
    "oneOf": [
        *_DECIMAL["oneOf"],
        {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[A-Z]{3}$"},
            "additionalProperties": _DECIMAL,
        },
    ]
}


def _range(limit: Mapping[str, Any], *, dated: bool) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "anyOf": [{"required": ["min"]}, {"required": ["max"]}],
        "properties": {"min": limit, "max": limit, **({"within_days": _DAYS} if dated else {})},
    }


def _limits(fact: Fact) -> Mapping[str, Any]:
    return _AMOUNT if fact in MONEY else _PERCENT if fact in PERCENT else _NUMBER


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["segments"],
    "properties": {
        "segments": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "match"],
                "properties": {
                    "name": {"type": "string", "pattern": r"^[a-z]([a-z0-9 -]{0,98}[a-z0-9])?$"},
                    "description": {"type": "string"},
                    "match": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            **dict.fromkeys(COLUMNS, _TEXTS),
                            **{fact.value: _range(_limits(fact), dated=fact in DATED) for fact in Fact},
                        },
                    },
                    "by_hand": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["owner", "within_days"],
                        "properties": {"owner": {"type": "string", "minLength": 1}, "within_days": _DAYS},
                    },
                },
            },
        },
    },
}


def load_segments(path: Path, card: Scorecard | None = None) -> tuple[Segment, ...]:
    """All segments; none where there is no file. Raises ConfigError naming file, line and key.

    `card` is what a `score` is worked out by; where it is not in use nobody has one.
    """
    if not path.is_file():
        return ()
    file = read_yaml(path)
    file.validate(SCHEMA)
    found: list[Segment] = []
    for i, item in enumerate(file.data["segments"]):
        if item["name"] in {segment.name for segment in found}:
            raise file.error(
                ("segments", i, "name"), f"{item['name']!r} is the name of an earlier segment too"
            )
        found.append(_segment(file, i, item, card if card and card.in_use else None))
    return tuple(found)


def _segment(file: YamlFile, place: int, item: Mapping[str, Any], card: Scorecard | None) -> Segment:
    match = item["match"]
    return Segment(
        name=item["name"],
        equals={name: match_values(file, name, match[name]) for name in COLUMNS if name in match},
        conditions=tuple(
            replace(
                _condition(file, place, fact, match[fact.value]), card=card if fact is Fact.SCORE else None
            )
            for fact in Fact
            if fact.value in match
        ),
        by_hand=ByHand(**item["by_hand"]) if "by_hand" in item else None,
    )


def _condition(file: YamlFile, place: int, fact: Fact, written: Mapping[str, Any]) -> Condition:
    where = ("segments", place, "match", fact.value)
    for edge in ("min", "max"):
        for currency in written[edge] if isinstance(written.get(edge), dict) else ():
            if currency not in CURRENCIES:
                raise file.error((*where, edge, currency), f"{currency!r} is no currency (ISO 4217)")
    limit = Limit(least=_amounts(written.get("min")), most=_amounts(written.get("max")))
    if any(limit.least[key] > limit.most[key] for key in limit.least.keys() & limit.most.keys()):
        raise file.error(where, "min is above max: nothing is ever of this segment")
    return Condition(fact=fact, limit=limit, within_days=written.get("within_days"))


def _amounts(written: Any) -> dict[str, Decimal]:
    if written is None:
        return {}
    by_currency = written if isinstance(written, dict) else {ANY: written}
    return {currency: Decimal(str(amount)) for currency, amount in by_currency.items()}
