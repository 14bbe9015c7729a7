"""A discount for prompt payment as somebody said it: today's, or one of other terms; what goes beyond is named."""

from datetime import date, timedelta

from dispatcher.agreements.domain import offers as offering
from dispatcher.agreements.domain.offered_before import SettlementOffer
from dispatcher.agreements.domain.prompt_payment import FINAL, discount_breaches, off_of
from dispatcher.agreements.domain.schedules import Instalment
from dispatcher.agreements.find_offers import FoundOffers, past_of
from dispatcher.agreements.terms_said import Case
from dispatcher.people.domain.facts import RecordError
from dispatcher.values.money import Money


def discount_said(
    found: FoundOffers, case: Case, amount: Money | None, by: date | None
) -> tuple[SettlementOffer, list[str]]:
    """The offer, and in words everything in which it goes beyond the limits.

    Raises RecordError where there is none and nobody can approve one: a desk without, no plan beside it, the same
    part a second time, another last day while one stands.
    """
    limits = case.terms.prompt_payment if case.terms else None
    if limits is None:
        raise RecordError("no discount may be offered for these debts: config/offers has no prompt_payment")
    ready = found.offers.discount
    refused = [one for one in found.offers.refused if one.offer == offering.DISCOUNT]
    final = [one.detail for one in refused if one.rule in FINAL]
    if final or (ready is None and amount is None):
        details = final or [one.detail for one in refused]
        raise RecordError(f"no discount may be offered today: {'; '.join(details)}")
    if ready is not None and amount in (None, ready.amount) and by in (None, ready.valid_until):
        return ready, []
    offer = _of_other_terms(case, ready, amount, by or case.on + timedelta(days=limits.within_days))
    _made_once(case, offer)
    until = offer.valid_until or case.on
    schedule = (Instalment(due_on=until, amount=offer.amount),)
    beyond = [detail for _, detail in discount_breaches(limits, case.total, schedule, case.on)]
    return offer, [*beyond, *(one.detail for one in refused)]


def _of_other_terms(
    case: Case, ready: SettlementOffer | None, amount: Money | None, until: date
) -> SettlementOffer:
    sum_of_it = amount or (ready.amount if ready else case.total)
    if sum_of_it.minor >= case.total.minor:
        raise RecordError(
            f"{sum_of_it} is not less than the {case.total} that are owed: nothing is taken off"
        )
    if until < case.on:
        raise RecordError(f"by {until} lies before {case.on}")
    off = off_of(case.total, sum_of_it)
    return SettlementOffer(amount=sum_of_it, percent=100 - off, valid_until=until, off=off)


def _made_once(case: Case, offer: SettlementOffer) -> None:
    """Of these debts, one last day at a time, and none again for the same part."""
    ids = {debt.id for debt in case.debts}
    for one in past_of(case.record.connection, case.person.id, case.on).discounts:
        said = one.settlement
        if one.debts & ids and (one.stands_on(case.on) or said.off == offer.off):
            raise RecordError(
                f"{said.amount} by {said.valid_until} was offered on {one.on}: another last day would make it untrue"
            )
