"""`config/scorecard.yaml` -> the scorecard: only facts that may count, each with why it is fair and who said so."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from dispatcher.rulebook.yaml_file import YamlFile, read_yaml
from dispatcher.treatment.domain.facts import DATED, MONEY
from dispatcher.treatment.domain.scorecard import ATTRIBUTES, Attribute, Band, Range, Scorecard
from dispatcher.values.iso_codes import CURRENCIES

# What a score never asks, whoever approves it: rights that somebody used, and what the law protects.
_FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "a right that they used": (
        "dispute", "disputed", "disputes", "complaint", "complaints", "opt_out", "opt_outs", "optout", "optouts",
        "wish", "wishes", "cease", "attorney", "objection",
    ),
    "a language": ("language",),
    "where somebody lives": (
        "country", "region", "state", "city", "place", "postal_code", "postcode", "zip", "address", "time_zone", "zone",
        "phone", "area_code",
    ),
    "who somebody is": (
        "name", "first_name", "surname", "email", "sex", "gender", "age", "birth_date", "marital_status",
        "civil_status", "children", "family", "race", "ethnicity", "colour", "color", "religion", "nationality",
        "national_origin",
    ),
    "what somebody lives on": ("benefits", "public_assistance", "income", "pension"),
    "somebody's health": ("health", "disability", "care", "vulnerability", "vulnerable", "illness"),
}  # fmt: skip

_TEXT = {"type": "string"}
_POINTS = {"type": "integer", "minimum": -10_000, "maximum": 10_000}
_LIMIT = {"oneOf": [{"type": "integer"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}]}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["use", "name", "version", "date", "base", "percent_at_base", "double", "attributes"],
    "properties": {
        "use": {"type": "boolean"},
        "name": {"type": "string", "pattern": r"^[a-z0-9][a-z0-9 _-]*$"},
        "version": {"type": "string", "minLength": 1},
        "date": {},
        "about": _TEXT,
        "approved_by": _TEXT,
        "approved_on": {},
        "base": _POINTS,
        "percent_at_base": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100},
        "double": {"type": "integer", "minimum": 1, "maximum": 10_000},
        "bands": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {"name": {"type": "string", "minLength": 1}, "below": _POINTS},
            },
        },
        "attributes": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["fact", "fair_because", "approved_by", "points"],
                "properties": {
                    "fact": _TEXT,
                    "within_days": {"type": "integer", "minimum": 1, "maximum": 3650},
                    "currency": _TEXT,
                    "fair_because": _TEXT,
                    "approved_by": _TEXT,
                    "unknown": _POINTS,
                    "points": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["points"],
                            "properties": {"below": _LIMIT, "points": _POINTS},
                        },
                    },
                },
            },
        },
    },
}


def load_scorecard(path: Path) -> Scorecard | None:
    """The card; None where there is no file. Raises ConfigError naming file, line and key.

    A card in use must name its approver and, for each attribute, why it is fair and who approved that.
    """
    if not path.is_file():
        return None
    file = read_yaml(path)
    data = file.data
    for i, item in enumerate(data.get("attributes") or () if isinstance(data, dict) else ()):
        _refuse_forbidden(file, i, str(item.get("fact", "")) if isinstance(item, dict) else "")
    file.validate(SCHEMA)
    return Scorecard(
        name=data["name"],
        version=data["version"],
        made_on=_day(file, "date"),
        about=data.get("about", ""),
        approved_by=_said(file, ("approved_by",), data.get("approved_by", "")),
        approved_on=_day(file, "approved_on") if data.get("approved_on") or data["use"] else None,
        base=data["base"],
        percent_at_base=Decimal(str(data["percent_at_base"])),
        double=data["double"],
        bands=_bands(file),
        attributes=tuple(_attribute(file, i, item) for i, item in enumerate(data["attributes"])),
        in_use=data["use"],
    )


def _refuse_forbidden(file: YamlFile, place: int, fact: str) -> None:
    where = ("attributes", place, "fact")
    word = fact.strip().casefold().replace(" ", "_").replace("-", "_")
    if word in ATTRIBUTES:
        return
    for what, names in _FORBIDDEN.items():
        if word in names:
            raise file.error(
                where, f"{fact!r}: a score never asks for {what}, whoever approves it; take it out"
            )
    if fact:
        raise file.error(
            where, f"{fact!r} is no fact that a score may ask for; there are: {', '.join(ATTRIBUTES)}"
        )


def _day(file: YamlFile, key: str) -> date:
    day = file.data.get(key)
    if not isinstance(day, date):
        raise file.error((key,), f"{day!r} is not a day; write it as 2026-11-23")
    return day


def _said(file: YamlFile, where: tuple[str | int, ...], text: str) -> str:
    """A text that a card in use must have."""
    if file.data["use"] and not text.strip():
        raise file.error(
            where, "is empty: a card in use names it; set `use: false` until somebody has approved"
        )
    return text.strip()


def _bands(file: YamlFile) -> tuple[Band, ...]:
    bands = tuple(Band(name=each["name"], below=each.get("below")) for each in file.data.get("bands", ()))
    _ascending(file, ("bands",), [band.below for band in bands])
    return bands


def _ascending(file: YamlFile, where: tuple[str | int, ...], ends: list[Any]) -> None:
    """Each `below` above the one before it, and the last entry alone without one."""
    for i, end in enumerate(ends):
        last = i == len(ends) - 1
        if (end is None) is not last:
            raise file.error((*where, i), "the last entry has no `below`, and every other one has it")
        if i and not last and end <= ends[i - 1]:
            raise file.error((*where, i, "below"), f"{end} does not come after {ends[i - 1]}")


def _attribute(file: YamlFile, place: int, item: Mapping[str, Any]) -> Attribute:
    where = ("attributes", place)
    fact = next(each for each in ATTRIBUTES if each.value == item["fact"].strip().casefold())
    currency = item.get("currency", "")
    if (fact in MONEY) is not (currency in CURRENCIES):
        words = "needs `currency`: its ranges are amounts (ISO 4217)" if fact in MONEY else "has no currency"
        raise file.error((*where, "currency"), f"{fact.value} {words}")
    if "within_days" in item and fact not in DATED:
        raise file.error((*where, "within_days"), f"{fact.value} is of the day itself: leave within_days out")
    ends = [None if "below" not in each else Decimal(str(each["below"])) for each in item["points"]]
    _ascending(file, (*where, "points"), ends)
    if fact not in MONEY and any(end is not None and end != int(end) for end in ends):
        raise file.error((*where, "points"), f"{fact.value} counts whole: no fractions in `below`")
    return Attribute(
        fact=fact,
        ranges=tuple(
            Range(below=end, points=each["points"]) for end, each in zip(ends, item["points"], strict=True)
        ),
        unknown=item.get("unknown", 0),
        within_days=item.get("within_days"),
        currency=currency,
        fair_because=_said(file, (*where, "fair_because"), item["fair_because"]),
        approved_by=_said(file, (*where, "approved_by"), item["approved_by"]),
    )
