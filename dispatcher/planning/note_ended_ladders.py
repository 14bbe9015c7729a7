"""Leaves a task where a ladder has ended and the debt is still open: no debt falls silent without anybody knowing."""

from datetime import date, datetime, timedelta

from dispatcher.database.engine import Database
from dispatcher.people.storage import tasks
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.storage.ended_ladders import find_ended

ENDED = "ladder_ended"
REST = timedelta(days=10)  # after the last message, before anybody asks what comes next


def note_ended_ladders(
    database: Database, strategies: tuple[Strategy, ...], *, as_of: date, now: datetime
) -> int:
    """One task a person for those of their debts whose last step went out REST ago, each debt once; how many tasks."""
    with database.writing() as connection:
        ended = list(find_ended(connection, strategies, until=as_of - REST, as_of=as_of))
        told = tasks.details_of(connection, ENDED, {each.recipient_id for each in ended})
        by_person: dict[int, list[str]] = {}
        for each in ended:
            if not any(each.debt in details.get("debts", ()) for details in told.get(each.recipient_id, ())):
                by_person.setdefault(each.recipient_id, []).append(each.debt)
        for person, names in sorted(by_person.items()):
            what = (
                "Every step has gone out and this is still open: call, offer a plan, or decide on a hand-over"
            )
            text = f"{what}: {', '.join(names)}"
            tasks.add(connection, ENDED, at=now, text=text, debtor_id=person, details={"debts": names})
    return len(by_person)
