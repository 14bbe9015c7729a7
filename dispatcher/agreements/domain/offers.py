"""What may be offered to one person today: promises, plans, a settlement, and for what may not be the rule."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from dispatcher.agreements.domain.more_terms import more_of
from dispatcher.agreements.domain.offer_terms import OfferTerms, PlanTerms, SettlementTerms, part_of
from dispatcher.agreements.domain.offered_before import Past, SettlementOffer
from dispatcher.agreements.domain.plan_interest import PlanInterest, borne, plan_schedule
from dispatcher.agreements.domain.prompt_payment import discount_for
from dispatcher.agreements.domain.schedules import Frequency, Schedule, interest_of
from dispatcher.agreements.domain.within_limits import down_payment, first_breach, fits
from dispatcher.agreements.domain.within_means import BEYOND_MEANS, affords, beyond_means, reckoned_with
from dispatcher.people.domain.affordability import Affordability
from dispatcher.people.domain.asked import asked_in_all
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.values.money import Money

PROMISE, PLAN, SETTLEMENT, DISCOUNT = "promise", "plan", "settlement", "prompt_payment"
KINDS = (PROMISE, PLAN, SETTLEMENT, DISCOUNT)
INTEREST = "interest"  # of plans: what the file wants and the debtor's place does not allow
MOST_PLANS = 3  # a choice of more helps nobody
FIRST_AFTER_DAYS = 14  # time to read the offer, answer it and be paid; less where the desk allows less
SILENCING_HOLDS = {
    "dispute": "disputed",
    "attorney": "attorney",
    "cease": "ceased",
    "bankruptcy": "bankruptcy",
    "deceased": "deceased",
    "breathing_space": "moratorium",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """What may not be offered, and the rule that says so."""

    offer: str
    rule: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanOffer:
    """A ready plan, by the number that the debtor answers with. It costs nothing extra unless it bears interest.

    Every message carries its offers and few texts show them, so the payments are worked out when asked for.
    """

    number: int
    parts: int  # equal payments, after the down payment where there is one
    frequency: Frequency
    principal: Money  # what is owed when it is offered
    first_on: date
    down: Money | None = None
    interest: PlanInterest | None = None

    @property
    def count(self) -> int:
        """How many payments there are in all."""
        return self.parts + (1 if self.down else 0)

    @property
    def instalments(self) -> Schedule:
        """Every payment with its day."""
        return plan_schedule(
            self.principal, self.parts, self.frequency, self.first_on, down=self.down, interest=self.interest
        )

    @property
    def total(self) -> Money:
        """What all payments come to: principal and interest."""
        return self.principal + (self.interest_amount or Money(0, self.principal.currency))

    @property
    def interest_amount(self) -> Money | None:
        """What of it is interest; None where it bears none."""
        return interest_of(self.instalments, self.principal.currency) if self.interest else None


@dataclass(frozen=True, kw_only=True, slots=True)
class PromiseOffer:
    """Until when a promised day pauses the reminders, and what a promise is for if nothing else is said."""

    latest: date
    amount: Money
    grace_days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Offers:
    """All of it for one person and currency."""

    terms: str = ""
    total: Money | None = None
    promise: PromiseOffer | None = None
    plans: tuple[PlanOffer, ...] = ()
    settlements: tuple[SettlementOffer, ...] = ()
    discount: SettlementOffer | None = None  # for prompt payment
    refused: tuple[Refusal, ...] = field(default=())
    interest: PlanInterest | None = None  # what plans made today bear


def terms_for(
    files: Sequence[OfferTerms], person: PersonFile, debts: Sequence[DebtFile], on: date
) -> OfferTerms | None:
    """The first file that takes these debts together; the oldest debt and the sum decide.

    For a private person a file for a segment that a score leads to only adds: nothing becomes less by it.
    """
    if not debts:
        return None
    found = _first_of(files, subject_of(person, debts[0]), debts, on)
    if not debts[0].score_segment or person.kind == "company":
        return found
    scored = {**subject_of(person, debts[0]), "segment": debts[0].score_segment}
    asking = [terms for terms in files if debts[0].score_segment in terms.match.equals.get("segment", ())]
    added = _first_of(asking, scored, debts, on)
    return found if added and any(refuse_all(person, debts, added, on)) else more_of(found, added)


def _first_of(
    files: Sequence[OfferTerms], subject: Mapping[str, Any], debts: Sequence[DebtFile], on: date
) -> OfferTerms | None:
    balance = total_of_debts(debts).amount
    days = max((on - debt.due_date).days for debt in debts)
    return next((terms for terms in files if terms.match.takes(subject, balance, days)), None)


def subject_of(person: PersonFile, debt: DebtFile) -> Mapping[str, Any]:
    """The columns that offers match, by the names that strategies give them."""
    return {
        "creditor": person.creditor,
        "debt_type": debt.debt_type,
        "country": person.country,
        "region": person.region,
        "currency": debt.balance.currency,
        "debtor_kind": person.kind,
        "sender_role": debt.sender_role,
        "language": person.language,
        "segment": debt.segment,
        "ledger_segment": person.ledger_segment,
    }


def total_of_debts(debts: Sequence[DebtFile]) -> Money:
    """What is owed on debts of one currency."""
    return asked_in_all(debts, debts[0].balance.currency)


def offers_for(
    files: Sequence[OfferTerms],
    person: PersonFile,
    debts: Sequence[DebtFile],
    on: date,
    past: Past | None = None,
) -> Offers:
    """What may be offered for these debts (of one currency) on a day. Nothing in it loosens the gate."""
    terms = terms_for(files, person, debts, on)
    if terms is None:
        detail = "no file of config/offers takes these debts" if debts else "nothing is owed"
        rule = "no-terms" if debts else "nothing-owed"
        return Offers(refused=tuple(Refusal(offer=kind, rule=rule, detail=detail) for kind in KINDS))
    barred = tuple(refuse_all(person, debts, terms, on))
    if barred:
        return Offers(terms=terms.name, total=total_of_debts(debts), refused=barred)
    found = _within_terms(terms, person, debts, on, past or Past())
    return _with_discount(found, terms, frozenset(debt.id for debt in debts), on, past or Past())


def refuse_all(
    person: PersonFile, debts: Sequence[DebtFile], terms: OfferTerms | None, on: date
) -> Iterator[Refusal]:
    """What forbids any offer: age, dispute, who the person is now, an arrangement that stands."""
    for rule, detail in sorted({*_of_debts(person, debts, terms, on), *_of_person(person, debts, on)}):
        yield from (Refusal(offer=kind, rule=rule, detail=detail) for kind in KINDS)


def _of_debts(
    person: PersonFile, debts: Sequence[DebtFile], terms: OfferTerms | None, on: date
) -> Iterator[tuple[str, str]]:
    limit = terms.unknown_limitation_after_days.get(person.country) if terms else None
    for debt in debts:
        if debt.time_barred_on is not None and debt.time_barred_on <= on:
            yield "time-barred", f"{debt.reference} is time-barred since {debt.time_barred_on}"
        if debt.time_barred_on is None and limit is not None and (on - debt.due_date).days >= limit:
            yield (
                "limitation-unknown",
                (
                    f"{debt.reference} is {(on - debt.due_date).days} days old and nobody says when it is "
                    f"time-barred; in {person.country} that must be known from {limit} days on"
                ),
            )
        if debt.disputed_on is not None and debt.disputed_on <= on:
            yield "disputed", f"{debt.reference} is disputed since {debt.disputed_on}"
        if debt.arrangement is not None and debt.arrangement.active:
            yield "arrangement", f"{debt.reference} stands under arrangement {debt.arrangement.id} already"


def _of_person(person: PersonFile, debts: Sequence[DebtFile], on: date) -> Iterator[tuple[str, str]]:
    ids = {debt.id for debt in debts}
    for hold in person.holds:
        rule = SILENCING_HOLDS.get(hold.kind)
        if rule and hold.holds_on(on) and (hold.debt_id is None or hold.debt_id in ids):
            yield rule, f"{hold.kind.replace('_', ' ')} recorded on {hold.starts_on}"
    columns = (
        ("attorney", person.represented_by and "a lawyer acts for the debtor"),
        ("ceased", _since(person.cease_received_on, on, "the debtor asked to be left alone")),
        ("bankruptcy", _since(person.bankrupt_on, on, "a bankruptcy is pending")),
        ("deceased", _since(person.deceased_on, on, "the debtor has died")),
    )
    yield from ((rule, detail) for rule, detail in columns if detail)
    if person.breathing_space_until is not None and person.breathing_space_until >= on:
        yield "moratorium", f"a moratorium protects the debtor until {person.breathing_space_until}"


def _since(day: date | None, on: date, words: str) -> str:
    return words if day is not None and day <= on else ""


def interest_for(
    terms: OfferTerms | None, person: PersonFile, debts: Sequence[DebtFile], on: date
) -> tuple[PlanInterest | None, str, str]:
    """What a plan of this person for these debts bears that is made on a day, else the rule that says no, in words."""
    wanted = terms.plans.interest if terms and terms.plans else None
    interest, rule, detail = borne(wanted, person.country, person.region, person.kind, on)
    holding = [debt.reference for debt in debts if _may_hold_interest(debt)]
    if interest is None or not holding:
        return interest, rule, detail
    detail = (
        f"the ledger's balance of {', '.join(holding)} holds interest, or may hold that of an earlier plan: "
        "a plan would bear interest on it"
    )
    return None, "interest-on-interest", detail


def _may_hold_interest(debt: DebtFile) -> bool:
    """Whether the ledger names a part of the balance as interest, in a figure that cannot be read too.

    What an earlier plan bore is booked into the balance, and no ledger has to say how much of it is left.
    """
    try:
        named = Money.of(debt.extra.get("interest") or "0", debt.ledger.currency).minor != 0
    except ValueError:
        named = True
    return named or debt.plan_interest


def _within_terms(
    terms: OfferTerms, person: PersonFile, debts: Sequence[DebtFile], on: date, past: Past
) -> Offers:
    refused: list[Refusal] = []
    total = total_of_debts(debts)
    promise = _promise(terms, total, on, past, refused)
    interest, rule, detail = interest_for(terms, person, debts, on)
    if rule:
        refused.append(Refusal(offer=INTEREST, rule=rule, detail=detail))
    stated = reckoned_with(person.affordability, total, on)
    plans = _plans(terms.plans, total, on, refused, stated, interest)
    settlements = _settlements(terms.settlements, total, on, past, refused)
    return Offers(
        terms=terms.name,
        total=total,
        promise=promise,
        plans=plans,
        settlements=settlements,
        refused=tuple(refused),
        interest=interest,
    )


def _with_discount(offers: Offers, terms: OfferTerms, debts: frozenset[int], on: date, past: Past) -> Offers:
    """With the discount for prompt payment, which only stands beside full payment and a plan."""
    limits, total = terms.prompt_payment, offers.total
    found: SettlementOffer | tuple[str, str]
    if limits is None or total is None:
        found = "not-offered", f"{terms.name} has no `prompt_payment`"
    elif not offers.plans:
        found = "no-plan", "no plan may be offered beside it"
    else:
        found = discount_for(limits, debts, total, on, past)
    if isinstance(found, SettlementOffer):
        return replace(offers, discount=found)
    refusal = Refusal(offer=DISCOUNT, rule=found[0], detail=found[1])
    return replace(offers, refused=(*offers.refused, refusal))


def _promise(
    terms: OfferTerms, total: Money, on: date, past: Past, refused: list[Refusal]
) -> PromiseOffer | None:
    limits = terms.promises
    if limits is None:
        refused.append(Refusal(offer=PROMISE, rule="not-offered", detail=f"{terms.name} has no `promises`"))
        return None
    if limits.most_broken is not None and past.broken_promises >= limits.most_broken:
        detail = f"{past.broken_promises} promises were broken; {limits.most_broken} are the most"
        refused.append(Refusal(offer=PROMISE, rule="most_broken", detail=detail))
        return None
    latest = on + timedelta(days=limits.most_days)
    return PromiseOffer(latest=latest, amount=total, grace_days=limits.watch.grace_days)


def _plans(
    limits: PlanTerms | None, total: Money, on: date, refused: list[Refusal], stated: Affordability | None,
    interest: PlanInterest | None,
) -> tuple[PlanOffer, ...]:  # fmt: skip
    """Within the limits, and within what they say they have: they may ask for what is not proposed."""
    if limits is None:
        refused.append(Refusal(offer=PLAN, rule="not-offered", detail="the terms have no `plans`"))
        return ()
    first_on = on + timedelta(days=min(FIRST_AFTER_DAYS, limits.first_within_days))
    down = down_payment(limits, total)
    ready: list[tuple[Frequency, int]] = []
    beyond = False
    for frequency in limits.frequencies:
        possible = [
            (frequency, parts)
            for parts in range(2, limits.most_payments + 1)
            if fits(limits, total, parts, frequency, first_on, down, on, interest)
        ]
        fitting = [
            each
            for each in possible
            if affords(stated, limits.buffer_percent, total, each[1], frequency, first_on, down, interest)
        ]
        beyond = beyond or len(fitting) < len(possible)
        ready += _spread(fitting, MOST_PLANS if frequency is limits.frequencies[0] else 1)
    if not ready and beyond and stated is not None:
        detail = beyond_means(stated, limits.buffer_percent, total)
        refused.append(Refusal(offer=PLAN, rule=BEYOND_MEANS, detail=detail))
    elif not ready:
        detail = f"no plan of two or more payments of {total} keeps within the limits"
        rule = first_breach(limits, total, first_on, on, interest)
        refused.append(Refusal(offer=PLAN, rule=rule, detail=detail))
    return tuple(
        PlanOffer(
            number=number, parts=parts, frequency=frequency, principal=total, first_on=first_on, down=down,
            interest=interest,
        )
        for number, (frequency, parts) in enumerate(ready, start=1)
    )  # fmt: skip


def _spread(possible: Sequence[Any], most: int) -> list[Any]:
    """The shortest, the longest and what lies between; of one only, the longest."""
    if len(possible) <= most:
        return list(possible)
    if most == 1:
        return [possible[-1]]
    places = {round(i * (len(possible) - 1) / (most - 1)) for i in range(most)}
    return [possible[place] for place in sorted(places)]


def _settlements(
    limits: SettlementTerms | None, total: Money, on: date, past: Past, refused: list[Refusal]
) -> tuple[SettlementOffer, ...]:
    if limits is None:
        refused.append(
            Refusal(offer=SETTLEMENT, rule="not-offered", detail="the terms have no `settlements`")
        )
        return ()
    offered = past.settlement_offered_on
    if offered is not None and offered < on < offered + timedelta(days=limits.not_again_within_days):
        detail = f"offered on {offered}; not again within {limits.not_again_within_days} days"
        refused.append(Refusal(offer=SETTLEMENT, rule="not_again_within_days", detail=detail))
        return ()
    amount = _least_settlement(limits, total)
    if amount.minor >= total.minor:
        detail = f"nothing below the whole {total} may be accepted"
        refused.append(Refusal(offer=SETTLEMENT, rule="least_amount", detail=detail))
        return ()
    if past.settlement is not None and past.said_on(amount, on):
        return (past.settlement,)
    percent = limits.percent_without_approval
    until = None if past.returns(amount, on) else on + timedelta(days=limits.valid_days)
    return (SettlementOffer(amount=amount, percent=percent, valid_until=until),)


def _least_settlement(limits: SettlementTerms, total: Money) -> Money:
    part = part_of(total, limits.percent_without_approval)
    floor = limits.least_amount.get(total.currency)
    return max(part, Money.of(floor, total.currency)) if floor is not None else part
