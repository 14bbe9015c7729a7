"""Loads the place tables of config/places, with the zone names of the tzdata package, into one PlaceTable."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dispatcher.rulebook.yaml_file import ConfigError, KeyPath, YamlFile, read_yaml
from dispatcher.values.whereabouts import CountryPlaces, Nowhere, PlaceTable, folded

Zones = tuple[str, ...]
COVERAGE = "coverage.yaml"  # of the law, not of the clock

_TEXT = {"type": "string", "minLength": 1}
_ZONES = {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True}


def _row(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_COUNTRY = {
    "type": "object",
    "properties": {
        "source": _TEXT,
        "postal_form": _TEXT,
        "zones": _ZONES,
        "regions": {"type": "array", "items": _row(of=_TEXT, zones=_ZONES)},
        "nowhere": _row(reason=_TEXT, regions=_TEXT, postal=_TEXT),
        "postal": {"type": "array", "items": _row(prefixes=_TEXT, zones=_ZONES)},
        "cities": {
            "type": "array",
            "items": _row(region=_TEXT, names={"type": "array", "items": _TEXT}, zones=_ZONES),
        },
    },
    "required": ["source", "zones"],
    "dependentRequired": {"postal": ["postal_form"], "nowhere": ["postal_form"]},
    "additionalProperties": False,
}
_SCHEMA = _row(
    countries={
        "type": "object",
        "propertyNames": {"pattern": "^[A-Z]{2}$"},
        "additionalProperties": _COUNTRY,
        "minProperties": 1,
    }
)


@lru_cache(maxsize=4)
def load_places(folder: Path) -> PlaceTable:
    """Read every place file of a folder; raises ConfigError, so that no plan is made with a broken table."""
    zone_names, own_zones = _zone_names(), _zone_tab()
    countries = {code: _plain_country(zones) for code, zones in own_zones.items()}
    countries |= _written_countries(folder, zone_names)
    return PlaceTable(
        countries=MappingProxyType(countries),
        zone_names=MappingProxyType({name.lower(): name for name in zone_names}),
        links=MappingProxyType(_links()),
        own_zones=MappingProxyType(own_zones),
        placed_zones=frozenset(zone for zones in own_zones.values() for zone in zones),
    )


def _plain_country(zones: Zones) -> CountryPlaces:
    nothing: Mapping[Any, Zones] = MappingProxyType({})
    return CountryPlaces(
        zones=zones,
        source="zone.tab of the tzdata package",
        regions=nothing,
        cities=nothing,
        postal=nothing,
        postal_form=None,
        nowhere=None,
    )


def _written_countries(folder: Path, zone_names: frozenset[str]) -> dict[str, CountryPlaces]:
    countries: dict[str, CountryPlaces] = {}
    for path in sorted(set(folder.glob("*.yaml")) - {folder / COVERAGE}):
        file = read_yaml(path)
        file.validate(_SCHEMA)
        for code, entry in file.data["countries"].items():
            if code in countries:
                raise file.error(("countries", code), "stands in another place file too; keep one of them")
            countries[code] = _CountryReader(file=file, code=code, zone_names=zone_names).read(entry)
    if not countries:
        raise ConfigError(f"{folder}: no place file (*.yaml) here; without one nobody's local time is known")
    return countries


class _CountryReader:
    """Reads one country's entry, naming file, line and key in every error."""

    def __init__(self, *, file: YamlFile, code: str, zone_names: frozenset[str]) -> None:
        self._file = file
        self._at: KeyPath = ("countries", code)
        self._zone_names = zone_names

    def read(self, entry: Mapping[str, Any]) -> CountryPlaces:
        return CountryPlaces(
            zones=self._zones(entry["zones"], "zones"),
            source=entry["source"],
            regions=self._rows(entry, "regions", "of"),
            cities=self._cities(entry.get("cities", ())),
            postal=self._rows(entry, "postal", "prefixes"),
            postal_form=self._form(entry.get("postal_form")),
            nowhere=self._nowhere(entry.get("nowhere")),
        )

    def _rows(self, entry: Mapping[str, Any], key: str, names: str) -> Mapping[str, Zones]:
        rows: dict[str, Zones] = {}
        for index, row in enumerate(entry.get(key, ())):
            zones = self._zones(row["zones"], key, index, "zones")
            for name in self._spread(row[names], key, index, names):
                if name in rows:
                    raise self._error(f"{name} is listed twice; keep it in one row", key, index, names)
                rows[name] = zones
        return MappingProxyType(rows)

    def _cities(self, rows: Any) -> Mapping[tuple[str, str], Zones]:
        cities: dict[tuple[str, str], Zones] = {}
        for index, row in enumerate(rows):
            zones = self._zones(row["zones"], "cities", index, "zones")
            cities |= {(row["region"], folded(name)): zones for name in row["names"]}
        return MappingProxyType(cities)

    def _form(self, form: str | None) -> re.Pattern[str] | None:
        try:
            return re.compile(form, re.ASCII) if form else None
        except re.error as error:
            raise self._error(f"no regular expression: {error}", "postal_form") from None

    def _nowhere(self, entry: Mapping[str, Any] | None) -> Nowhere | None:
        if entry is None:
            return None
        return Nowhere(
            reason=entry["reason"],
            regions=frozenset(self._spread(entry["regions"], "nowhere", "regions")),
            prefixes=tuple(self._spread(entry["postal"], "nowhere", "postal")),
        )

    def _zones(self, zones: list[str], *key: str | int) -> Zones:
        for zone in zones:
            if zone not in self._zone_names:
                raise self._error(
                    f"{zone} is no zone of the tzdata package; use a name such as America/Chicago", *key
                )
        return tuple(sorted(zones))

    def _spread(self, words: str, *key: str | int) -> Iterator[str]:
        """Spell out "005 010-012" as 005, 010, 011, 012."""
        for word in words.split():
            first, dash, last = word.partition("-")
            if not dash:
                yield word
            elif first.isdigit() and last.isdigit() and len(first) == len(last) and first < last:
                yield from (str(n).zfill(len(first)) for n in range(int(first), int(last) + 1))
            else:
                raise self._error(f"{word} is no range of equally long numbers, such as 010-089", *key)

    def _error(self, problem: str, *key: str | int) -> ConfigError:
        return self._file.error((*self._at, *key), problem)


def _zone_names() -> frozenset[str]:
    names = frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
    return names - {"Factory"}  # tzdata's placeholder of a machine without a zone


def _zone_tab() -> dict[str, Zones]:
    countries: dict[str, list[str]] = {}
    for line in _zone_file("zone.tab"):
        code, _, zone, *_ = line.split("\t")
        countries.setdefault(code, []).append(zone)
    return {code: tuple(sorted(zones)) for code, zones in countries.items()}


def _links() -> dict[str, str]:
    """Read tzdata's lines "L target name" and follow each name to the zone at the end of its chain."""
    link_lines = (line.split() for line in _zone_file("tzdata.zi") if line.startswith("L "))
    targets = {name: target for _, target, name in link_lines}
    return {name: _end_of_chain(name, targets) for name in targets}


def _end_of_chain(name: str, targets: Mapping[str, str]) -> str:
    while name in targets:
        name = targets[name]
    return name


def _zone_file(name: str) -> Iterator[str]:
    text = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))
