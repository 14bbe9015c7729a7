"""Where a debtor may be: every time zone that the file suggests, with what suggests it.

The gate asks for an hour that is allowed in all of them (12 CFR 1006.6(b)(1)(i) with comment 2), so a zone
too many only narrows, and a zone missed may be a call at night. What is known, and how far it goes:

* A stated IANA zone joins the guess from the address and does not replace it: whoever knows where a person is says
  so of the person. One that does not exist is a finding.
* A name that is no place (UTC, EST, Etc/GMT+5: an offset that never changes) says nothing; without an address that
  says more, it is a finding.
* The postal code decides before the city, the city before the region, the region before the country. A postal
  code and a region that contradict each other both count.
* A number with an area adds that area's zones, ported or not: area code and address are both knowledge.
* A number of a whole country (most mobiles outside America) adds that country's zone. Where a country has
  several, it adds none if the address is in the same country, since it says no more than the address does;
  else it adds them all.
* A toll-free, premium or international number is answered anywhere and adds nothing.
* A forces post office is an address that hides where its user is: nothing is known, the contact is held.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from re import Pattern
from typing import Literal

from dispatcher.values.phone import Line, number_plan, plan_key

Source = Literal["stated", "residence", "mobile_area_code", "landline_area_code"]
PhoneLabel = Literal["home", "mobile", "work"]

_NO_PLACE = "an offset that never changes is no place: use an IANA name such as America/New_York"
_ABBREVIATION = re.compile(r"(?!PRC|ROC|ROK)[A-Z]{3}(\d[A-Z]{3})?")
_CONTINENTS = {"Africa", "America", "Antarctica", "Asia", "Australia", "Europe"}
_OCEANS = {"Atlantic", "Pacific", "Indian", "Arctic"}
# Codes that ISO 3166 reserves and people write for these countries.
_COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class ZoneCandidate:
    """A zone (IANA name) that a source suggests; an authoritative one (known to be there) stands alone."""

    zone: str
    source: Source
    authoritative: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceFinding:
    """A fact about the place that could not be used: its field, its value, and why that holds the contact."""

    field: str
    value: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Whereabouts:
    """The candidates in order; none where nothing is known or where a finding forbids to guess."""

    candidates: tuple[ZoneCandidate, ...]
    findings: tuple[PlaceFinding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Nowhere:
    """Addresses in a country that hide where their user is, by region and by postal prefix."""

    reason: str
    regions: frozenset[str]
    prefixes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CountryPlaces:
    """A country's zones: `zones` where nothing finer is known; cities are keyed by region and folded name."""

    zones: tuple[str, ...]
    source: str
    regions: Mapping[str, tuple[str, ...]]
    cities: Mapping[tuple[str, str], tuple[str, ...]]
    postal: Mapping[str, tuple[str, ...]]
    postal_form: Pattern[str] | None
    nowhere: Nowhere | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PlaceTable:
    """All place data, loaded once: equal only to itself, so that it can key the caches.

    `zone_names` maps lower-case names to their spelling, `links` an old or doubled name to the zone behind
    it, `own_zones` a country to the names that tzdata's zone.tab gives it; `placed_zones` are all of these.
    """

    countries: Mapping[str, CountryPlaces]
    zone_names: Mapping[str, str]
    links: Mapping[str, str]
    own_zones: Mapping[str, tuple[str, ...]]
    placed_zones: frozenset[str]


def locate(
    table: PlaceTable,
    *,
    country: str | None = None,
    region: str | None = None,
    city: str | None = None,
    postal_code: str | None = None,
    phone_e164: str | None = None,
    phone_label: PhoneLabel | None = None,
    stated_zone: str | None = None,
) -> Whereabouts:
    """Every zone that the facts suggest, by name and source; empty where the gate has to hold, and then why."""
    home = _residence(table, country or "", region or "", city or "", postal_code or "")
    if stated_zone and not home.findings:
        home = _with_stated(table, home, stated_zone)
    if home.findings or not phone_e164:
        return home
    lived_in = country_code(country) if home.candidates and country else ""
    phone = _phone_candidates(table, plan_key(phone_e164), phone_label, lived_in)
    return Whereabouts(candidates=_joined(home.candidates, phone)) if phone else home


def canonical_zone(table: PlaceTable, name: str) -> str | PlaceFinding:
    """Spell a zone name as tzdata does, an old one ("Asia/Calcutta") by its new name, or say it is none."""
    spelled = table.zone_names.get(name.strip().replace(" ", "_").lower())
    if spelled is None:
        return PlaceFinding(
            field="time_zone",
            value=name,
            reason="no time zone of this name: use an IANA name such as America/Chicago",
        )
    return spelled if spelled in table.placed_zones else table.links.get(spelled, spelled)


def country_code(country: str | None) -> str:
    """Write a country's code in capitals, the customary UK and EL as the ISO codes GB and GR."""
    code = (country or "").strip().upper()
    return _COUNTRY_ALIASES.get(code, code)


def zone_trouble(table: PlaceTable, name: str, home: Whereabouts) -> str:
    """What is odd about a zone that a file states, beside the address; empty where nothing is."""
    zone = canonical_zone(table, name)
    if isinstance(zone, PlaceFinding):
        return zone.reason
    if not _is_place(table, name, zone):
        return _NO_PLACE
    continents = {candidate.zone.partition("/")[0] for candidate in home.candidates}
    if continents and not continents & _near(zone.partition("/")[0]):
        where = ", ".join(sorted(continents))
        return f"it lies on another continent than the address ({where}); hours are kept in both"
    return ""


