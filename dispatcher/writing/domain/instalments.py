"""A flat monthly plan, for the samples that show templates; real ones come from what may be offered."""

from datetime import date

from dispatcher.agreements.domain.offers import PlanOffer
from dispatcher.agreements.domain.schedules import Frequency
from dispatcher.values.money import Money


def flat_plan(number: int, total: Money, count: int, first_on: date) -> PlanOffer:
    """The plan of `count` payments; raises ValueError where not even one unit would fall on each."""
    if count < 1 or total.minor < count:
        raise ValueError(f"{total} cannot be split into {count} payments")
    return PlanOffer(
        number=number, parts=count, frequency=Frequency.MONTHLY, principal=total, first_on=first_on
    )
