"""The discount for prompt payment: the whole balance less a part, paid by a near day; made once on the same terms."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal

from dispatcher.agreements.domain.offer_terms import PromptPaymentTerms, part_of
from dispatcher.agreements.domain.offered_before import OfferedBefore, Past, SettlementOffer
from dispatcher.agreements.domain.schedules import Schedule, total_of
from dispatcher.values.money import Money

Rule = tuple[str, str]  # the rule that says no, and why in words
FINAL = frozenset({"discount-stands", "offered-before", "no-plan"})  # nobody can approve beyond these


def discount_for(
    limits: PromptPaymentTerms, debts: Collection[int], total: Money, on: date, past: Past
) -> SettlementOffer | Rule:
    """What may be offered for these debts on a day; while it stands it is the one that was said.

    A discount that came again with another last day would make the first one untrue: of a debt, the same part is
    offered once.
    """
    before = [one for one in past.discounts if one.debts & frozenset(debts)]
    newest = before[-1] if before else None
    if newest is not None and newest.stands_on(on):
        return _standing(newest, debts, total)
    if same := next((one for one in before if one.settlement.off == limits.percent), None):
        return "offered-before", _once(same, limits.percent)
    if newest is not None and on < newest.on + timedelta(days=limits.not_again_within_days):
        detail = f"offered on {newest.on}; not again within {limits.not_again_within_days} days"
        return "not_again_within_days", detail
    amount = least_of(limits, total)
    if amount.minor >= total.minor:
        return "nothing-off", f"{limits.percent} per cent of {total} is less than the smallest unit"
    if (settled := past.settlement) and past.settlement_stands_on(on) and settled.amount <= amount:
        return (
            "settlement-stands",
            f"{settled.amount} was offered as a settlement and stands: {amount} is no less",
        )
    return SettlementOffer(
        amount=amount,
        percent=100 - limits.percent,
        valid_until=on + timedelta(days=limits.within_days),
        off=limits.percent,
    )


def least_of(limits: PromptPaymentTerms, total: Money) -> Money:
    """The balance less the discount, which is rounded down to the unit."""
    return part_of(total, 100 - limits.percent)


def discount_breaches(
    limits: PromptPaymentTerms, total: Money, schedule: Schedule, on: date
) -> Iterator[tuple[str, str]]:
    """(limit, in words) of everything in which a discounted sum goes beyond what may be agreed on a day."""
    amount, least = total_of(schedule, total.currency), least_of(limits, total)
    if amount.minor < least.minor:
        yield "percent", f"{amount} of {total}; less {limits.percent} per cent, {least}, is the least"
    if len(schedule) > 1:
        yield "payments", f"{len(schedule)} payments; what is paid promptly is paid at once"
    if (schedule[-1].due_on - on).days > limits.within_days:
        yield "within_days", f"due on {schedule[-1].due_on}; {limits.within_days} days are the most"


def off_of(total: Money, amount: Money) -> Decimal:
    """How many per cent an amount is below the whole."""
    return (100 * (total - amount).amount / total.amount).quantize(Decimal("0.01"))


def _standing(newest: OfferedBefore, debts: Collection[int], total: Money) -> SettlementOffer | Rule:
    if newest.debts == frozenset(debts) and newest.total == total:
        return newest.settlement
    said = newest.settlement
    return (
        "discount-stands",
        f"{said.amount} by {said.valid_until} was offered on {newest.on} and stands: what comes in counts towards it",
    )


def _once(before: OfferedBefore, percent: Decimal) -> str:
    return (
        f"{percent} per cent was offered on {before.on} until {before.settlement.valid_until}: "
        "offered again, that last day would not have been true"
    )
