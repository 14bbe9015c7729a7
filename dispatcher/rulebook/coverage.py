"""`config/places/coverage.yaml` -> what somebody has read of the law of each place."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from dispatcher.gate.coverage import COVERED, OPEN, WORDS, Answer, CountryAnswer, Coverage
from dispatcher.gate.rule_book import RuleBook
from dispatcher.rulebook.places import COVERAGE
from dispatcher.rulebook.senders import ROLES
from dispatcher.rulebook.yaml_file import ConfigError, KeyPath, YamlFile, read_yaml
from dispatcher.values.iso_codes import COUNTRIES

_TEXT = {"type": "string", "minLength": 1}
_ANSWER: dict[str, Any] = {
    "answer": {"enum": list(WORDS)},
    "packs": {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
    "roles": {"type": "array", "items": {"enum": list(ROLES)}, "minItems": 1, "uniqueItems": True},
    "source": _TEXT,
    "on": {},
    "confirmed_by": _TEXT,
    "postcodes": {"type": "string", "pattern": r"^[A-Z0-9]+( [A-Z0-9]+)*$"},
}


def _entry(**more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["answer"],
        "properties": {**_ANSWER, **more},
        "if": {"properties": {"answer": {"const": OPEN}}},
        "else": {"required": ["source", "on", "confirmed_by"]},
    }


_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["places"],
    "properties": {
        "places": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[A-Z]{2}$"},
            "additionalProperties": _entry(
                regions={
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"pattern": "^[A-Z0-9]{1,3}$"},
                    "additionalProperties": _entry(),
                }
            ),
        }
    },
}


@lru_cache(maxsize=8)
def load_coverage(folder: Path) -> Coverage:
    """The answers of the folder's `coverage.yaml`; raises ConfigError with file, line and key."""
    path = folder / COVERAGE
    if not path.is_file():
        raise ConfigError(
            f"{path}: is missing: it says whose law somebody has read, and debtors anywhere else are held; "
            "copy the one that the program brings along"
        )
    file = read_yaml(path)
    file.validate(_SCHEMA)
    return Coverage(
        countries={code: _country(file, code, item) for code, item in file.data["places"].items()}
    )


def coverage_faults(coverage: Coverage, book: RuleBook) -> Iterator[str]:
    """Packs that an answer names and that are not there, or that are no law of the place."""
    for country, entry in coverage.countries.items():
        named = {country: entry.answer} | {f"{country}-{name}": a for name, a in entry.regions.items()}
        for place, answer in named.items():
            for name in sorted(answer.packs):
                pack = book.packs.get(name)
                if pack is None:
                    yield f"{place} is covered by {name}, which is not there: its debtors are held"
                elif not any(region.country == country for region in pack.applies):
                    yield f"{place} is covered by {name}, which does not apply there: name the pack that does"


def _country(file: YamlFile, code: str, item: Mapping[str, Any]) -> CountryAnswer:
    if code not in COUNTRIES:
        raise file.error(("places", code), "is no country (ISO 3166-1 alpha-2)")
    regions = {
        name: _answer(file, ("places", code, "regions", name), region)
        for name, region in item.get("regions", {}).items()
    }
    return CountryAnswer(answer=_answer(file, ("places", code), item), regions=regions)


def _answer(file: YamlFile, at: KeyPath, item: Mapping[str, Any]) -> Answer:
    if (item["answer"] == COVERED) is not ("packs" in item):
        raise file.error((*at, "packs"), f"the packs go with `answer: {COVERED}`, and only with it")
    on = item.get("on")
    if on is not None and not isinstance(on, date):
        raise file.error((*at, "on"), f"{on!r} is no date; write it as 2026-11-29 without quotes")
    return Answer(
        word=item["answer"],
        packs=frozenset(name.upper() for name in item.get("packs", ())),
        roles=frozenset(item.get("roles", ())),
        source=item.get("source", ""),
        on=on,
        confirmed_by=item.get("confirmed_by", "nobody"),
        postcodes=frozenset(item.get("postcodes", "").split()),
    )
