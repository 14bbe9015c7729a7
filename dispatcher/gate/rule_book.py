"""The rule packs that are loaded, and which of them apply to a debtor."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property, lru_cache

from dispatcher.gate.rules import Region, RulePack

_LONGEST_START = 5


_DIGITS_OF_POSTCODES = {"BR": 8, "US": 5}  # spreadsheets drop the zeros in front


_COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}
_ANYWHERE = "?"  # an address that does not say where in the country: every part's law may hold
_BY_POSTCODE = "~"  # one whose postal code alone says it: parts whose packs know no codes may hold
_SHORTEST_POSTCODE = 3


class UnknownPackError(LookupError):
    """No pack of that name is loaded."""


@dataclass(frozen=True)
class RuleBook:
    """All packs that are loaded, by their names in upper case. `restricted`: just some of those there are."""

    packs: Mapping[str, RulePack]
    restricted: bool = False
    _found: dict[tuple[object, ...], tuple[RulePack, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @cached_property
    def cities(self) -> frozenset[str]:
        """The cities that have a pack of their own."""
        return frozenset(place.city for pack in self for place in pack.applies if place.city)

    @cached_property
    def number_areas(self) -> frozenset[str]:
        """How the numbers begin by which packs know their places."""
        return frozenset(start for pack in self for place in pack.applies for start in place.numbers)

    @cached_property
    def postal_areas(self) -> Mapping[str, frozenset[str]]:
        """By country: how the postal codes begin by which packs know their places."""
        found: dict[str, frozenset[str]] = {}
        for place in (place for pack in self for place in pack.applies if place.postcodes):
            found[place.country] = found.get(place.country, frozenset()) | place.postcodes
        return found

    def pack(self, name: str) -> RulePack:
        """The pack of that name, whatever its case; raises UnknownPackError."""
        found = self.packs.get(name.upper())
        if found is None:
            near = get_close_matches(name.upper(), self.packs, n=1)
            raise UnknownPackError(
                f"no rule pack {name!r}"
                + (f"; did you mean {near[0]}?" if near else "; `dispatcher rules list` names all")
            )
        return found

    def __iter__(self) -> Iterator[RulePack]:
        return iter(self.packs.values())

    def named(self, names: Iterable[str]) -> tuple[RulePack, ...]:
        """Just the packs named, whatever they say about where they apply; raises UnknownPackError."""
        return tuple(self.pack(name) for name in sorted({name.upper() for name in names}))

    def applicable(
        self,
        *,
        residence_country: str | None,
        on: date,
        residence_region: str | None = None,
        residence_city: str | None = None,
        residence_postcode: str | None = None,
        phone_country: str | None = None,
        phone: str | None = None,
        sender_role: str | None = None,
        debt_type: str | None = None,
        extra: Collection[str] = (),
    ) -> tuple[RulePack, ...]:
        """The packs of the residence, of the phone's country, of its area and the creditor's own, in order of name.

        A postal code names the state, province or city too: a row may leave out its region, or name a district
        ("Astoria") for its city. One that leaves out both takes every pack that may apply there. Countries are ISO
        3166-1 alpha-2, regions ISO 3166-2 with or without the country; `phone` is the number (E.164) whose area
        counts. `extra` names policy packs; one that is not loaded raises UnknownPackError, unless only some packs
        were to be loaded. The answer is kept for the next debtor of the same kind.
        """
        coded = _is_code(residence_postcode)
        unsaid = _BY_POSTCODE if coded else _ANYWHERE
        places = (
            self._place(residence_country, residence_region or unsaid, residence_city or unsaid),
            self._place(phone_country, "", ""),
        )
        area = self._area(phone or "")
        postal = self._postal_area(places[0][0], residence_postcode or "")
        key = (places, area, postal, sender_role, debt_type, on, tuple(extra))
        if key not in self._found:
            if not self.restricted:
                self.named(extra)
            self._found[key] = tuple(
                pack
                for name, pack in sorted(self.packs.items())
                if (
                    pack.everywhere
                    or any(_lies_in(place, pack.applies) for place in places)
                    or any(area in one.numbers for one in pack.applies)
                    or any(_has_postcode(one, places[0][0], postal) for one in pack.applies)
                    or name in _upper(extra)
                )
                and pack.binds.role(sender_role)
                and (name in _upper(extra) or pack.binds.debt_type(debt_type, on))
            )
        return self._found[key]

    def _place(self, country: str | None, region: str, city: str) -> tuple[str, str, str]:
        """The place as packs name it; a city that no pack names is left out, so that few places are told apart."""
        country = (country or "").strip().upper()
        country = _COUNTRY_ALIASES.get(country, country)
        region = region.strip().upper().removeprefix(f"{country}-")
        city = " ".join(city.casefold().split())
        return country, region, city if city in self.cities | {_ANYWHERE, _BY_POSTCODE} else ""

    def _area(self, phone: str) -> str:
        """The longest known beginning of a number, so that few are told apart; empty where none is known."""
        starts = (phone[:length] for length in range(len(phone), 0, -1))
        return next((start for start in starts if start in self.number_areas), "")

    def _postal_area(self, country: str, code: str) -> str:
        """The longest known beginning of the country's postal code; empty where none is known."""
        known = self.postal_areas.get(country)
        return _known_start(known, _DIGITS_OF_POSTCODES.get(country, 0), code) if code and known else ""

    def unreviewed(self, packs: Iterable[RulePack] | None = None) -> tuple[RulePack, ...]:
        """The packs, of these or of all, that counsel has not reviewed."""
        return tuple(pack for pack in (self if packs is None else packs) if pack.reviewed is None)


def _upper(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.upper() for name in names)


@lru_cache(maxsize=65_536)
def _known_start(known: frozenset[str], digits: int, code: str) -> str:
    bare = "".join(char for char in code.upper() if char.isalnum())
    bare = bare.zfill(digits) if bare.isdigit() else bare
    starts = (bare[:length] for length in range(_LONGEST_START, 0, -1))
    return next((start for start in starts if start in known), "")


def _has_postcode(one: Region, country: str, code: str) -> bool:
    return one.country == country and any(code.startswith(start) for start in one.postcodes)


def _lies_in(place: tuple[str, str, str], regions: tuple[Region, ...]) -> bool:
    country, region, city = place
    return any(
        country == one.country
        and _may_be(one.region, region, one)
        and _may_be(one.city, city, one)
        and region not in one.regions_apart
        for one in regions
    )


def _may_be(named: str | None, stated: str, one: Region) -> bool:
    """Whether the part that a pack names is, or may be, the one of the address."""
    return named in (None, stated) or stated == _ANYWHERE or (stated == _BY_POSTCODE and not one.postcodes)


def _is_code(postcode: str | None) -> bool:
    return sum(char.isalnum() for char in postcode or "") >= _SHORTEST_POSTCODE
