"""The facts of a debt, and of the person who owes it first, that a segment or a scorecard may ask for."""

from datetime import date
from enum import StrEnum


class Fact(StrEnum):
    """What a condition may ask of a debt, or of the person who owes it first."""

    DAYS_PAST_DUE = "days_past_due"
    BALANCE = "balance"
    OWED = "owed"
    OLDEST_DAYS_PAST_DUE = "oldest_days_past_due"
    OVERDUE_DEBTS = "overdue_debts"
    SHARE_OF_BOOK = "share_of_book"
    PAYMENTS = "payments"
    PAID_LATE = "paid_late"
    PAID_ON_TIME = "paid_on_time"
    LATE_SHARE = "late_share"
    ARRANGEMENTS_KEPT = "arrangements_kept"
    ARRANGEMENTS_BROKEN = "arrangements_broken"
    BOUNCES = "bounces"
    SCORE = "score"


DATED = frozenset(
    {
        Fact.PAYMENTS, Fact.PAID_LATE, Fact.PAID_ON_TIME, Fact.LATE_SHARE, Fact.ARRANGEMENTS_KEPT,
        Fact.ARRANGEMENTS_BROKEN, Fact.BOUNCES,
    }
)  # fmt: skip
MONEY = frozenset({Fact.BALANCE, Fact.OWED})
AGES = frozenset({Fact.DAYS_PAST_DUE, Fact.OLDEST_DAYS_PAST_DUE})
PERCENT = frozenset({Fact.SHARE_OF_BOOK, Fact.LATE_SHARE})
NAMES = {
    Fact.DAYS_PAST_DUE: "days past due",
    Fact.BALANCE: "owed on this debt",
    Fact.OWED: "owed in all",
    Fact.OLDEST_DAYS_PAST_DUE: "days past due of the oldest debt",
    Fact.OVERDUE_DEBTS: "debts past due",
    Fact.SHARE_OF_BOOK: "share of what the creditor is owed",
    Fact.PAYMENTS: "payments",
    Fact.PAID_LATE: "debts paid late",
    Fact.PAID_ON_TIME: "debts paid on time",
    Fact.LATE_SHARE: "share of paid debts that were paid late",
    Fact.ARRANGEMENTS_KEPT: "arrangements kept",
    Fact.ARRANGEMENTS_BROKEN: "arrangements broken",
    Fact.BOUNCES: "messages that came back",
    Fact.SCORE: "score",
}


def days_past_due(since: date, as_of: date) -> int:
    """Days from a due date to the day asked about; negative before it."""
    return (as_of - since).days
