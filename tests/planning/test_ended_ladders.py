"""A ladder that ends is somebody's task: no debt falls silent without anybody knowing."""

from datetime import timedelta

from sqlalchemy import select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.portfolio import debts
from dispatcher.planning.note_ended_ladders import note_ended_ladders
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_step, at, mark_sent, plan

LADDER = a_ladder(
    join="debtor",
    steps=(a_step("first", 1), a_step("second", 5), a_step("final", 30, needs_handover_decision=True)),
)


def test_a_person_whose_ladders_have_ended_is_a_task_once(database: Database) -> None:
    debtor, desk = a_debtor(database), a_desk(LADDER)
    ids = [a_debt(database, debtor, TODAY - timedelta(days=1), reference=f"E{n}") for n in (1, 2)]
    paid = a_debt(database, debtor, TODAY - timedelta(days=1), reference="E3")
    noted = []
    for day in range(20):
        plan(database, TODAY + timedelta(days=day), desk)
        mark_sent(database, at=at(TODAY + timedelta(days=day)))
        with database.writing() as connection:
            connection.execute(update(debts).where(debts.c.id == paid).values(paid_minor=10_000))
        today = TODAY + timedelta(days=day)
        noted.append(note_ended_ladders(database, desk.strategies, as_of=today, now=at(today)))
    assert [day for day, count in enumerate(noted) if count] == [14]
    with database.reading() as connection:
        [task] = connection.execute(select(tasks)).all()
    assert task.details == {"debts": ["acme/E1", "acme/E2"]}
    assert len(ids) == 2
