"""Interest on a payment plan: what the desk's file wants, and whether the debtor's place is known to allow it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dispatcher.agreements.domain.schedules import (
    Frequency,
    Schedule,
    amortised_schedule,
    flat_schedule,
    interest_of,
)
from dispatcher.values.interest import DayCount, SimpleInterest
from dispatcher.values.money import Money

LAW = "law"


@dataclass(frozen=True, kw_only=True, slots=True)
class InterestCap:
    """The most that plans in a place may bear, in per cent a year, from a day on, with where that is written.

    `region` as the ledger writes it or as ISO 3166-2; empty: the whole country. `status`: law, guidance or policy.
    """

    country: str
    percent: Decimal
    valid_from: date
    reference: str
    region: str = ""
    debtor_kind: str = ""  # person or company; empty: both
    status: str = LAW

    @property
    def series(self) -> tuple[str, str, str, str]:
        """What a newer entry takes the place of."""
        return self.country, self.region, self.debtor_kind, self.status

    def reaches(self, country: str, region: str, kind: str) -> bool:
        """Whether it is about a debtor who lives there and is of that kind."""
        here = not self.region or self.region in {region, f"{country}-{region}"}
        return country == self.country and here and self.debtor_kind in {"", kind}


@dataclass(frozen=True, kw_only=True, slots=True)
class InterestTerms:
    """What a file of offers wants of plans: a rate, how days are counted, and who books the interest."""

    yearly_percent: Decimal
    day_count: DayCount
    booked_by: str
    caps: tuple[InterestCap, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanInterest:
    """What one plan bears, from a stated day on what is left."""

    yearly_percent: Decimal
    day_count: DayCount
    from_on: date
    booked_by: str

    def as_json(self) -> dict[str, Any]:
        """As offers and arrangements keep it."""
        return {
            "percent": str(self.yearly_percent),
            "day_count": self.day_count.value,
            "from": self.from_on.isoformat(),
            "booked_by": self.booked_by,
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "PlanInterest":
        """Read back."""
        return cls(
            yearly_percent=Decimal(written["percent"]),
            day_count=DayCount(written["day_count"]),
            from_on=date.fromisoformat(written["from"]),
            booked_by=written["booked_by"],
        )


def plan_schedule(
    principal: Money, count: int, frequency: Frequency, first_on: date, *,
    down: Money | None = None, interest: PlanInterest | None = None,
) -> Schedule:  # fmt: skip
    """The payments of a plan, with interest or without; raises ScheduleError."""
    if interest is None:
        return flat_schedule(principal, count, frequency, first_on, down=down)
    rate = SimpleInterest(yearly_percent=interest.yearly_percent, day_count=interest.day_count)
    return amortised_schedule(principal, rate, interest.from_on, count, frequency, first_on, down=down)


def kept_interest(interest: PlanInterest, principal: Money, schedule: Schedule) -> dict[str, Any]:
    """The same with what it comes to, payment by payment: as an arrangement keeps it."""
    return {
        **interest.as_json(),
        "principal": str(principal.amount),
        "amount": str(interest_of(schedule, principal.currency).amount),
        "parts": [str(one.interest.amount) if one.interest else "0" for one in schedule],
    }


def borne(
    terms: InterestTerms | None, country: str, region: str, kind: str, on: date
) -> tuple[PlanInterest | None, str, str]:
    """(what plans made on a day bear, else the rule that says no, in words); silence about a place is no permission."""
    if terms is None or terms.yearly_percent == 0:
        return None, "", ""
    caps = list(_in_force(terms.caps, country, region, kind, on))
    if not any(cap.status == LAW for cap in caps):
        place = f"{country}-{region}".rstrip("-") or "a place that nobody knows"
        detail = (
            f"how much interest a plan may bear in {place} is written down nowhere: plans bear none there"
        )
        return None, "interest-unknown", detail
    least = min(caps, key=lambda cap: cap.percent)
    if terms.yearly_percent > least.percent:
        detail = (
            f"{terms.yearly_percent} per cent a year is above {least.percent}, the most by {least.reference}: "
            "plans bear none there"
        )
        return None, "interest-capped", detail
    found = PlanInterest(
        yearly_percent=terms.yearly_percent,
        day_count=terms.day_count,
        from_on=on,
        booked_by=terms.booked_by,
    )
    return found, "", ""


def less_of(one: InterestTerms | None, two: InterestTerms | None) -> InterestTerms | None:
    """The one that costs less; none where either bears none."""
    if one is None or two is None:
        return None
    return min(one, two, key=lambda terms: terms.yearly_percent)


def _in_force(
    caps: Sequence[InterestCap], country: str, region: str, kind: str, on: date
) -> Iterator[InterestCap]:
    """The newest entry of each series that is about such a debtor."""
    newest: dict[tuple[str, ...], InterestCap] = {}
    for cap in _by_day(caps):
        if cap.valid_from <= on and cap.reaches(country, region, kind):
            newest[cap.series] = cap
    yield from newest.values()


def _by_day(caps: Iterable[InterestCap]) -> list[InterestCap]:
    return sorted(caps, key=lambda cap: cap.valid_from)
