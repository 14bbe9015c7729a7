"""One rule pack's file: its JSON Schema, and the way from YAML to the pack."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from dispatcher.gate.facts import Channel, Kind
from dispatcher.gate.rules import (
    ALL_CHANNELS,
    ALL_KINDS,
    DEBT_TYPES,
    Binding,
    Reference,
    Region,
    Review,
    Rule,
    RulePack,
    TimeBarred,
)
from dispatcher.rulebook.duties import DUTY_SCHEMA, read_duties
from dispatcher.rulebook.families import FAMILIES, Json, RuleScope, enum_list
from dispatcher.rulebook.yaml_file import KeyPath, Part, YamlFile, read_yaml

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True}
_CHANNELS, _KINDS = enum_list(Channel), enum_list(Kind)
_ROLES = ("original_creditor", "third_party_collector", "debt_buyer", "law_firm", "credit_purchaser")
_SENDERS = {"type": "array", "items": {"enum": list(_ROLES)}, "minItems": 1, "uniqueItems": True}
UNKNOWN = "unknown"
_DATE: Json = {}  # YAML gives a date; `_date` says so where it does not


def _object(properties: Json, *required: str) -> Json:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(required),
    }


_RULE = _object(
    {
        "id": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        "says": _TEXT,
        "family": {"enum": sorted(FAMILIES)},
        "parameters": {"type": "object"},
        "channels": _CHANNELS,
        "except_channels": _CHANNELS,
        "kinds": _KINDS,
        "except_kinds": _KINDS,
        "places": _TEXTS,
        "except_places": _TEXTS,
        "except_recipients": _TEXTS,
        "except_lines": _TEXTS,
        "roles": _SENDERS,
        "reference": _object(
            {
                "title": _TEXT,
                "link": {"type": "string", "pattern": "^https?://"},
                "quote": _TEXT | {"maxLength": 300},
                "read_on": _DATE,
                "read_at": _TEXT,
                "unread": _TEXT,
            },
            "title",
        ),
        "valid_from": _DATE,
        "valid_to": _DATE,
        "status": {"enum": ["law", "guidance", "policy"]},
        "verified": {"enum": ["official", "secondary", "unverified", "own"]},
    },
    "id",
    "says",
    "family",
    "reference",
    "valid_from",
    "status",
    "verified",
)
# Beside the schema of all rules: asking each rule for each family took as long as all else that is read at the start.
_OF_FAMILY: dict[str, Json] = {
    name: {
        "type": "object",
        "properties": {"parameters": family.schema()},
        "required": ["parameters"] * bool(family.required),
    }
    for name, family in FAMILIES.items()
}
SCHEMA: Json = _object(
    {
        "pack": {"type": "string", "pattern": "^[A-Z0-9]+(-[A-Z0-9]+)*$"},
        "title": _TEXT,
        "version": _TEXT,
        "note": _TEXT,
        "everywhere": {"type": "boolean"},
        "own_first_contact": {"type": "boolean"},
        "names_disputed": {"type": "boolean"},
        "applies": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                {
                    "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
                    "region": _TEXT,
                    "cities": _TEXTS,
                    "except_regions": _TEXTS,
                    "numbers": {"type": "string", "pattern": r"^\+[0-9]+( \+[0-9]+)*$"},
                    "postcodes": {"type": "string", "pattern": r"^[A-Z0-9]+( [A-Z0-9]+)*$"},
                },
                "country",
            ),
        },
        "binds": _object(
            {
                "roles": _SENDERS,
                "debt_types": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"enum": list(DEBT_TYPES)},
                    "additionalProperties": _DATE,
                },
                "past_due_more_than": {"type": "integer", "minimum": 0},
            }
        ),
        "against_us": _TEXT,
        "in_force": {"type": "object", "minProperties": 1},
        "time_barred": _object(
            {
                "may_be_asked_with": _TEXTS,
                "unknown_after_days": {"type": "integer", "minimum": 1},
            }
        ),
        "reviewed": _object({"by": _TEXT, "on": _DATE, "note": {"type": "string"}}, "by", "on"),
        "duties": {"type": "array", "minItems": 1, "items": DUTY_SCHEMA},
        "rules": {"type": "array", "minItems": 1, "items": _RULE},
    },
    "pack", "title", "version", "rules",
)  # fmt: skip


def _families(data: Any) -> Iterator[Part]:
    """Each rule with what its family wants; the data may be of any form yet."""
    rules = data.get("rules") if isinstance(data, dict) else None
    for i, rule in enumerate(rules if isinstance(rules, list) else ()):
        family = rule.get("family") if isinstance(rule, dict) else None
        if isinstance(family, str) and family in _OF_FAMILY:
            yield ("rules", i), rule, _OF_FAMILY[family]


@lru_cache(maxsize=256)
def read_pack(path: Path, digest: str) -> RulePack:
    """The pack of one file, whose text has this SHA-256 (hex); raises ConfigError naming file, line and key."""
    file = read_yaml(path)
    file.validate(SCHEMA, _families(file.data))
    data = file.data
    if data["pack"].lower() != path.stem:
        raise file.error(("pack",), f"{data['pack']!r} must stand in {data['pack'].lower()}.yaml")
    in_force = _in_force(file)
    return RulePack(
        name=data["pack"],
        title=data["title"],
        version=data["version"],
        digest=digest,
        rules=_rules(file, in_force),
        in_force=in_force,
        against_us=data.get("against_us", ""),
        duties=read_duties(file, data.get("duties", ())),
        applies=tuple(region for one in data.get("applies", ()) for region in _regions(one)),
        everywhere=data.get("everywhere", False),
        binds=_binding(file, data.get("binds", {})),
        reviewed=_review(file),
        time_barred=_time_barred(data.get("time_barred", {})),
        own_first_contact=data.get("own_first_contact", False),
        names_disputed=data.get("names_disputed"),
    )


def _time_barred(written: Json) -> TimeBarred:
    sentences = written.get("may_be_asked_with")
    return TimeBarred(
        sentences=None if sentences is None else tuple(sentences),
        unknown_after_days=written.get("unknown_after_days"),
    )


def _regions(one: Json) -> list[Region]:
    apart = frozenset(one.get("except_regions", ()))
    numbers = frozenset(one.get("numbers", "").split())
    postcodes = frozenset(one.get("postcodes", "").split())
    return [
        Region(
            country=one["country"],
            region=one.get("region"),
            city=city and city.casefold(),
            regions_apart=apart,
            numbers=numbers,
            postcodes=postcodes,
        )
        for city in one.get("cities", [None])
    ]


def _binding(file: YamlFile, binds: Json) -> Binding:
    types = binds.get("debt_types", {})
    return Binding(
        roles=frozenset(binds.get("roles", ())),
        debt_types={
            name: _since(file, ("binds", "debt_types", name), since) for name, since in types.items()
        },
        past_due_more_than=binds.get("past_due_more_than"),
    )


def _review(file: YamlFile) -> Review | None:
    review = file.data.get("reviewed")
    if review is None:
        return None
    on = _date(file, ("reviewed", "on"), review["on"])
    return Review(by=review["by"], on=on, note=review.get("note", ""))


def _rules(file: YamlFile, in_force: dict[str, date]) -> tuple[Rule, ...]:
    rules = tuple(_rule(file, i, written) for i, written in enumerate(file.data["rules"]))
    ids = [rule.id for rule in rules]
    for i, rule in enumerate(rules):
        if rule.id in ids[:i]:
            raise file.error(("rules", i, "id"), f"{rule.id!r} is the id of an earlier rule too")
        _hold_to_its_law(file, i, rule, in_force)
    return rules


def _in_force(file: YamlFile) -> dict[str, date]:
    """Since when each text holds; of a text whose day nobody knows, 1 January of its year."""
    written: Json = file.data.get("in_force", {})
    return {
        text: date(since, 1, 1) if isinstance(since, int) else _date(file, ("in_force", text), since)
        for text, since in written.items()
    }


def _hold_to_its_law(file: YamlFile, i: int, rule: Rule, in_force: dict[str, date]) -> None:
    """A rule that says since when it holds names a text of `in_force` and begins no earlier than that text."""
    if not in_force or rule.status == "policy" or rule.valid_from == date.min:
        return
    since = [day for text, day in in_force.items() if text in rule.reference.title]
    at: KeyPath = ("rules", i, "valid_from")
    if not since:
        raise file.error(
            at, f"in_force names no text of {rule.reference.title!r}; name it there, or write unknown"
        )
    if rule.valid_from < min(since):
        raise file.error(
            at,
            f"{rule.valid_from} is before the law itself, in force from {min(since)}; correct one of the two",
        )


def _rule(file: YamlFile, i: int, written: Json) -> Rule:
    at: KeyPath = ("rules", i)
    channels = _chosen(file, at, written, "channels", ALL_CHANNELS)
    kinds = _chosen(file, at, written, "kinds", ALL_KINDS)
    try:
        guard = FAMILIES[written["family"]].build(
            written.get("parameters", {}), RuleScope(channels=channels, kinds=kinds)
        )
    except ValueError as error:
        raise file.error((*at, "parameters"), str(error)) from None
    until = written.get("valid_to")
    places = written.get("places")
    return Rule(
        id=written["id"],
        says=written["says"],
        family=written["family"],
        guard=guard,
        reference=_reference(file, (*at, "reference"), written["reference"]),
        valid_from=_since(file, (*at, "valid_from"), written["valid_from"]),
        valid_to=None if until is None else _date(file, (*at, "valid_to"), until),
        status=written["status"],
        verified=written["verified"],
        channels=channels,
        kinds=kinds,
        places=None if places is None else frozenset(places),
        places_apart=frozenset(written.get("except_places", ())),
        recipients_apart=frozenset(written.get("except_recipients", ())),
        lines_apart=frozenset(written.get("except_lines", ())),
        roles=frozenset(written.get("roles", ())),
    )


def _chosen(
    file: YamlFile, at: KeyPath, written: Json, key: str, everything: frozenset[str]
) -> frozenset[str]:
    apart = f"except_{key}"
    if key in written and apart in written:
        raise file.error((*at, apart), f"stands beside {key}; keep one of the two")
    return frozenset(written[key]) if key in written else everything - frozenset(written.get(apart, ()))


def _reference(file: YamlFile, at: KeyPath, written: Json) -> Reference:
    read = {"read_on": _date(file, (*at, "read_on"), written["read_on"])} if "read_on" in written else {}
    return Reference(**{**written, **read})


def _since(file: YamlFile, at: KeyPath, value: Any) -> date:
    """Since when; `unknown` holds on every day, so that a doubt never makes more lawful."""
    return date.min if value == UNKNOWN else _date(file, at, value)


def _date(file: YamlFile, at: KeyPath, value: Any) -> date:
    if isinstance(value, date):
        return value
    raise file.error(at, f"{value!r} is no date; write it as 2026-11-23 without quotes")
