"""Says what comes when a ladder has ended and the debt is open: no debt falls silent without anybody knowing."""

from datetime import date, datetime
from itertools import chain

from dispatcher.database.engine import Database
from dispatcher.people.storage import tasks
from dispatcher.planning.domain.strategy import TASK, Strategy
from dispatcher.planning.storage.ended_ladders import find_ended

ENDED = "ladder_ended"


def note_ended_ladders(
    database: Database, strategies: tuple[Strategy, ...], *, as_of: date, now: datetime
) -> int:
    """One task a person for those of their debts whose last round is over, each debt once; how many tasks.

    Where the strategy puts the hand-over question, that question is the task.
    """
    asked = [strategy for strategy in strategies if strategy.ending.then == TASK]
    with database.writing() as connection:
        ended = list(chain(*(find_ended(connection, strategy, as_of) for strategy in asked)))
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
