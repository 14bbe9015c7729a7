"""What keeps within the limits that the terms write down, and in what a schedule goes beyond them."""

from collections.abc import Iterator
from datetime import date

from dispatcher.agreements.domain.offer_terms import PlanTerms, SettlementTerms, part_of
from dispatcher.agreements.domain.plan_interest import PlanInterest, plan_schedule
from dispatcher.agreements.domain.schedules import Frequency, Schedule, ScheduleError
from dispatcher.values.money import Money


def down_payment(limits: PlanTerms, total: Money) -> Money | None:
    """The least down payment, rounded up to the unit; None where none is asked."""
    part = part_of(total, limits.least_down_payment_percent)
    return part if part.minor > 0 else None


def breaches(limits: PlanTerms, total: Money, schedule: Schedule, on: date) -> Iterator[tuple[str, str]]:
    """(limit, in words) of everything in which a schedule goes beyond what may be agreed on a day."""
    regular = len(schedule) - (1 if limits.least_down_payment_percent > 0 else 0)
    if regular > limits.most_payments:
        yield "most_payments", f"{regular} payments; {limits.most_payments} are the most"
    least = limits.least_payment.get(total.currency)
    smallest = min(instalment.amount for instalment in schedule)
    if least is not None and smallest.amount < least:
        yield "least_payment", f"a payment of {smallest}; {least} {total.currency} is the least"
    elif least is None and limits.least_payment:
        yield "least_payment", f"no least payment is written down for {total.currency}"
    last_on = schedule[-1].due_on
    if limits.most_days is not None and (last_on - on).days > limits.most_days:
        yield "most_days", f"the last payment on {last_on}; {limits.most_days} days are the most"
    first = schedule[0]
    if (first.due_on - on).days > limits.first_within_days:
        yield (
            "first_within_days",
            f"the first payment on {first.due_on}; {limits.first_within_days} days are the most",
        )
    if first.due_on < on:
        yield "first_within_days", f"the first payment on {first.due_on} lies in the past"
    down = down_payment(limits, total)
    if down is not None and first.amount.minor < down.minor:
        yield "least_down_payment_percent", f"{first.amount} down; {down} is the least"


def settlement_breaches(
    limits: SettlementTerms, balance: Money, amount: Money, schedule: Schedule, on: date
) -> Iterator[tuple[str, str]]:
    """The same for a settlement; `needs_approval` where somebody must approve it."""
    least = part_of(balance, limits.least_percent)
    if amount.minor < least.minor:
        yield (
            "least_percent",
            f"{amount} of {balance}; {limits.least_percent} per cent, {least}, is the least",
        )
    floor = limits.least_amount.get(amount.currency)
    if floor is not None and amount.amount < floor:
        yield "least_amount", f"{amount}; {floor} {amount.currency} is the least"
    free = part_of(balance, limits.percent_without_approval)
    if least.minor <= amount.minor < free.minor:
        detail = f"{amount} is below {limits.percent_without_approval} per cent: somebody must approve it"
        yield "needs_approval", detail
    if len(schedule) > limits.instalments_allowed:
        yield "instalments_allowed", f"{len(schedule)} payments; {limits.instalments_allowed} are the most"
    if len(schedule) == 1 and (schedule[0].due_on - on).days > limits.valid_days:
        yield "valid_days", f"due on {schedule[0].due_on}; {limits.valid_days} days are the most"


def fits(
    limits: PlanTerms, total: Money, parts: int, frequency: Frequency, first_on: date, down: Money | None, on: date,
    interest: PlanInterest | None,
) -> bool:  # fmt: skip
    """What `breaches` says of the schedule, made only where it bears interest: a message is made by the thousand."""
    if interest is not None:
        schedule = _schedule(total, parts, frequency, first_on, down, interest)
        return schedule is not None and not any(breaches(limits, total, schedule, on))
    least = limits.least_payment.get(total.currency)
    each = (total.minor - (down.minor if down else 0)) // parts
    smallest = min(each, down.minor) if down else each
    if smallest < 1 or (least is None and limits.least_payment):
        return False
    if least is not None and Money(smallest, total.currency).amount < least:
        return False
    last_on = frequency.after(first_on, parts if down else parts - 1)
    return limits.most_days is None or (last_on - on).days <= limits.most_days


def first_breach(
    limits: PlanTerms, total: Money, first_on: date, on: date, interest: PlanInterest | None
) -> str:
    """The limit that keeps even the shortest plan from being offered."""
    schedule = _schedule(total, 2, limits.frequencies[0], first_on, down_payment(limits, total), interest)
    if schedule is None or limits.most_payments < 2:
        return "most_payments"
    return next((rule for rule, _ in breaches(limits, total, schedule, on)), "most_payments")


def _schedule(
    total: Money, count: int, frequency: Frequency, first_on: date, down: Money | None,
    interest: PlanInterest | None,
) -> Schedule | None:  # fmt: skip
    try:
        return plan_schedule(total, count, frequency, first_on, down=down, interest=interest)
    except ScheduleError:
        return None
