"""Whether the part that ends a debt came in by its last day, before anybody agreed on it."""

from dataclasses import replace
from datetime import date, timedelta

from dispatcher.agreements.domain.arrangement import Facts, Paid, State, Terms, evidence_days, fold
from dispatcher.agreements.domain.ledger_falls import DebtLedger


def is_paid_in_time(terms: Terms, facts: Facts) -> bool:
    """By the payments of no later day than the last and its grace, and the ledgers up to the first after them.

    A payment is seen only in a ledger of a later day: what the first one shows may have come in time. What a later one
    takes back counts no longer.
    """
    if fold(terms, facts).state is not State.KEPT:
        return False
    last = terms.schedule[-1].due_on + timedelta(days=terms.watch.grace_days)
    after = next((day for day in evidence_days(facts.ledgers.values()) if day > last), None)
    known = Facts(
        payments=[one for one in facts.payments if one.day <= last],
        ledgers={key: _until(one, after) for key, one in facts.ledgers.items()},
    )
    return all(one.state is Paid.PAID for one in fold(terms, known).instalments)


def _until(ledger: DebtLedger, after: date | None) -> DebtLedger:
    known = {day: left for day, left in ledger.balances.items() if after is None or day <= after}
    return replace(ledger, balances=known)
