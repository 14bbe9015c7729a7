"""Says what a portfolio holds on a day: open, overdue, disputed, by age and currency."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from dispatcher.database.engine import Database
from dispatcher.portfolio.storage.portfolio_totals import Sum, known_creditors, open_sums
from dispatcher.values.money import Money

BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Total:
    """How many debts and how much."""

    count: int
    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrencyStatus:
    """One currency. Credits count where they stand: they lower what is open."""

    open: Total
    overdue: Total
    disputed: Total  # of the overdue
    credits: Total
    not_in_ledger: Total
    buckets: dict[str, Total]


@dataclass(frozen=True, kw_only=True, slots=True)
class PortfolioStatus:
    """All currencies on a day, and the day each creditor's ledger speaks of."""

    as_of: date
    creditors: dict[str, date | None]
    currencies: dict[str, CurrencyStatus]


def portfolio_status(database: Database, as_of: date, *, creditor: str | None = None) -> PortfolioStatus:
    """Totals of one creditor, or of all."""
    with database.reading() as connection:
        sums = list(open_sums(connection, as_of, creditor=creditor))
        ledgers = known_creditors(connection)
    if creditor is not None:
        ledgers = {key: day for key, day in ledgers.items() if key == creditor}
    currencies = sorted({one.currency for one in sums})
    return PortfolioStatus(
        as_of=as_of,
        creditors=ledgers,
        currencies={c: _currency(c, [one for one in sums if one.currency == c]) for c in currencies},
    )


def _currency(currency: str, sums: list[Sum]) -> CurrencyStatus:
    def total(which: Callable[[Sum], bool]) -> Total:
        return _total(currency, (one for one in sums if which(one)))

    return CurrencyStatus(
        open=total(lambda _: True),
        overdue=total(lambda s: s.bucket != "current"),
        disputed=total(lambda s: s.bucket != "current" and s.disputed),
        credits=total(lambda s: s.credit),
        not_in_ledger=total(lambda s: not s.in_ledger),
        buckets={bucket: total(lambda s, bucket=bucket: s.bucket == bucket) for bucket in BUCKETS},  # type: ignore[misc]  # a default binds the loop's value
    )


def _total(currency: str, sums: Iterable[Sum]) -> Total:
    chosen = list(sums)
    return Total(count=sum(s.count for s in chosen), amount=Money(sum(s.minor for s in chosen), currency))
