"""What a debtor states they have and spend, of their own accord, and what of it is left a month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from dispatcher.people.domain.facts import Fact, Field, Merge, Takes
from dispatcher.values.money import Money

HOLDS_FOR_DAYS = 180  # after that nobody knows whether it is still so
PERIODS_A_YEAR = {"week": 52, "fortnight": 26, "month": 12}
SPENDING = ("housing", "living", "transport", "family", "other_debts", "other_spending")
_SAYS = {
    "housing": "Rent or mortgage, energy, water.",
    "living": "Food, clothes, telephone, insurance.",
    "transport": "Getting to work and about.",
    "family": "What they pay for others.",
    "other_debts": "What they pay on other debts.",
    "other_spending": "Whatever else; never write down why.",
}

AFFORDABILITY = Fact(
    name="affordability",
    title="What they can pay",
    says=(
        "Income and spending as the debtor states them, of their own accord: plans are proposed that fit. "
        "An illness or another hardship is no figure: record hold care, and a person takes over."
    ),
    example='dispatcher record affordability acme/00042 --income 2100 --housing 900 --living 650 --source "call 5512"',
    kept_in="affordability",
    gate="none; the plans that are proposed",
    same=("stated_on",),
    fields=(
        Field(
            name="income", says="What comes in, after tax.", label="Income", takes=Takes.AMOUNT, detail="income",
            erasable=True,
            required="say what comes in; whoever does not want to need not, and then nothing is recorded",
        ),
        *(
            Field(name=name, says=says, takes=Takes.AMOUNT, detail=name, erasable=True)
            for name, says in _SAYS.items()
        ),
        Field(
            name="every", says="What the figures are for.", choices=tuple(PERIODS_A_YEAR), noun="interval",
            default="month", detail="every", erasable=True,
        ),
        Field(
            name="currency", says="Of the figures; that of their oldest open debt if not given.",
            detail="stated_currency", erasable=True,
        ),
        Field(
            name="stated_on", says="When they stated it; today if not given.", label="Stated on", takes=Takes.DAY,
            column="stated_on", also=("on",),
        ),
        Field(
            name="words", says="In their own words, if they want to add any.", takes=Takes.WORDS, detail="stated_words",
            erasable=True, merge=Merge.BOTH,
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Affordability:
    """Income and spending a month, on the day they were stated."""

    income: Money
    spending: Money
    stated_on: date

    @property
    def surplus(self) -> Money:
        """What is left of a month; below nothing where more is spent than comes in."""
        return self.income - self.spending

    def holds_on(self, day: date) -> bool:
        """Whether it is still reckoned with."""
        return self.stated_on <= day <= self.stated_on + timedelta(days=HOLDS_FOR_DAYS)

    def for_payments(self, buffer_percent: Decimal, payments_a_year: int) -> Money:
        """The most that each payment may be: the surplus less the buffer, rounded down to the unit; never below 0."""
        kept = self.surplus.minor * (100 - buffer_percent) / 100 * 12 / payments_a_year
        return Money(max(0, int(Decimal(kept).to_integral_value(rounding=ROUND_FLOOR))), self.income.currency)


def read_affordability(details: Mapping[str, Any], stated_on: date) -> Affordability:
    """From the details that are kept: amounts as text, for the interval that they name."""
    currency = str(details["stated_currency"])
    a_year = PERIODS_A_YEAR[str(details.get("every", "month"))]

    def monthly(amount: Decimal) -> Money:
        return Money.of((amount * a_year / 12).quantize(Money(1, currency).amount), currency)

    spent = sum((Decimal(str(details[name])) for name in SPENDING if details.get(name)), Decimal())
    return Affordability(
        income=monthly(Decimal(str(details["income"]))), spending=monthly(spent), stated_on=stated_on
    )
