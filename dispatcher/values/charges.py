"""What a statute lets a creditor add to a late debt: dated, cited values, none by default, never above a cap.

The ledger stays the truth: a charge that the ledger holds already is not computed again, and what is computed here
stands beside the ledger's balance, never in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from dispatcher.values.interest import DayCount, SimpleInterest
from dispatcher.values.money import Money


class ChargeRefusedError(ValueError):
    """A charge that the law does not allow, or that nobody knows the figures of; the text says which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedSum:
    """A sum for the cost of recovery, by the size of the debt; `above` None: however small."""

    amount: Money
    from_amount: Money | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """A yearly rate in per cent that holds for lateness from a day on, with where it is published."""

    valid_from: date
    percent: Decimal
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """One statute's charges. Rates are whole yearly ones, the reference rate and the points above it added up."""

    name: str
    title: str
    reference: str
    link: str
    valid_from: date
    day_count: DayCount
    rates: Sequence[Rate]
    fixed: Mapping[str, Sequence[FixedSum]] = field(
        default_factory=dict
    )  # by currency, the smallest debt first
    cap_percent: Decimal | None = None
    status: str = "law"
    debt_types: frozenset[str] = frozenset()
    rate_stays: bool = False  # the rate of the first late day holds for the debt's whole life
    half_years: bool = False  # a rate holds for the half year it begins in: of a later one nothing is known


@dataclass(frozen=True, kw_only=True, slots=True)
class Charged:
    """What is added, in parts that add up, and what every further day adds."""

    interest: Money
    fixed: Money
    per_diem: Money
    reference: str

    @property
    def total(self) -> Money:
        """All of it."""
        return self.interest + self.fixed


def charged(
    charge: Charge,
    principal: Money,
    due_date: date,
    on: date,
    *,
    debt_type: str = "",
    in_ledger: Sequence[str] = (),
) -> Charged:
    """What a statute adds to a debt on a day; `in_ledger` names parts (interest, fees) that the ledger holds already.

    A rate holds from its published day until the next, or for the debt's whole life where the statute says so.
    Raises ChargeRefusedError where the statute does not reach the debt or a figure is missing.
    """
    late_from = due_date + timedelta(days=1)
    _check(charge, debt_type, late_from)
    nothing = Money(0, principal.currency)
    late = on >= late_from and principal.minor > 0
    interest = nothing if "interest" in in_ledger or not late else _interest(charge, principal, late_from, on)
    fixed = nothing if "fees" in in_ledger or not late else _fixed(charge, principal)
    daily = nothing
    if late and "interest" not in in_ledger:
        rate = _rate_on(charge, late_from if charge.rate_stays else on)
        daily = SimpleInterest(
            yearly_percent=within_cap(charge, rate.percent), day_count=charge.day_count
        ).per_diem(principal, on)
    return Charged(interest=interest, fixed=fixed, per_diem=daily, reference=charge.reference)


def reaches(charge: Charge, debt_type: str, due_date: date) -> bool:
    """Whether the statute is about a debt of that type that fell due on that day."""
    try:
        _check(charge, debt_type, due_date + timedelta(days=1))
    except ChargeRefusedError:
        return False
    return True


def unknown_on(charge: Charge, day: date) -> str:
    """Why nothing is known for lateness that begins on a day, "" where a rate is."""
    try:
        _rate_on(charge, day)
    except ChargeRefusedError as error:
        return str(error)
    return ""


def within_cap(charge: Charge, percent: Decimal) -> Decimal:
    """The rate, where the law's cap allows it; raises ChargeRefusedError above."""
    if charge.cap_percent is not None and percent > charge.cap_percent:
        raise ChargeRefusedError(
            f"{percent} per cent a year is above {charge.cap_percent}, the most that {charge.reference} allows"
        )
    return percent


def _check(charge: Charge, debt_type: str, late_from: date) -> None:
    if late_from < charge.valid_from:
        raise ChargeRefusedError(
            f"{charge.name}: lateness began before {charge.valid_from}, the statute's first day"
        )
    if charge.debt_types and debt_type not in charge.debt_types:
        kinds = ", ".join(sorted(charge.debt_types))
        raise ChargeRefusedError(
            f"{charge.name} is for {kinds} debts, this one is {debt_type or 'of no stated type'}"
        )


def _rate_on(charge: Charge, day: date) -> Rate:
    known = [rate for rate in charge.rates if rate.valid_from <= day]
    if not known:
        raise ChargeRefusedError(f"{charge.name}: no rate is known for {day}; add it with its source")
    newest = max(known, key=lambda rate: rate.valid_from)
    if charge.half_years and _half_year(day) != _half_year(newest.valid_from):
        raise ChargeRefusedError(
            f"{charge.name}: the newest rate is of {newest.valid_from}, none is known for {day}; add it with its source"
        )
    return newest


def _half_year(day: date) -> tuple[int, bool]:
    return day.year, day.month > 6


def _interest(charge: Charge, principal: Money, start: date, on: date) -> Money:
    """By stretches in which one rate held, each rounded on its own, as a statement shows them."""
    turns = [start]
    if not charge.rate_stays:
        changes = {rate.valid_from for rate in charge.rates}
        if (
            charge.half_years
        ):  # also those of which nothing is known: a gap is not filled with what was before it
            changes |= {date(year, month, 1) for year in range(start.year, on.year + 1) for month in (1, 7)}
        turns += sorted(day for day in changes if start < day <= on)
    total = Money(0, principal.currency)
    for begins, ends in zip(turns, [*turns[1:], on + timedelta(days=1)], strict=True):
        rate = within_cap(charge, _rate_on(charge, begins).percent)
        total += SimpleInterest(yearly_percent=rate, day_count=charge.day_count).accrued(
            principal, begins, ends
        )
    return total


def _fixed(charge: Charge, principal: Money) -> Money:
    sums = charge.fixed.get(principal.currency, ())
    due = [one for one in sums if one.from_amount is None or principal.minor >= one.from_amount.minor]
    return due[-1].amount if due else Money(0, principal.currency)
