"""Makes it a task where no ledger says whether agreed payments came: none is missed while nobody could have known."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from dispatcher.agreements.storage.awaited import Awaited, awaited
from dispatcher.database.engine import Database
from dispatcher.people.storage import tasks

WANTED = "ledger_wanted"
PATIENCE = timedelta(days=3)  # a ledger of Friday comes on Monday


def note_awaited_ledgers(database: Database, *, as_of: date, now: datetime, actor: str) -> int:
    """One open task a creditor whose ledger is overdue; it closes by itself when one has come. How many are new."""
    with database.writing() as connection:
        late: dict[int, list[Awaited]] = defaultdict(list)
        for one in awaited(connection, as_of):
            if _is_overdue(one, as_of):
                late[one.creditor_id].append(one)
        told = tasks.open_about(connection, WANTED, "creditor")
        come = told - late.keys()
        if come:
            outcome = "a ledger has come"
            tasks.finish_about(connection, WANTED, "creditor", come, by=actor, at=now, outcome=outcome)
        for creditor_id in sorted(late.keys() - told):
            text = _text(late[creditor_id])
            tasks.add(connection, WANTED, at=now, text=text, details={"creditor": creditor_id})
    return len(late.keys() - told)


def _is_overdue(one: Awaited, as_of: date) -> bool:
    known_after = one.due_on + timedelta(days=one.grace_days)
    return as_of > known_after + PATIENCE and (one.ledger_as_of is None or one.ledger_as_of <= known_after)


def _text(late: list[Awaited]) -> str:
    first = late[0]
    count = f"{len(late)} agreed payments" if len(late) > 1 else "an agreed payment"
    ledger = f"the newest is of {first.ledger_as_of}" if first.ledger_as_of else "there is none"
    return (
        f"{first.creditor}: no ledger says yet whether {count} came in, the first due on {first.due_on}; {ledger}: "
        "bring one in, since until then nothing counts as missed"
    )
