"""Puts two terms of offers together so that whatever either allows is allowed, and nothing becomes less."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from dispatcher.agreements.domain.offer_terms import (
    OfferTerms,
    PlanTerms,
    PromiseTerms,
    PromptPaymentTerms,
    SettlementTerms,
    Watch,
)
from dispatcher.agreements.domain.plan_interest import less_of

Amounts = Mapping[str, Decimal]


def more_of(terms: OfferTerms | None, added: OfferTerms | None) -> OfferTerms | None:
    """The terms with whatever is wider in the others; ages at which a limitation must be known stay their own."""
    if terms is None or added is None or terms == added:
        return terms or added
    return replace(
        terms,
        name=f"{terms.name}+{added.name}",
        promises=_promises(terms.promises, added.promises),
        plans=_plans(terms.plans, added.plans),
        settlements=_settlements(terms.settlements, added.settlements),
        prompt_payment=_prompt_payment(terms.prompt_payment, added.prompt_payment),
    )


def _promises(one: PromiseTerms | None, two: PromiseTerms | None) -> PromiseTerms | None:
    if one is None or two is None:
        return one or two
    return PromiseTerms(
        most_days=max(one.most_days, two.most_days),
        most_broken=_most(one.most_broken, two.most_broken),
        watch=_watch(one.watch, two.watch),
    )


def _plans(one: PlanTerms | None, two: PlanTerms | None) -> PlanTerms | None:
    if one is None or two is None:
        return one or two
    return PlanTerms(
        frequencies=tuple(dict.fromkeys((*one.frequencies, *two.frequencies))),
        most_payments=max(one.most_payments, two.most_payments),
        most_days=_most(one.most_days, two.most_days),
        first_within_days=max(one.first_within_days, two.first_within_days),
        least_payment=_least(one.least_payment, two.least_payment),
        least_down_payment_percent=min(one.least_down_payment_percent, two.least_down_payment_percent),
        buffer_percent=one.buffer_percent,
        interest=less_of(one.interest, two.interest),
        watch=_watch(one.watch, two.watch),
    )


def _settlements(one: SettlementTerms | None, two: SettlementTerms | None) -> SettlementTerms | None:
    if one is None or two is None:
        return one or two
    free = min(one.percent_without_approval, two.percent_without_approval)
    least = min(one.least_percent, two.least_percent)
    return SettlementTerms(
        least_percent=least,
        valid_days=max(one.valid_days, two.valid_days),
        least_amount={
            currency: min(one.least_amount[currency], two.least_amount[currency])
            for currency in one.least_amount.keys() & two.least_amount.keys()
        },
        instalments_allowed=max(one.instalments_allowed, two.instalments_allowed),
        needs_approval_below_percent=free if free > least else None,
        not_again_within_days=min(one.not_again_within_days, two.not_again_within_days),
        watch=_watch(one.watch, two.watch),
    )


def _prompt_payment(
    one: PromptPaymentTerms | None, two: PromptPaymentTerms | None
) -> PromptPaymentTerms | None:
    if one is None or two is None:
        return one or two
    return PromptPaymentTerms(
        percent=max(one.percent, two.percent),
        within_days=max(one.within_days, two.within_days),
        not_again_within_days=min(one.not_again_within_days, two.not_again_within_days),
        watch=_watch(one.watch, two.watch),
    )


def _watch(one: Watch, two: Watch) -> Watch:
    return Watch(
        grace_days=max(one.grace_days, two.grace_days),
        threshold_percent=min(one.threshold_percent, two.threshold_percent),
        broken_after_days=max(one.broken_after_days, two.broken_after_days),
    )


def _most(one: int | None, two: int | None) -> int | None:
    """None: without a limit."""
    return None if one is None or two is None else max(one, two)


def _least(one: Amounts, two: Amounts) -> Amounts:
    """The least payment by currency; nothing at all: any. Where only one names a currency the other makes no plan."""
    if not one or not two:
        return {}
    lowest = {**two, **one}
    return {currency: min(amount, two.get(currency, amount)) for currency, amount in lowest.items()}
