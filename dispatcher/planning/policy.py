"""What the services decide by: the packs, places, strategies, senders and templates in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain

from channels.kind import ChannelKind
from dispatcher.gate.decision import Decision, Outcome, Reason
from dispatcher.gate.facts import ContactFacts
from dispatcher.gate.gate import decide
from dispatcher.gate.rule_book import RuleBook
from dispatcher.gate.rules import RulePack
from dispatcher.planning.domain.contact import IntendedContact
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.values.phone import number_plan, plan_key
from dispatcher.values.sender import Sender
from dispatcher.values.whereabouts import PlaceTable

MakeToken = Callable[[str, str, int], str]  # person, medium, contact point -> token of the debtors' page


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One loaded configuration. `real_channels` reach people: they need packs that counsel has reviewed."""

    rulebook: RuleBook
    places: PlaceTable
    strategies: tuple[Strategy, ...]
    senders: Mapping[str, Sender]
    make_token: MakeToken
    real_channels: frozenset[ChannelKind] = frozenset()
    require_review: bool = True
    public_url: str = "http://localhost:8000"
    config_digest: str = ""

    def judge(self, contact: IntendedContact, facts: ContactFacts) -> Decision:
        """The gate's decision under every pack that applies to this contact."""
        packs = self.packs_for(contact, facts.now.date())
        decision = decide(facts, packs)
        if self.require_review and contact.channel in self.real_channels:
            return _held_for_review(decision, self.rulebook.unreviewed(packs))
        return decision

    def strategy(self, name: str) -> Strategy | None:
        """The strategy of that name; None where the configuration no longer has it."""
        return next((strategy for strategy in self.strategies if strategy.name == name), None)

    def packs_for(self, contact: IntendedContact, on: date) -> tuple[RulePack, ...]:
        """The packs of the residence, of every phone's country and area, of the debts and the creditor's own."""
        person = contact.person
        sender = self.senders.get(person.creditor)
        found = [
            self.rulebook.applicable(
                residence_country=person.country or None,
                residence_region=person.region or None,
                residence_city=person.city or None,
                residence_postcode=person.postal_code or None,
                phone_country=country,
                phone=area,
                sender_role=contact.sender_role,
                debt_type=debt_type or None,
                on=on,
                extra=sender.packs if sender else (),
            )
            for country, area in _phones(contact)
            for debt_type in {debt.debt_type for debt in contact.debts} or {""}
        ]
        if len(found) == 1:
            return found[0]
        return tuple(sorted(set(chain(*found)), key=lambda pack: pack.name))

    def optout_url(self, person: str, medium: str, contact_point_id: int) -> str:
        """The address of the debtors' own page for one person, medium and contact point."""
        return f"{self.public_url}/u/{self.make_token(person, medium, contact_point_id)}"


def _phones(contact: IntendedContact) -> set[tuple[str | None, str | None]]:
    """The country of every number of the person, and the number itself where its area counts.

    The area of the number that is texted counts; that of every number where the address names no region.
    """
    point, person = contact.point, contact.person
    texted = {point.address} if point and point.medium == "phone" else set()
    phones = texted | {point.address for point in person.contact_points if point.medium == "phone"}
    used = texted if person.region else phones
    keys = {plan_key(phone): phone in used for phone in sorted(phones)}
    found = {(number_plan(key).region, key if counts else None) for key, counts in keys.items()}
    return found or {(None, None)}


def _held_for_review(decision: Decision, unreviewed: tuple[RulePack, ...]) -> Decision:
    if not unreviewed or decision.outcome in (Outcome.BLOCK, Outcome.HOLD):
        return decision
    names = ", ".join(pack.name for pack in unreviewed)
    reason = Reason(
        pack="desk",
        rule="pack-not-reviewed",
        outcome=Outcome.HOLD,
        reference="counsel's review (reviewed: in the pack's file)",
        detail=f"counsel has not reviewed {names}; a real provider waits for it",
        status="policy",
        verified="official",
    )
    return Decision(outcome=Outcome.HOLD, reasons=(*decision.reasons, reason), packs=decision.packs)
