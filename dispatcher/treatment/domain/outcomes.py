"""What messages brought in: counted group by group, each person once, by what came in the days after."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

WINDOWS = (7, 14, 30)  # days after a message within which a payment counts for it
ANSWERS = timedelta(days=14)  # within which an answer, an agreement or a stop counts for it
NOT_SAID = "not said"  # a group of messages of which nobody wrote down where they belong


class By(StrEnum):
    """What messages are put together by."""

    STEP = "step"
    TEMPLATE = "template"
    CHANNEL = "channel"
    SEGMENT = "segment"
    ARM = "arm"


class Sign(StrEnum):
    """What somebody did."""

    ANSWERED = "answered"
    PROMISED = "promised"
    AGREED = "agreed"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """A message that went out, or a call that was made. `groups`: what it belongs to, by each way."""

    message_id: str
    person: int
    at: datetime
    groups: Mapping[By, str]
    channel: str
    currency: str
    debts: frozenset[int]
    delivered: bool = False
    complained: bool = False
    came_back: bool = False
    is_entry: bool = False  # nothing that went out: somebody came into a trial then, whatever went out later


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """Money that came in for a debt. `at` None: a ledger showed it, as of the morning of `day`."""

    debt: int
    day: date
    minor: int
    currency: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What people did, besides paying: by person, the instants of each sign."""

    signs: Mapping[Sign, Mapping[int, Sequence[datetime]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidWithin:
    """Of the people whose days have passed: how many there are, how many paid, and what each paid (0: nothing)."""

    days: int
    people: int = 0
    paid: int = 0
    amounts: Mapping[str, tuple[int, ...]] = field(
        default_factory=dict
    )  # by currency, a value a person written to in it

    def total(self, currency: str) -> int:
        """What came in, in minor units."""
        return sum(self.amounts.get(currency, ()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One group. `sent`, `delivered` and `complained` count messages, all else counts people."""

    group: str
    sent: int
    delivered: int
    complained: int
    people: int
    signs: Mapping[Sign, int]
    paid: tuple[PaidWithin, ...]
    cost: Mapping[str, Decimal] | None  # by currency; None: a channel's price is not known

    def within(self, days: int) -> PaidWithin:
        """What was paid within so many days; raises StopIteration for days that nobody counts."""
        return next(paid for paid in self.paid if paid.days == days)


Prices = Mapping[str, tuple[Decimal, str]]  # channel -> what a message costs, and in which currency


def count_outcomes(
    sendings: Sequence[Sending],
    payments: Collection[Payment],
    told: Told,
    *,
    by: By,
    until: date,
    prices: Prices,
) -> list[Outcome]:
    """Every group, the one with most people first. `until` is the last day of which everything is known."""
    by_debt: dict[int, list[Payment]] = defaultdict(list)
    for payment in payments:
        by_debt[payment.debt].append(payment)
    groups: dict[str, list[Sending]] = defaultdict(list)
    for sending in (each for each in sendings if by in each.groups):
        groups[sending.groups.get(by) or NOT_SAID].append(sending)
    found = [_outcome(name, group, by_debt, told, until, prices) for name, group in groups.items()]
    return sorted(found, key=lambda outcome: (-outcome.people, outcome.group))


def _outcome(
    name: str,
    group: Sequence[Sending],
    by_debt: Mapping[int, Sequence[Payment]],
    told: Told,
    until: date,
    prices: Prices,
) -> Outcome:
    first: dict[int, Sending] = {}
    for sending in sorted(group, key=lambda each: (each.at, each.message_id)):
        first.setdefault(sending.person, sending)
    return Outcome(
        group=name,
        sent=sum(not sending.is_entry for sending in group),
        delivered=sum(sending.delivered for sending in group),
        complained=sum(sending.complained for sending in group),
        people=len(first),
        signs={sign: sum(_gave(told, sign, each) for each in first.values()) for sign in Sign},
        paid=tuple(_paid_within(days, list(first.values()), by_debt, until) for days in WINDOWS),
        cost=_cost(group, prices),
    )


def _gave(told: Told, sign: Sign, sending: Sending) -> bool:
    moments = told.signs.get(sign, {}).get(sending.person, ())
    return any(sending.at < moment <= sending.at + ANSWERS for moment in moments)


def _paid_within(
    days: int, sendings: Sequence[Sending], by_debt: Mapping[int, Sequence[Payment]], until: date
) -> PaidWithin:
    """Only of those whose days have all passed: who was written to yesterday has not failed to pay in 30 days."""
    ripe = [each for each in sendings if each.at.date() + timedelta(days=days) <= until]
    amounts: dict[str, list[int]] = defaultdict(list)
    for each in ripe:
        amounts[each.currency].append(_paid_after(each, days, by_debt))
    return PaidWithin(
        days=days,
        people=len(ripe),
        paid=sum(bool(amount) for values in amounts.values() for amount in values),
        amounts={currency: tuple(values) for currency, values in sorted(amounts.items())},
    )


def _paid_after(sending: Sending, days: int, by_debt: Mapping[int, Sequence[Payment]]) -> int:
    return sum(
        payment.minor
        for debt in sending.debts
        for payment in by_debt.get(debt, ())
        if payment.currency == sending.currency and _counts(payment, sending, days)
    )


def _counts(payment: Payment, sending: Sending, days: int) -> bool:
    """After the message: on its very day only where the payment was written down later."""
    sent_on = sending.at.date()
    if payment.day == sent_on:
        return payment.at is not None and payment.at > sending.at
    return sent_on < payment.day <= sent_on + timedelta(days=days)


def _cost(group: Sequence[Sending], prices: Prices) -> Mapping[str, Decimal] | None:
    sent = Counter(sending.channel for sending in group if not sending.is_entry)
    if not sent.keys() <= prices.keys():
        return None
    total: dict[str, Decimal] = defaultdict(Decimal)
    for channel, count in sent.items():
        each, currency = prices[channel]
        total[currency] += each * count
    return dict(sorted(total.items()))
