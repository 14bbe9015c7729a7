"""Records what was offered on a call, with its terms: its numbers mean what was said until it expires."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from dispatcher.agreements.discount_said import discount_said
from dispatcher.agreements.domain import offers as offering
from dispatcher.agreements.domain.offered_before import Past, SettlementOffer
from dispatcher.agreements.domain.offers import FIRST_AFTER_DAYS, PlanOffer
from dispatcher.agreements.domain.schedules import Frequency
from dispatcher.agreements.domain.within_means import affords, beyond_means, reckoned_with
from dispatcher.agreements.find_offers import FoundOffers, find_offers, offers_of, past_of
from dispatcher.agreements.storage import arrangements, sent_offers
from dispatcher.agreements.storage.sent_offers import SentOffer, terms_json
from dispatcher.agreements.terms_said import (
    NOBODY,
    Approval,
    Case,
    Draft,
    PlanWords,
    approve,
    beyond_limits,
    money_of,
    open_case,
    planned,
    settled,
)
from dispatcher.agreements.watch import AgreementRules
from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Recorded, Recording, Said, recording
from dispatcher.values.money import Money

LATELY = timedelta(days=1)  # so long after a call what it offered may be written down
APART = timedelta(minutes=1)  # so far the clocks of the machines that write the two may differ


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferWords:
    """What was said: plans by the numbers of today (none: all of them), or one plan, settlement or discount.

    `discount`: for prompt payment, as today's terms say, or with `amount` and `by` of other terms.
    """

    numbers: tuple[int, ...] = ()
    plan: PlanWords = field(default_factory=PlanWords)
    amount: str = ""
    by: date | None = None
    discount: bool = False

    @property
    def has_plan(self) -> bool:
        """Whether a plan was said by its terms."""
        return self.plan != PlanWords()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """What the call adds to what stands. `until`: the day on which it expires."""

    plans: tuple[PlanOffer, ...] = ()
    settlements: tuple[SettlementOffer, ...] = ()
    discount: SettlementOffer | None = None
    until: date


def offer_on_call(
    database: Database, rules: AgreementRules, who: str, said: Said, words: OfferWords, *,
    debts: Sequence[str] = (), approval: Approval = NOBODY,
) -> Recorded:  # fmt: skip
    """Keep what the newest call of the last day offered.

    Raises RecordError where no such call is recorded, for a debt that nothing may be offered for, and for terms outside
    the limits that nobody approved.
    """
    if sum((bool(words.numbers), words.has_plan, bool(words.amount) or words.discount)) > 1:
        raise RecordError("say the numbers of today's offers, or a plan, or a settlement: one at a time")
    if words.by is not None and not words.amount and not words.discount:
        raise RecordError("by is for a settlement: say with amount which part of the balance ends the debt")
    with recording(database, who, said, debts=debts or _together(database, rules, who, said)) as record:
        case = open_case(record, rules, None)
        _may_be_offered(case)
        call = sent_offers.call_of(record.connection, case.person.id, said.now - LATELY, said.now + APART)
        if call is None:
            raise RecordError(
                f"no call with {record.debtor.full_reference} is recorded within the last day: record the call first, "
                "as a contact by call that reached the person, then what was offered on it"
            )
        found = _found(case)
        offered = _offered(case, found, words, approval)
        kept = _new(found, offered)
        if kept is not None:
            _keep(case, call, kept, approval)
        return _told(record, offered, already=kept is None)


def _together(database: Database, rules: AgreementRules, who: str, said: Said) -> list[str]:
    """The debts that one offer may be for, as whoever calls sees them."""
    found = offers_of(database, rules.offers, who, on=said.now.date(), now=said.now, segments=rules.segments)
    return [debt.reference for debt in found.debts]


def _may_be_offered(case: Case) -> None:
    """Age, a dispute, or who the person is now: nobody can approve beyond that."""
    refused = sorted(
        {one.detail for one in offering.refuse_all(case.person, case.debts, case.terms, case.on)}
    )
    if refused:
        raise RecordError(f"nothing may be offered: {'; '.join(refused)}")


def _found(case: Case) -> FoundOffers:
    return find_offers(
        case.record.connection, case.rules.offers, case.person, on=case.on,
        debts=tuple(debt.id for debt in case.debts), segments=case.rules.segments,
    )  # fmt: skip


def _offered(case: Case, found: FoundOffers, words: OfferWords, approval: Approval) -> _Said:
    if words.discount:
        return _discounted(case, found, words, approval)
    if words.amount:
        return _settlement(case, found, words, approval)
    plans = (_own_plan(case, found, words.plan, approval),) if words.has_plan else _numbered(found, words)
    return _Said(plans=plans, until=min(plan.first_on for plan in plans))


def _numbered(found: FoundOffers, words: OfferWords) -> tuple[PlanOffer, ...]:
    known = {plan.number: plan for plan in found.offers.plans}
    strange = sorted(set(words.numbers) - known.keys())
    if strange or not known:
        why = "; ".join(one.detail for one in found.offers.refused if one.offer == offering.PLAN)
        number = f"offer {strange[0]}" if strange else "plan"
        raise RecordError(
            f"there is no {number} for {found.person.full_reference} today{f': {why}' if why else ''}"
        )
    return tuple(known[number] for number in sorted(set(words.numbers) or known))


def _own_plan(case: Case, found: FoundOffers, words: PlanWords, approval: Approval) -> PlanOffer:
    draft = planned(case, words)
    _has_limits(case, draft)
    approve(case, [*beyond_limits(case, draft), *_beyond_means(case, words)], approval)
    same = (plan for plan in found.offers.plans if plan.instalments == draft.schedule)
    down = money_of(words.down, case.total) if words.down else None
    own = PlanOffer(
        number=1 + max((plan.number for plan in found.offers.plans), default=0),
        parts=len(draft.schedule) - (1 if down else 0),
        frequency=Frequency(draft.offer["frequency"]),
        principal=case.total,
        first_on=draft.schedule[0].due_on,
        down=down,
        interest=case.interest,
    )
    return next(same, own)


def _has_limits(case: Case, draft: Draft) -> None:
    """What a desk does not offer at all has no limits that somebody could approve beyond."""
    if case.terms is None or getattr(case.terms, f"{draft.kind}s") is None:
        raise RecordError(f"no {draft.kind} may be offered for these debts: config/offers has none")


def _beyond_means(case: Case, words: PlanWords) -> Iterator[str]:
    limits = case.terms.plans if case.terms else None
    stated = reckoned_with(case.person.affordability, case.total, case.on)
    if limits is None or stated is None or not (words.payments and words.every and words.first_on):
        return
    down = money_of(words.down, case.total) if words.down else None
    buffer, parts, first_on = limits.buffer_percent, words.payments, words.first_on
    if not affords(stated, buffer, case.total, parts, words.every, first_on, down, case.interest):
        yield beyond_means(stated, limits.buffer_percent, case.total)


def _settlement(case: Case, found: FoundOffers, words: OfferWords, approval: Approval) -> _Said:
    amount = money_of(words.amount, case.total)
    if amount.minor >= case.total.minor:
        raise RecordError(
            f"{amount} is not less than the {case.total} that are owed; a settlement is a part of it"
        )
    if words.by is not None and words.by < case.on:
        raise RecordError(f"by {words.by} lies before {case.on}")
    past = past_of(case.record.connection, case.person.id, case.on)
    again = past.returns(amount, case.on)
    if again and words.by is not None:
        raise RecordError(
            f"the same was offered on {past.settlement_offered_on}: it comes again, so a last day for it would not "
            "be true"
        )
    said = _said_today(past, amount, case)
    if said is not None and words.by not in (None, said):
        raise RecordError(
            f"the same was offered today until {said}: another last day would make that one untrue"
        )
    until = words.by or said or case.on + timedelta(days=_days(case))
    draft = Draft(kind=offering.SETTLEMENT, schedule=settled(amount, until, None))
    _has_limits(case, draft)
    soon = [one.detail for one in found.offers.refused if one.rule == "not_again_within_days"]
    approve(case, [*beyond_limits(case, draft), *soon], approval)
    percent = (100 * amount.amount / case.total.amount).quantize(Decimal("0.01"))
    offer = SettlementOffer(amount=amount, percent=percent, valid_until=None if again else until)
    return _Said(settlements=(offer,), until=until)


def _discounted(case: Case, found: FoundOffers, words: OfferWords, approval: Approval) -> _Said:
    amount = money_of(words.amount, case.total) if words.amount else None
    offer, beyond = discount_said(found, case, amount, words.by)
    approve(case, beyond, approval)
    return _Said(discount=offer, until=offer.valid_until or case.on)


def _said_today(past: Past, amount: Money, case: Case) -> date | None:
    """The last day that was said of the same today."""
    return past.settlement.valid_until if past.settlement and past.said_on(amount, case.on) else None


def _days(case: Case) -> int:
    limits = case.terms.settlements if case.terms else None
    return limits.valid_days if limits else FIRST_AFTER_DAYS


def _new(found: FoundOffers, offered: _Said) -> _Said | None:
    """What does not stand already, word for word."""
    plans = {plan for sent in found.standing for plan in sent.plans}
    amounts = {one.amount for sent in found.standing for one in sent.settlements}
    discounts = {sent.discount for sent in found.standing}
    fresh = replace(
        offered,
        plans=tuple(plan for plan in offered.plans if plan not in plans),
        settlements=tuple(one for one in offered.settlements if one.amount not in amounts),
        discount=None if offered.discount in discounts else offered.discount,
    )
    return fresh if fresh.plans or fresh.settlements or fresh.discount else None


def _keep(case: Case, call: int, kept: _Said, approval: Approval) -> None:
    ids = tuple(debt.id for debt in case.debts)
    offer = SentOffer(
        contact_id=call,
        debtor_id=case.person.id,
        offered_on=case.on,
        valid_until=kept.until,
        total=case.total,
        debts=ids,
        plans=kept.plans,
        settlements=kept.settlements,
        discount=kept.discount,
        base=arrangements.base_of(case.record.connection, ids, case.on),
    )
    sent_offers.add(case.record.connection, offer)
    of_call = replace(case.record, said=replace(case.record.said, source=f"call {call}"))
    approved = (
        {"approved_by": approval.by.strip(), "approved_why": approval.why.strip()} if approval.given else {}
    )
    of_call.log(Event.ARRANGEMENT_OFFERED, terms_json(offer), by_channel="call", **approved)


def _told(record: Recording, offered: _Said, *, already: bool) -> Recorded:
    details = {
        "numbers": ", ".join(str(plan.number) for plan in offered.plans),
        "settlement": ", ".join(str(one.amount) for one in offered.settlements),
        "discount": str(offered.discount.amount) if offered.discount else "",
        "stands_until": offered.until.isoformat(),
    }
    return Recorded(
        fact="offer",
        debtor=record.debtor.full_reference,
        debts=record.debt_references,
        details={name: text for name, text in details.items() if text},
        already=already,
    )
