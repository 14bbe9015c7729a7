"""What a debt came to on one day and what was added and taken away since, as 12 CFR 1006.34(c)(2)(vi)-(ix) wants it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dispatcher.values.money import Money

COLUMNS = ("itemization_amount", "itemization_interest", "itemization_fees", "itemization_credits")


@dataclass(frozen=True, kw_only=True, slots=True)
class Itemization:
    """`amount` on the day `on`, owed to `creditor` then; `interest`, `fees` and `credited` (payments too) since."""

    on: date
    creditor: str
    amount: Money
    interest: Money
    fees: Money
    credited: Money


def itemization_of(extra: Mapping[str, str], balance: Money, paid_since: Money) -> Itemization | None:
    """The itemization in a debt's further columns, all of them given; None without one, or where it does not add up.

    `paid_since`: what our own record knows beyond the ledger; it counts among the credits.
    """
    try:
        on = date.fromisoformat(extra.get("itemization_date", ""))
        amount, interest, fees, credited = (Money.of(extra[name], balance.currency) for name in COLUMNS)
    except (KeyError, ValueError):
        return None
    creditor = extra.get("itemization_creditor", "")
    credited = Money(credited.minor + paid_since.minor, balance.currency)
    adds_up = amount.minor + interest.minor + fees.minor - credited.minor == balance.minor
    if not creditor or not adds_up or min(interest.minor, fees.minor, credited.minor) < 0:
        return None
    return Itemization(
        on=on, creditor=creditor, amount=amount, interest=interest, fees=fees, credited=credited
    )
