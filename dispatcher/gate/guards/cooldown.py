"""Pauses that a contact starts: the cool-down after a conversation, and one channel a period."""

from dataclasses import dataclass
from typing import ClassVar

from dispatcher.gate.act import Act, Past, about, medium
from dispatcher.gate.facts import Kind
from dispatcher.gate.guards.consent import CONVERSATIONS, consent_ends, covered_by_consent
from dispatcher.gate.guards.frequency import DIRECT_CONTACT, Counting
from dispatcher.gate.guards.guard import Guard, Refusal, defer
from dispatcher.gate.guards.replies import invited_at
from dispatcher.gate.openings import local_time
from dispatcher.gate.windows import Window


@dataclass(frozen=True, kw_only=True, slots=True)
class CoolDown(Guard):
    """No call within the window after a telephone conversation about the debt, whoever called.

    The conversation's date is the first day. `consent_excludes`: a call back with consent is allowed.
    `replies`: kinds that may answer once a debtor who called; that call starts no pause for its own answer.
    """

    subject: ClassVar[str | None] = "history"

    window: Window
    consent_excludes: bool = False
    replies: frozenset[str] = frozenset()

    def refuse(self, act: Act) -> Refusal | None:
        """A deferral to the end of the pause."""
        if self.consent_excludes and covered_by_consent(act):
            return None
        starts = (p.at for unit in act.debt_units for p in act.history if self._starts(act, p, unit))
        last = max(starts, default=None)
        if last is None or (release := self.window.leaves(act.places, last)) <= act.at:
            return None
        place = act.places[0]
        detail = f"conversation on {local_time(place, last)}; no call until {local_time(place, release)} in {place}"
        return defer(release, detail, conversation=local_time(place, last), window=self.window)

    def open_until(self, act: Act) -> int | None:
        """The end of the consent, where only consent allows."""
        ends = consent_ends(act) if self.consent_excludes else None
        return ends if ends is not None and self.refuse(act.moved(ends)) is not None else None

    def _starts(self, act: Act, past: Past, unit: frozenset[str] | None) -> bool:
        entry = past.entry
        if medium(entry.channel) != "call" or entry.kind == Kind.LOCATION_INQUIRY or not about(entry, unit):
            return False
        if entry.outcome == "inbound_from_consumer":
            return act.kind not in self.replies or invited_at(act) is None
        return entry.outcome in CONVERSATIONS


@dataclass(frozen=True, kw_only=True, slots=True)
class OneChannelPerPeriod(Guard):
    """Once there was direct contact, only one channel in the window."""

    subject: ClassVar[str | None] = "history"

    window: Window
    counting: Counting

    def refuse(self, act: Act) -> Refusal | None:
        """A deferral to the instant at which the last contact by another channel leaves the window."""
        direct = (past.at for past in act.history if past.inbound or past.entry.outcome in DIRECT_CONTACT)
        first = min(direct, default=None)
        if first is None:
            return None
        mine = medium(act.action.channel)
        others = [
            p
            for p in act.history
            if p.at >= first and self.counting.matches(p) and medium(p.entry.channel) != mine
        ]
        release = max((self.window.leaves(act.places, past.at) for past in others), default=act.at)
        if release <= act.at:
            return None
        channels = ", ".join(sorted({past.entry.channel for past in others}))
        place = act.places[0]
        used = f"after direct contact one channel in {self.window}; already used: {channels}"
        detail = f"{used}; free {local_time(place, release)} in {place}"
        return defer(release, detail, used=channels, window=self.window)
