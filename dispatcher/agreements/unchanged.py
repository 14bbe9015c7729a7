"""Reads what somebody agrees to and writes it down in one transaction: no ledger and no payment comes between."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from dispatcher.agreements.storage import debt_locks
from dispatcher.database.engine import Connection, Database
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.storage import addresses, people_facts
from dispatcher.people.storage.find_debtor import find_debtor


@contextmanager
def unchanged(database: Database, who: str, on: date) -> Iterator[None]:
    """Whatever this thread reads and writes about `creditor/reference` inside stands as a whole or not at all.

    Raises RecordError while a ledger is being read that changes these debts.
    """
    with database.at_once() as connection:
        debtor = find_debtor(connection, who)
        ids = [debt.id for debt in people_facts.debts_of(connection, debtor.id, on)]
        addresses.lock(
            connection, sorted({debtor.id, *people_facts.people_bound(connection, debtor.id, ids)})
        )
        hold_debts(connection, ids)
        yield


def hold_debts(connection: Connection, debt_ids: list[int]) -> None:
    """Keep these debts as they are until the transaction ends; raises RecordError where another changes them now."""
    try:
        debt_locks.lock(connection, debt_ids)
    except debt_locks.BeingChangedError:
        raise RecordError(
            "a ledger is being read at this moment that may change these debts: try again in a minute"
        ) from None
