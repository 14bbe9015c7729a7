"""Which plans fit what somebody stated of their income and spending, a part of what is left kept as a buffer."""

from datetime import date
from decimal import Decimal

from dispatcher.agreements.domain.plan_interest import PlanInterest, plan_schedule
from dispatcher.agreements.domain.schedules import PERIODS_A_YEAR, Frequency
from dispatcher.people.domain.affordability import Affordability
from dispatcher.values.money import Money

BEYOND_MEANS = "beyond-means"


def reckoned_with(stated: Affordability | None, total: Money, on: date) -> Affordability | None:
    """What they stated, where it is new enough and in the debts' currency."""
    same = stated is not None and stated.income.currency == total.currency
    return stated if stated is not None and same and stated.holds_on(on) else None


def affords(
    stated: Affordability | None, buffer: Decimal, total: Money, parts: int, frequency: Frequency, first_on: date,
    down: Money | None, interest: PlanInterest | None = None,
) -> bool:  # fmt: skip
    """Whether each payment of a plan fits, the down payment too; whatever fits where nobody stated anything."""
    if stated is None:
        return True
    most = stated.for_payments(buffer, PERIODS_A_YEAR[frequency]).minor
    if interest is not None:
        schedule = plan_schedule(total, parts, frequency, first_on, down=down, interest=interest)
        return max(one.amount.minor for one in schedule) <= most
    rest = total.minor - (down.minor if down else 0)
    last = rest - rest // parts * (parts - 1)  # it takes the rounding, so it is the largest of them
    return last <= most and (down is None or down.minor <= most)


def beyond_means(stated: Affordability, buffer: Decimal, total: Money) -> str:
    """Why no plan is proposed, and which would fit."""
    most = stated.for_payments(buffer, PERIODS_A_YEAR[Frequency.MONTHLY])
    if most.minor == 0:
        return (
            f"by what they stated on {stated.stated_on} nothing is left of a month, so no plan is proposed; "
            "a person decides, and looks whether somebody should take care"
        )
    return (
        f"by what they stated on {stated.stated_on} they can pay {most} a month, {buffer} per cent of what is left "
        f"kept as a buffer; {-(-total.minor // most.minor)} monthly payments would fit, beyond the limits: a person "
        "may approve it"
    )