def _is_place(table: PlaceTable, name: str, zone: str) -> bool:
    """Whether a zone is somewhere: tzdata links EST to Panama and MST to Phoenix, which nobody means."""
    return zone in table.placed_zones and not _ABBREVIATION.fullmatch(name.strip().upper())


def _near(continent: str) -> set[str]:
    """The names under which tzdata files a continent: its islands stand under an ocean."""
    return {continent, *({"Atlantic", "Pacific", "Indian", "Arctic"} if continent in _OCEANS else ())} | (
        _CONTINENTS if continent in _OCEANS else _OCEANS
    )


@lru_cache(maxsize=1 << 14)
def _with_stated(table: PlaceTable, home: Whereabouts, name: str) -> Whereabouts:
    zone = canonical_zone(table, name)
    if isinstance(zone, PlaceFinding):
        return Whereabouts(candidates=(), findings=(zone,))
    if not _is_place(table, name, zone):
        if home.candidates:
            return home
        finding = PlaceFinding(field="time_zone", value=name, reason=_NO_PLACE)
        return Whereabouts(candidates=(), findings=(finding,))
    return Whereabouts(candidates=_joined(home.candidates, (ZoneCandidate(zone=zone, source="stated"),)))


@lru_cache(maxsize=1 << 14)
def _residence(table: PlaceTable, country: str, region: str, city: str, postal_code: str) -> Whereabouts:
    code = country_code(country)
    if not code:
        return Whereabouts(candidates=())
    places = table.countries.get(code)
    if places is None:
        reason = "no country of this code: use ISO 3166-1 alpha-2, such as US"
        return Whereabouts(
            candidates=(), findings=(PlaceFinding(field="country", value=country, reason=reason),)
        )
    part = _region_part(code, region)
    postal = _readable_postal(places, postal_code)
    if places.nowhere and _is_nowhere(places.nowhere, part, postal):
        finding = PlaceFinding(field="postal_code", value=postal_code or region, reason=places.nowhere.reason)
        return Whereabouts(candidates=(), findings=(finding,))
    zones = _zones_of_address(places, part, folded(city), postal)
    return Whereabouts(candidates=tuple(ZoneCandidate(zone=zone, source="residence") for zone in zones))


def _zones_of_address(places: CountryPlaces, region: str, city: str, postal: str) -> tuple[str, ...]:
    by_postal = _longest_match(places.postal, postal)
    by_region = places.regions.get(region, ())
    if by_postal and by_region and not set(by_postal) & set(by_region):
        return tuple(sorted({*by_postal, *by_region}))
    return by_postal or places.cities.get((region, city)) or by_region or places.zones


def _longest_match(postal: Mapping[str, tuple[str, ...]], code: str) -> tuple[str, ...]:
    for end in range(len(code), 0, -1):
        if code[:end] in postal:
            return postal[code[:end]]
    return ()


def _is_nowhere(nowhere: Nowhere, region: str, postal: str) -> bool:
    return region in nowhere.regions or (bool(postal) and postal.startswith(nowhere.prefixes))


def _region_part(country: str, region: str) -> str:
    return region.strip().upper().removeprefix(f"{country}-")


def _readable_postal(places: CountryPlaces, postal_code: str) -> str:
    """Drop a code not of the country's form: "2301" may be 02301 in Massachusetts, not 230 in Virginia."""
    code = "".join(c for c in postal_code.upper() if c.isalnum())
    return code if places.postal_form and places.postal_form.fullmatch(code) else ""


def folded(name: str) -> str:
    """Fold a city's name to bare small letters, so that "Torreón" and "TORREON" meet."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if c.isalnum())


@lru_cache(maxsize=1 << 14)
def _phone_candidates(
    table: PlaceTable, number: str, label: PhoneLabel | None, lived_in: str
) -> tuple[ZoneCandidate, ...]:
    plan = number_plan(number)
    if plan.region is None:
        return ()
    whole = _country_zones(table, plan.region)
    area = _zones_in_country(table, plan.region, plan.zones)
    tells_area = bool(area) and (len(whole) == 1 or not set(whole) <= set(area))
    if not tells_area and len(whole) > 1 and lived_in == plan.region:
        return ()
    source = _phone_source(plan.line, label)
    return tuple(ZoneCandidate(zone=zone, source=source) for zone in (area if tells_area else whole))


def _country_zones(table: PlaceTable, region: str) -> tuple[str, ...]:
    places = table.countries.get(region)
    return places.zones if places else ()


def _zones_in_country(table: PlaceTable, region: str, zones: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the zones that lie in the number's country, under the country's own names.

    The numbering plan's data borrows names: Atlantic/Canary for Morocco, Europe/London for Ireland,
    America/Puerto_Rico for Blanc-Sablon. A borrowed clock that is none of the country's says nothing.
    """
    behind = {table.links.get(zone, zone) for zone in zones}
    own = table.own_zones.get(region, ())
    return tuple(zone for zone in own if zone in zones or table.links.get(zone, zone) in behind)


def _phone_source(line: Line, label: PhoneLabel | None) -> Source:
    if line == "landline" or (line == "either" and label in {"home", "work"}):
        return "landline_area_code"
    return "mobile_area_code"


@lru_cache(maxsize=1 << 14)
def _joined(home: tuple[ZoneCandidate, ...], phone: tuple[ZoneCandidate, ...]) -> tuple[ZoneCandidate, ...]:
    return tuple(sorted({*home, *phone}))
