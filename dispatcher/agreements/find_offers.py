"""Finds what one person may be offered on a day: what a message offered and still stands, else what is allowed now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from dispatcher.agreements.domain import offers as offering
from dispatcher.agreements.domain import prompt_payment
from dispatcher.agreements.domain.agreed import Base
from dispatcher.agreements.domain.offer_terms import OfferTerms
from dispatcher.agreements.domain.offered_before import Past, SettlementOffer, past_among
from dispatcher.agreements.domain.offers import Offers, PlanOffer, Refusal
from dispatcher.agreements.domain.within_means import BEYOND_MEANS
from dispatcher.agreements.storage import arrangements, sent_offers
from dispatcher.agreements.storage.sent_offers import SentOffer, plan_json, settlement_json
from dispatcher.database.engine import Connection, Database
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.storage import people_facts
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.people.storage.people import load_people
from dispatcher.treatment.domain.segments import Segments
from dispatcher.treatment.find_segments import with_segments


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A plan that can be accepted by its number. `base` None: it is made by how things stand now."""

    plan: PlanOffer
    debts: tuple[int, ...]
    offered_on: date
    base: Base | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundOffers:
    """What one person may be offered: `standing` was said and has not expired, the newest first."""

    person: PersonFile
    debts: tuple[DebtFile, ...]
    offers: Offers
    on: date
    standing: tuple[SentOffer, ...] = ()
    said_discount: SettlementOffer | None = None  # was said, and stands; else the discount would be made now

    @property
    def sent(self) -> SentOffer | None:
        """The newest that was said."""
        return self.standing[0] if self.standing else None

    @property
    def said_plans(self) -> SentOffer | None:
        """The newest that plans were said in."""
        return next((sent for sent in self.standing if sent.plans), None)

    def choice(self, number: int) -> Choice | None:
        """The plan of a number, as it was said last; else as it may be offered now."""
        ids = tuple(debt.id for debt in self.debts)
        now = (plan for plan in self.offers.plans if plan.number == number)
        today = next((Choice(plan=plan, debts=ids, offered_on=self.on) for plan in now), None)
        return self.said(number) or today

    def said(self, number: int) -> Choice | None:
        """The plan of a number, as it was said last."""
        for sent in self.standing:
            for plan in sent.plans:
                if plan.number == number:
                    return Choice(plan=plan, debts=sent.debts, offered_on=sent.offered_on, base=sent.base)
        return None

    def may_be_approved(self, kind: str) -> bool:
        """Whether somebody may offer a plan or a settlement by other terms than today's, approved where it must be."""
        return not any(one.offer == kind and one.rule in _FINAL for one in self.offers.refused)

    def as_json(self) -> dict[str, Any]:
        """As `dispatcher offers --json` and the API write it."""
        promise = self.offers.promise
        total = self.offers.total
        return {
            "debtor": self.person.full_reference,
            "debts": [debt.full_reference for debt in self.debts],
            "as_of": self.on.isoformat(),
            "terms": self.offers.terms or None,
            "total": str(total.amount) if total else None,
            "currency": total.currency if total else None,
            "offered_on": self.sent.offered_on.isoformat() if self.sent else None,
            "valid_until": self.sent.valid_until.isoformat() if self.sent else None,
            "promise": None
            if promise is None
            else {
                "latest": promise.latest.isoformat(),
                "amount": str(promise.amount.amount),
                "grace_days": promise.grace_days,
            },
            "plans": [plan_json(plan) for plan in self.offers.plans],
            "settlements": [settlement_json(one) for one in self.offers.settlements],
            "prompt_payment": settlement_json(self.offers.discount) if self.offers.discount else None,
            "refused": [
                {"offer": one.offer, "rule": one.rule, "detail": one.detail} for one in self.offers.refused
            ],
        }


def offers_of(
    database: Database, files: Sequence[OfferTerms], who: str, *, on: date, now: datetime, debts: Sequence[str] = (),
    segments: Segments = (),
) -> FoundOffers:  # fmt: skip
    """What `creditor/reference` may be offered; raises RecordError for nobody, or debts they do not owe."""
    with database.reading() as connection:
        debtor = find_debtor(connection, who)
        person = load_people(connection, [debtor.id], now=now)[debtor.id]
        owed = {debt.reference: debt.id for debt in people_facts.debts_of(connection, debtor.id, on)}
        named = [reference.removeprefix(f"{debtor.creditor}/") for reference in debts]
        unknown = [reference for reference in named if reference not in owed]
        if unknown:
            raise RecordError(f"{debtor.full_reference} has no debt {', '.join(unknown)}")
        ids = tuple(owed[reference] for reference in named)
        return find_offers(connection, files, person, on=on, debts=ids, segments=segments)


