"""What may be offered, as the desk wrote it down: the limits of promises, plans and settlements, for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any

from dispatcher.agreements.domain.plan_interest import InterestTerms
from dispatcher.agreements.domain.schedules import Frequency
from dispatcher.values.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """How an arrangement is watched: days of grace, the part of a payment that counts as all of it."""

    grace_days: int = 0
    threshold_percent: Decimal = Decimal(100)
    broken_after_days: int = 0  # after the miss; 0: with it


@dataclass(frozen=True, kw_only=True, slots=True)
class PromiseTerms:
    """Limits of a promise: they decide only how long it pauses, never whether it is written down."""

    most_days: int
    most_broken: int | None = None
    watch: Watch = field(default_factory=Watch)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanTerms:
    """Limits of a payment plan; amounts are in a currency's main unit."""

    frequencies: tuple[Frequency, ...]
    most_payments: int
    most_days: int | None = None  # from the day of the offer to the last payment
    first_within_days: int = 14
    least_payment: Mapping[str, Decimal] = field(default_factory=dict)
    least_down_payment_percent: Decimal = Decimal(0)
    buffer_percent: Decimal = Decimal(20)  # of what somebody says is left to them; it stays theirs
    interest: InterestTerms | None = None  # none unless the file says how much and who books it
    watch: Watch = field(default_factory=Watch)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlementTerms:
    """Limits of a settlement: the least part of the balance that ends the debt."""

    least_percent: Decimal
    valid_days: int
    least_amount: Mapping[str, Decimal] = field(default_factory=dict)
    instalments_allowed: int = 1
    needs_approval_below_percent: Decimal | None = None
    not_again_within_days: int = 0
    watch: Watch = field(default_factory=Watch)

    @property
    def percent_without_approval(self) -> Decimal:
        """The least part that nobody has to approve."""
        return max(self.least_percent, self.needs_approval_below_percent or self.least_percent)


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptPaymentTerms:
    """Limits of a discount for paying the whole at once: so many per cent off, within so many days."""

    percent: Decimal
    within_days: int
    not_again_within_days: int = 0  # of another part; the same is offered once
    watch: Watch = field(default_factory=Watch)


def part_of(total: Money, percent: Decimal) -> Money:
    """A part of an amount, rounded up to the unit."""
    minor = (total.minor * percent / 100).to_integral_value(rounding=ROUND_CEILING)
    return Money(int(minor), total.currency)


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferMatch:
    """For whom: plain equality and ranges, as in strategies; empty means everybody."""

    equals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    balance_min: Decimal | None = None
    balance_max: Decimal | None = None
    days_past_due_min: int | None = None
    days_past_due_max: int | None = None

    def takes(self, subject: Mapping[str, Any], balance: Decimal, days_past_due: int) -> bool:
        """Whether a debt of that balance and age is meant; `subject` gives its columns by name."""
        return (
            all(_is_one_of(column, values, subject) for column, values in self.equals.items())
            and _within(balance, self.balance_min, self.balance_max)
            and _within(days_past_due, self.days_past_due_min, self.days_past_due_max)
        )


EVERYBODY = OfferMatch()


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferTerms:
    """One file of `config/offers/`; what stands under no heading may not be offered."""

    name: str
    match: OfferMatch = field(default_factory=lambda: EVERYBODY)
    promises: PromiseTerms | None = None
    plans: PlanTerms | None = None
    settlements: SettlementTerms | None = None
    prompt_payment: PromptPaymentTerms | None = None
    unknown_limitation_after_days: Mapping[str, int] = field(default_factory=dict)  # by country

    def watch(self, kind: str) -> Watch:
        """How an arrangement of a kind is watched; a discounted sum is a settlement whose last day is near."""
        settlements = self.settlements or self.prompt_payment
        terms = {"promise": self.promises, "plan": self.plans, "settlement": settlements}[kind]
        return terms.watch if terms else Watch()


def _is_one_of(column: str, values: tuple[str, ...], subject: Mapping[str, Any]) -> bool:
    value = str(subject.get(column, ""))
    if column != "region":
        return value in values
    return value in values or f"{subject.get('country', '')}-{value}" in values  # NY or US-NY


def _within(value: Any, least: Any, most: Any) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)
