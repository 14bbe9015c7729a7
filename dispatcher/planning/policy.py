"""What the services decide by: the packs, places, strategies, senders and templates in force."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain

from channels.kind import CallKind, ChannelKind, Medium
from dispatcher.agreements.domain.offer_terms import OfferTerms
from dispatcher.gate.coverage import NO_REGION, NOBODY, OPEN, Coverage, answer_digest
from dispatcher.gate.decision import Decision
from dispatcher.gate.elsewhere import without_elsewhere
from dispatcher.gate.facts import ContactFacts, LawRead
from dispatcher.gate.gate import decide
from dispatcher.gate.rule_book import RuleBook
from dispatcher.gate.rules import RulePack
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.planning.domain.capacity import Capacity
from dispatcher.planning.domain.intended import IntendedContact
from dispatcher.planning.domain.sender_role import role_of
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.domain.timing import Timing
from dispatcher.treatment.domain.scorecard import Scorecard
from dispatcher.treatment.domain.segments import Segment
from dispatcher.values.phone import number_plan, plan_key
from dispatcher.values.sender import Sender
from dispatcher.values.whereabouts import PlaceTable, country_code

NO_COVERAGE = (
    "DISPATCHER_RULES__ONLY names the packs, so nobody is held because the law of a place is unread: "
    "whoever set it answers for that"
)
NO_LINKS = (
    "DISPATCHER_PEOPLE__LINK is off, so somebody whom several creditors know counts as so many people: "
    "caps, stops, deaths, insolvency and care recorded for one creditor do not bind the others"
)

MakeToken = Callable[[str, str, int], str]  # person, medium, contact point -> token of the debtors' page


HOUSE = "HOUSE"  # the pack of the desk's own manners, config/rules/house.yaml


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One loaded configuration. `real_channels` reach people: they need packs that counsel has reviewed."""

    rulebook: RuleBook
    places: PlaceTable
    strategies: tuple[Strategy, ...]
    senders: Mapping[str, Sender]
    make_token: MakeToken
    coverage: Coverage = field(default_factory=Coverage)
    offers: tuple[OfferTerms, ...] = ()
    segments: tuple[Segment, ...] = ()  # the first that fits a debt takes it
    scorecard: Scorecard | None = None
    capacity: Capacity = field(default_factory=dict)
    timing: Timing = field(default_factory=Timing)
    real_channels: frozenset[ChannelKind] = frozenset()
    require_review: bool = True
    # What counsel has reviewed on the pages, as (kind, name, digest); None: the files say it.
    reviews: Callable[[], frozenset[tuple[str, str, str]]] | None = None
    links_people: bool = True
    public_url: str = "http://localhost:8000"
    config_digest: str = ""
    read_from: str = ""  # digest of all that it was read from, settings too; empty: not known for certain

    @property
    def notes(self) -> tuple[str, ...]:
        """What this configuration leaves open, in sentences for the summary."""
        said = [NO_COVERAGE] if self.rulebook.restricted else []
        return (*said, *(() if self.links_people else (NO_LINKS,)))

    def judge(self, contact: IntendedContact, facts: ContactFacts) -> Decision:
        """The gate's decision under every pack that applies to this contact."""
        packs = self.packs_for(contact, facts.now.date())
        if (
            contact.kind == "correction"
        ):  # whoever was told something wrong is told at once: law binds, manners wait
            packs = tuple(pack for pack in packs if pack.name != HOUSE)
        facts = replace(facts, law=self.law_read(contact, packs))
        facts = without_elsewhere(facts, lambda asked: decide(asked, packs))
        return replace(decide(facts, packs), facts=facts)

    def law_read(self, contact: IntendedContact, packs: tuple[RulePack, ...]) -> LawRead:
        """What somebody has read of the law of this contact's places.

        Whoever names the only packs to load (`DISPATCHER_RULES__ONLY`) answers for the places too.
        """
        reads = () if self.rulebook.restricted else tuple(self._reads(contact))
        bars = [pack.time_barred for pack in packs]
        saying = [bar.sentences for bar in bars if bar.sentences is not None]
        return LawRead(
            places=_joined(read.places for read in reads),
            unread=_joined(read.unread for read in reads),
            unconfirmed=self._unconfirmed(reads),
            unreviewed=self.unreviewed(packs),
            must_be_confirmed=self.require_review and self._reaches(contact.channel),
            barred_sentences=_joined(saying) if saying else None,
            barred_unknown_after_days=min(
                (bar.unknown_after_days for bar in bars if bar.unknown_after_days is not None), default=None
            ),
        )

    def unreviewed(self, packs: Iterable[RulePack]) -> tuple[str, ...]:
        """The packs, of these, that counsel has not reviewed as they read now."""
        if self.reviews is None:
            return tuple(pack.name for pack in self.rulebook.unreviewed(packs))
        known = self.reviews()
        return tuple(pack.name for pack in packs if ("pack", pack.name, pack.digest) not in known)

    def is_confirmed(self, place: str) -> bool:
        """Whether counsel has confirmed what is said of a place as it reads now."""
        answer = self.coverage.answer_of(place)
        if answer is None or answer.word == OPEN:
            return False
        if self.reviews is None:
            return answer.confirmed_by != NOBODY
        return ("place", place, answer_digest(answer)) in self.reviews()

    def _unconfirmed(self, reads: Sequence[LawRead]) -> tuple[str, ...]:
        if self.reviews is None:
            return _joined(read.unconfirmed for read in reads)
        places = {place for read in reads for place in read.places}
        return tuple(sorted(place for place in places if not self.is_confirmed(place)))

    def _reaches(self, channel: Medium) -> bool:
        """Whether a contact on it reaches a person; who calls does, on a desk where anything else does."""
        return bool(self.real_channels) if channel is CallKind.CALL else channel in self.real_channels

    def read_law(self, country: str, region: str, postal_code: str, *, role: str) -> LawRead:
        """What somebody has read of the law of one address, for a sender of that role."""
        code = country_code(country)
        part = self._region(code, region) or ""
        return self.coverage.read(code, part, postal_code, role=role, loaded=self.rulebook.packs)

    def _reads(self, contact: IntendedContact) -> Iterator[LawRead]:
        """Of the residence, of a number that is texted, and whether a pack of any number's country is gone."""
        person, point, role = contact.person, contact.point, contact.sender_role
        yield self.read_law(person.country, person.region, person.postal_code, role=role)
        home, loaded = country_code(person.country), self.rulebook.packs
        texted = number_plan(plan_key(point.address)).region if point and point.medium == "phone" else None
        if texted and texted != home:
            yield self.coverage.read(texted, NO_REGION, "", role=role, loaded=loaded)
        for country in {country for country, _ in _phones(contact)} - {home, texted, None}:
            yield LawRead(unread=self.coverage.gone(country or "", loaded))

    def _region(self, country: str, region: str) -> str | None:
        """The region as ISO 3166-2 writes it; None where it is none that the country has."""
        part = region.strip().upper().removeprefix(f"{country}-")
        places = self.places.countries.get(country)
        known = places.regions if places else {}
        return part if part and (not known or part in known) else None

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
                residence_region=self._region(country_code(person.country), person.region),
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

    def packs_of(self, person: PersonFile, debts: Sequence[DebtFile], on: date) -> tuple[RulePack, ...]:
        """The packs that apply to a person and these debts, whatever the channel; none where nobody may write."""
        sender = self.senders.get(person.creditor)
        if sender is None:
            return ()
        contact = IntendedContact(
            person=person,
            debts=tuple(debts),
            channel=ChannelKind.EMAIL,
            kind="collection",
            point=None,
            sender_role=role_of(debts, sender.role),
        )
        return self.packs_for(contact, on)

    def running_experiments(self, on: date) -> dict[str, date]:
        """Experiments whose last day has not passed, with it: nobody is told what they show before."""
        trials = (trial for strategy in self.strategies for trial in strategy.experiments)
        return {trial.name: trial.ends_on for trial in trials if on <= trial.ends_on}

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


def _joined(names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted(set(chain(*names))))
