"""What the services decide by: the packs, places, strategies, senders and templates in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from channels.kind import ChannelKind
from dispatcher.domain.contact import IntendedContact
from dispatcher.domain.decision import Decision, Outcome, Reason
from dispatcher.domain.facts import ContactFacts
from dispatcher.domain.gate import decide
from dispatcher.domain.sender import Sender
from dispatcher.domain.strategy import Strategy
from dispatcher.domain.whereabouts import PlaceTable
from dispatcher.rulebook.packs import RuleBook


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """One loaded configuration. `real_channels` reach people: they need packs that counsel has reviewed."""

    rulebook: RuleBook
    places: PlaceTable
    strategies: tuple[Strategy, ...]
    senders: Mapping[str, Sender]
    real_channels: frozenset[ChannelKind] = frozenset()
    require_review: bool = True
    public_url: str = "http://localhost:8000"
    config_digest: str = ""
    optout_token: Callable[[int, str, str], str] = field(default=lambda debtor_id, address, medium: "")

    def judge(self, contact: IntendedContact, facts: ContactFacts) -> Decision:
        """The gate's decision under every pack that applies to this contact."""
        packs = self._packs(contact, facts.now.date())
        decision = decide(facts, packs)
        if self.require_review and contact.channel in self.real_channels:
            return _held_for_review(decision, self.rulebook.unreviewed(packs))
        return decision

    def _packs(self, contact: IntendedContact, on: date) -> tuple[object, ...]:
        raise NotImplementedError
