"""Says what comes when a ladder has ended and the debt is open: no debt falls silent without anybody knowing."""

from datetime import date, datetime
from itertools import chain

from dispatcher.database.engine import Connection, Database
from dispatcher.people.storage import tasks
from dispatcher.planning.domain.strategy import TASK, Strategy
from dispatcher.planning.storage import ladder, rounds
from dispatcher.planning.storage.ended_ladders import Ended, find_ended

ENDED = "ladder_ended"


def begin_rounds(connection: Connection, strategies: tuple[Strategy, ...], as_of: date) -> int:
    """Let ladders that ended go on where their strategy wants another round; how many debts."""
    begun = 0
    for strategy in strategies:
        first = strategy.step(strategy.ending.begins)
        if strategy.ending.rounds and first is not None:
            again = [one for one in find_ended(connection, strategy, as_of) if _goes_on(one, strategy)]
            rounds.begin(
                connection, strategy, first, [(o.debt_id, o.recipient_id, o.rounds) for o in again], as_of
            )
            ladder.fold_again(connection, {(one.debt_id, one.recipient_id) for one in again})
            begun += len(again)
    return begun


def _goes_on(ended: Ended, strategy: Strategy) -> bool:
    return not ended.barred and ended.rounds < strategy.ending.rounds


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
