"""An intended contact at one instant, prepared for the guards: places, earlier contacts, days off."""

from dataclasses import dataclass
from functools import cached_property

from dispatcher.gate.facts import Action, ContactFacts, HistoryEntry, ZoneCandidate
from dispatcher.values.zones import UnknownZoneError, Zone, day_number, instant, zone

AREA_CODES = frozenset({"mobile_area_code", "landline_area_code"})
INBOUND_OUTCOMES = frozenset({"inbound_from_consumer", "payment"})
ONE_MEDIUM = {  # a voicemail is left by telephone; the other words are those that people write
    "voicemail": "call",
    "phone": "call",
    "telephone": "call",
    "text": "sms",
    "whatsapp": "instant_message",
    "mail": "letter",
    "post": "letter",
}

IN_WORDS = {
    "call": "calls",
    "sms": "text messages",
    "email": "e-mail",
    "letter": "letters",
    "instant_message": "instant messages",
    "social": "messages on social media",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the debtor may be, and what says so."""

    zone: Zone
    source: str

    def __str__(self) -> str:
        return f"{self.zone.name} ({self.source})"


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier contact with its instant."""

    at: int
    entry: HistoryEntry

    @property
    def inbound(self) -> bool:
        """Whether the debtor came to us."""
        return self.entry.direction == "inbound" or self.entry.outcome in INBOUND_OUTCOMES


def medium(channel: str) -> str:
    """The medium that a wish or an opt-out names."""
    return ONE_MEDIUM.get(channel, channel)


def medium_in_words(channel: str) -> str:
    """The same as a reader calls it: text messages, calls."""
    return IN_WORDS.get(medium(channel), channel)


class Act:
    """The facts with their times as instants; `at` moves when a deferral is looked at again.

    Places and history are in an order of their own, so that the order of the facts decides nothing.
    """

    __slots__ = ("__dict__", "action", "at", "days_off", "facts", "history", "kind", "now", "places")

    def __init__(self, facts: ContactFacts) -> None:
        """Raises UnknownZoneError where a candidate's zone is unknown or there is no candidate at all."""
        self.facts = facts
        self.action: Action = facts.action
        self.kind = facts.action.kind
        self.now = self.at = instant(facts.now)
        self.places: tuple[Place, ...] = _places(facts.zones)
        self.history: tuple[Past, ...] = _history(facts.history, self.at) if facts.history else ()
        self.days_off: frozenset[int] = (
            frozenset(map(day_number, facts.holidays)) if facts.holidays else frozenset()
        )

    def moved(self, at: int) -> "Act":
        """The same act at a later instant."""
        other = object.__new__(Act)
        other.facts, other.action, other.kind, other.now = self.facts, self.action, self.kind, self.now
        other.places, other.history, other.days_off = self.places, self.history, self.days_off
        other.at = at
        return other

    @cached_property
    def first_day(self) -> int:
        """The local day where it is earliest."""
        return (
            self.places[0].zone.day(self.at)
            if len(self.places) == 1
            else min(p.zone.day(self.at) for p in self.places)
        )

    @cached_property
    def last_day(self) -> int:
        """The local day where it is latest."""
        return self.first_day if len(self.places) == 1 else max(p.zone.day(self.at) for p in self.places)

    def when_day_begins(self, day: int) -> int:
        """The first instant from now on at which every place has reached that local day."""
        return max(place.zone.day_start(self.at, day) for place in self.places)

    def when_day_may_begin(self, day: int) -> int:
        """The first instant from now on at which some place has reached that local day."""
        return min(place.zone.day_start(self.at, day) for place in self.places)

    @cached_property
    def presumed_places(self) -> tuple[Place, ...]:
        """Where the telephone may be presumed: its area code, unless the debtor said otherwise.

        A toll-free number has none: then it is the last known residence.
        """
        said = tuple(place for place in self.places if place.source == "consumer_statement")
        wanted = _area_code_sources(self.action.line)
        coded = tuple(place for place in self.places if place.source in wanted)
        return said or coded or self.residence_places

    @cached_property
    def residence_places(self) -> tuple[Place, ...]:
        """The residence alone, where it is known."""
        return tuple(place for place in self.places if place.source == "residence") or self.places

    @cached_property
    def debt_units(self) -> tuple[frozenset[str] | None, ...]:
        """The debts spoken of, each with those that count as one with it; (None,): any debt."""
        if not self.action.debts:
            return (None,)
        groups = [frozenset(group) for group in self.facts.debt_groups.values()]
        return tuple(
            next((group for group in groups if debt in group), frozenset({debt}))
            for debt in self.action.debts
        )

    @cached_property
    def due_day(self) -> int | None:
        """The day on which the debt falls due."""
        debt = self.facts.debt
        if debt.due is not None:
            return day_number(debt.due)
        if debt.days_past_due is not None:
            return min(place.zone.day(self.now) for place in self.places) - debt.days_past_due
        return None

    def past_due_days(self) -> int | None:
        """Days since the due date, where the debtor's calendar is furthest."""
        stated = self.facts.debt.days_past_due
        if stated is not None:
            return stated + self.last_day - max(place.zone.day(self.now) for place in self.places)
        return None if self.due_day is None else self.last_day - self.due_day


def about(entry: HistoryEntry, unit: frozenset[str] | None) -> bool:
    """Whether an earlier contact was, or may have been, about a debt of the unit."""
    return unit is None or not entry.debts or not unit.isdisjoint(entry.debts)


def _places(candidates: tuple[ZoneCandidate, ...]) -> tuple[Place, ...]:
    known = [c for c in candidates if c.authoritative] or candidates
    if not known:
        raise UnknownZoneError("no time zone of the debtor is known")
    if len(known) == 1:
        return (Place(zone(known[0].zone), known[0].source),)
    pairs = sorted({(c.zone, c.source) for c in known})
    return tuple(Place(zone(name), source) for name, source in pairs)


def _history(entries: tuple[HistoryEntry, ...], now: int) -> tuple[Past, ...]:
    past = [Past(instant(entry.at), entry) for entry in entries]
    past = [one for one in past if one.at <= now]
    if len(past) > 1:
        past.sort(key=_latest_first)
    return tuple(past)


def _latest_first(past: Past) -> tuple[int, str, str, tuple[str, ...]]:
    entry = past.entry
    return (-past.at, entry.channel, entry.outcome, entry.debts)


def _area_code_sources(line: str | None) -> frozenset[str]:
    if line is None:
        return AREA_CODES
    if line == "toll_free":
        return frozenset()
    return frozenset({"mobile_area_code" if line == "mobile" else "landline_area_code"})
