"""Interest of a plan that its ledger books: what of it has fallen due, and what a fall of the balance is net of."""

from collections.abc import Iterable
from datetime import date
from itertools import accumulate

from dispatcher.agreements.domain.ledger_falls import DebtLedger, rises
from dispatcher.agreements.domain.schedules import Schedule


class BookedInterest:
    """The interest of one plan, as its ledgers show it.

    Whoever books it does so as the payments fall due, or all of it beforehand. Booked by itself it is a rise, and the
    payment a fall by its whole amount. Booked between the same two ledgers as the payment it shows nowhere: the
    balance falls by the payment less the interest. It is counted once: what a rise showed, no fall is net of.
    """

    def __init__(self, schedule: Schedule, ledgers: Iterable[DebtLedger]) -> None:
        self._unshown = [(one.due_on, one.interest.minor) for one in schedule if one.interest]
        self._netted = 0
        if self._unshown:
            self._leave_out_what_rises_show(ledgers)

    def netted(self, short: int, day: date) -> int:
        """How much of what a payment is short of is interest that its ledger took from it: all or nothing.

        `day`: of the ledger, or the payment's own where it came early. What is short by just the interest of some
        payments to come is that too: it was booked beforehand, between the same two ledgers as this payment.
        """
        due = sum(minor for on, minor in self._unshown if on <= day) - self._netted
        to_come = {minor - self._netted for minor in accumulate(minor for _, minor in self._unshown)}
        if not (0 < short <= due or 0 < short in to_come):
            return 0
        self._netted += short
        return short

    def _leave_out_what_rises_show(self, ledgers: Iterable[DebtLedger]) -> None:
        """A rise is interest of this plan where it is what one payment, or several in a row, bear."""
        for _, minor in sorted(rise for ledger in ledgers for rise in rises(ledger)):
            run = _run_of([part for _, part in self._unshown], minor)
            if run is not None:
                del self._unshown[run]


def _run_of(parts: list[int], minor: int) -> slice | None:
    """The first parts in a row that come to just that; None where none do."""
    for start in range(len(parts)):
        total = 0
        for end in range(start, len(parts)):
            total += parts[end]
            if total == minor:
                return slice(start, end + 1)
            if total > minor:
                break
    return None
