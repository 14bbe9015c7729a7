"""`dispatcher offers`: what one person may be offered today, and for what may not be offered the rule that says no."""

from typing import Annotated

import typer

from dispatcher.agreements.domain.offers import PlanOffer
from dispatcher.agreements.find_offers import FoundOffers, offers_of
from dispatcher.cli.opening import AsJson, AsOf, Now, opened, print_json

Who = Annotated[
    str,
    typer.Argument(metavar="DEBTOR", help="creditor/reference, or a reference that only one creditor has."),
]


def offers(
    debtor: Who,
    *,
    debt: Annotated[
        list[str] | None,
        typer.Option("--debt", metavar="REFERENCE", help="For these debts only; may be repeated."),
    ] = None,
    as_of: AsOf = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """What may be offered: promises, plans with every date, amount and total cost, a settlement, a discount.

    An offer that a message made is shown with that message's numbers until it expires.

    Example: dispatcher offers acme/00042 --as-of 2026-11-16
    """
    with opened(now) as program:
        on = as_of or program.now().date()
        found = offers_of(
            program.database,
            program.policy.offers,
            debtor,
            on=on,
            now=program.now(),
            debts=debt or (),
            segments=program.policy.segments,
        )
    if as_json:
        print_json(found.as_json())
    else:
        _tell(found)


def _cost(plan: PlanOffer) -> str:
    """What the total is made of, where it is more than what is owed."""
    if plan.interest is None:
        return ""
    of = plan.interest
    rate = f"{of.yearly_percent} per cent a year ({of.day_count.value}) from {of.from_on}"
    return f" ({plan.principal} and {plan.interest_amount} interest, {rate}; {of.booked_by} books it)"


def _tell(found: FoundOffers) -> None:
    offered = found.offers
    debts = ", ".join(debt.reference for debt in found.debts)
    owed = f"{debts}, {offered.total}" if offered.total else "nothing is owed"
    print(f"{found.person.full_reference}, {owed} on {found.on}")
    if offered.promise:
        print(f"  a promise for a day until {offered.promise.latest}")
    if sent := found.said_plans:
        print(f"  plans offered on {sent.offered_on}, open until {sent.valid_until}:")
    for plan in offered.plans:
        print(f"  {plan.number}. {plan.count} {plan.frequency} payments, {plan.total} in all{_cost(plan)}:")
        for one in plan.instalments:
            print(f"       {one.due_on}  {one.amount}")
    for settlement in offered.settlements:
        until = f", until {settlement.valid_until}" if settlement.valid_until else ""
        print(f"  a settlement of {settlement.amount} ({settlement.percent} per cent){until}")
    if (discount := offered.discount) and offered.total:
        less = offered.total - discount.amount
        print(
            f"  {discount.amount} paid by {discount.valid_until}: {offered.total} less {discount.off} per cent, {less}"
            f"{', as was offered' if found.said_discount else ''}"
        )
    for refusal in offered.refused:
        print(f"  no {refusal.offer.replace('_', ' ')}: {refusal.detail} ({refusal.rule})")