def find_offers(
    connection: Connection, files: Sequence[OfferTerms], person: PersonFile, *,
    on: date, debts: Sequence[int] = (), segments: Segments = (), replacing: int | None = None,
) -> FoundOffers:  # fmt: skip
    """The same, of a person on file; without debts named, of all that may be offered for together.

    `replacing`: the arrangement in whose place something is put, so that it stands in the way of nothing.
    """
    owed = tuple(
        replace(debt, arrangement=None) if debt.arrangement and debt.arrangement.id == replacing else debt
        for debt in _owed(connection, person, on, debts, segments)
    )
    together, left_out = _together(files, person, owed, on) if not debts else (owed, ())
    past = past_of(connection, person.id, on)
    offers = offering.offers_for(files, person, together, on, past)
    said = offers.discount if any(one.settlement == offers.discount for one in past.discounts) else None
    ids = {debt.id for debt in together}
    standing = _counting(sent_offers.standing(connection, person.id, on), ids)
    if not standing or any(refusal.offer == offering.PLAN for refusal in offers.refused if _forbids(refusal)):
        return FoundOffers(
            person=person, debts=together, offers=_with(offers, left_out), on=on, said_discount=said
        )
    offers = _as_said(offers, standing)
    return FoundOffers(
        person=person,
        debts=together,
        offers=_with(offers, left_out),
        on=on,
        standing=standing,
        said_discount=said,
    )


def _counting(said: Iterable[SentOffer], debts: set[int]) -> tuple[SentOffer, ...]:
    """Of what was said for just these debts: the newest message, and every call, which adds to messages."""
    mine = [one for one in said if set(one.debts) == debts]
    message = next((one for one in mine if one.message_id is not None), None)
    return tuple(one for one in mine if one.message_id is None or one is message)


def _as_said(offers: Offers, standing: Sequence[SentOffer]) -> Offers:
    """What was said keeps its number; what only calls said leaves the others to what may be offered now."""
    written = any(one.message_id is not None for one in standing)
    plans = {} if written else {plan.number: plan for plan in offers.plans}
    plans |= {plan.number: plan for one in reversed(standing) for plan in one.plans}
    said_plans = any(one.plans for one in standing)
    return replace(
        offers,
        total=standing[0].total,
        plans=tuple(plans[number] for number in sorted(plans)),
        settlements=next((one.settlements for one in standing if one.settlements), offers.settlements),
        refused=tuple(
            refusal
            for refusal in offers.refused
            if refusal.offer != offering.PLAN or not (written or said_plans)
        ),
    )


def past_of(connection: Connection, debtor_id: int, on: date) -> Past:
    """What the person was offered and promised before."""
    return past_among(
        sent_offers.settlements_sent(connection, [debtor_id]).get(debtor_id, ()),
        on,
        broken_promises=arrangements.count_broken_promises(connection, debtor_id),
    )


_LIMITS = frozenset(
    {
        "most_payments",
        "least_payment",
        "most_days",
        "first_within_days",
        "least_down_payment_percent",
        BEYOND_MEANS,
    }
)


_FINAL = frozenset(
    {
        *prompt_payment.FINAL,
        "not-offered", "no-terms", "nothing-owed", "time-barred", "limitation-unknown", "arrangement",
        *offering.SILENCING_HOLDS.values(),
    }
)  # fmt: skip


def _forbids(refusal: Refusal) -> bool:
    """Whether it forbids even what was offered: limits of today do not take back what a message said."""
    return refusal.rule not in _LIMITS


def _owed(
    connection: Connection, person: PersonFile, on: date, named: Sequence[int], segments: Segments
) -> tuple[DebtFile, ...]:
    known = people_facts.debts_of(connection, person.id, on)
    wanted = [debt.id for debt in known if debt.id in named or (not named and debt.is_open)]
    files = with_segments(connection, load_debts(connection, wanted, as_of=on), segments, on)
    owed = [debt for debt in files.values() if debt.is_owed(on)]
    return tuple(sorted(owed, key=lambda debt: (debt.due_date, debt.full_reference)))


def _together(
    files: Sequence[OfferTerms], person: PersonFile, owed: tuple[DebtFile, ...], on: date
) -> tuple[tuple[DebtFile, ...], tuple[Refusal, ...]]:
    """The debts one offer may be for, and why the others are left out; those of the oldest one's currency."""
    left_out: list[Refusal] = []
    fit: list[DebtFile] = []
    for debt in owed:
        refusals = tuple(
            offering.refuse_all(person, [debt], offering.terms_for(files, person, [debt], on), on)
        )
        if not refusals:
            fit.append(debt)
        left_out += refusals
    if not fit:
        return owed, ()
    currency = fit[0].balance.currency
    other = [debt for debt in fit if debt.balance.currency != currency]
    left_out += [
        Refusal(offer=kind, rule="other-currency", detail=f"{debt.reference} is in {debt.balance.currency}")
        for debt in other
        for kind in offering.KINDS
    ]
    return tuple(debt for debt in fit if debt not in other), tuple(left_out)


def _with(offers: Offers, left_out: Iterable[Refusal]) -> Offers:
    return replace(offers, refused=(*offers.refused, *left_out))
