"""Frequency caps: so many attempts or contacts in a window, for a person or a debt."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from dispatcher.gate.act import Act, Past, about
from dispatcher.gate.facts import Kind
from dispatcher.gate.guards.consent import consent_ends, counted_apart, covered_by_consent
from dispatcher.gate.guards.guard import Guard, Refusal, defer
from dispatcher.gate.openings import local_time
from dispatcher.gate.windows import Window

PUTS_OFF = "put_off"  # an input of refusals that leave a day to another message: the plan of the next day decides anew
ATTEMPTS, CONTACTS, CONVERSATIONS = "attempts", "contacts", "conversations"
PERSON, DEBT = "person", "debt"
NEVER_CONNECTED = frozenset({"busy", "not_in_service"})
NOT_CONTACTS = NEVER_CONNECTED | {"unanswered", "bounced", "failed", "rejected", "returned"}
SPOKEN = frozenset({"conversation", "answered_complete"})
DIRECT_CONTACT = frozenset({"conversation", "answered_complete", "inbound_from_consumer"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Counting:
    """Which earlier contacts count. `kinds_apart` never do; no `places` means any.

    `counts`: attempts (all that connected or rang), contacts (those that reached the person or left word) or
    conversations (those in which the person spoke).
    A contact whose kind nobody stated counts, unless `stated_kinds`.
    """

    channels: frozenset[str]
    counts: str = ATTEMPTS
    kinds_apart: frozenset[str] = frozenset({Kind.LOCATION_INQUIRY})
    places: frozenset[str] | None = None
    places_apart: frozenset[str] = frozenset()
    only_prerecorded: bool = False
    stated_kinds: bool = False

    def matches(self, past: Past) -> bool:
        """Whether this earlier contact counts."""
        entry = past.entry
        if past.inbound or entry.channel not in self.channels or entry.kind in self.kinds_apart:
            return False
        if self.stated_kinds and entry.kind is None:
            return False
        if self.counts == CONVERSATIONS and entry.outcome not in SPOKEN:
            return False
        if entry.outcome in (NEVER_CONNECTED if self.counts == ATTEMPTS else NOT_CONTACTS):
            return False
        if self.places is not None and entry.address_place not in self.places:
            return False
        return entry.address_place not in self.places_apart and (
            entry.prerecorded or not self.only_prerecorded
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class FrequencyCap(Guard):
    """At most `limit` counted contacts in the window; the next waits until the oldest of them leaves it.

    `after`: the cap begins with the first conversation (which itself does not count) or with the first
    direct contact (which does). `consent_excludes`: calls with the debtor's prior consent stand apart.
    `during_exception`: the cap holds while a state of exception does.
    `puts_off`: what finds no room is not planned for later but decided anew by the plan of the next day.
    """

    subject: ClassVar[str | None] = "history"

    limit: int
    window: Window
    counting: Counting
    unit: str = PERSON
    after: str | None = None  # conversation | direct_contact
    consent_excludes: bool = False
    during_exception: bool = False
    puts_off: bool = False

    def refuse(self, act: Act) -> Refusal | None:
        """A deferral to the instant at which there is room again."""
        if self.during_exception and not act.facts.state_of_exception:
            return None
        if len(act.history) < self.limit or (self.consent_excludes and covered_by_consent(act)):
            return None
        full = [release for unit in self._units(act) for release in self._release(act, unit)]
        release = max(full, default=act.at)
        if release <= act.at:
            return None
        place = act.places[0]
        noun = self.counting.counts if self.limit != 1 else self.counting.counts[:-1]
        made = f"{self.limit} {noun} in {self.window} already made"
        detail = f"{made}; room again {local_time(place, release)} in {place}"
        more = {PUTS_OFF: "the plan of the next day decides anew"} if self.puts_off else {}
        return defer(release, detail, limit=self.limit, window=self.window, **more)

    def open_until(self, act: Act) -> int | None:
        """The end of the consent, where only consent allows."""
        if not self.consent_excludes:
            return None
        ends = consent_ends(act)
        return ends if ends is not None and self.refuse(act.moved(ends)) is not None else None

    def _units(self, act: Act) -> tuple[frozenset[str] | None, ...]:
        return act.debt_units if self.unit == DEBT else (None,)

    def _release(self, act: Act, unit: frozenset[str] | None) -> Iterator[int]:
        since = self._since(act, unit)
        oldest = act.at - self.window.reach()
        counted = 0
        for past in act.history:  # the latest first
            if past.at < oldest or past.at < since:
                return
            if not self.counting.matches(past) or not about(past.entry, unit):
                continue
            if self.consent_excludes and counted_apart(act, past):
                continue
            counted += 1
            if counted == self.limit:
                yield self.window.leaves(act.places, past.at)
                return

    def _since(self, act: Act, unit: frozenset[str] | None) -> int:
        if self.after is None:
            return -(10**12)
        outcomes = DIRECT_CONTACT if self.after == "direct_contact" else frozenset({"conversation"})
        starts = (
            past.at for past in act.history if past.entry.outcome in outcomes and about(past.entry, unit)
        )
        first = min(starts, default=act.at + 1)
        return first if self.after == "direct_contact" else first + 1
