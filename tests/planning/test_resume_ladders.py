"""What breaks is followed by as many statements as for one, however many broke; who has had the news is left alone."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from dispatcher.agreements.domain.follow_ups import On
from dispatcher.database.engine import Database
from dispatcher.database.tables.agreements import (
    arrangement_debts,
    arrangement_parties,
    arrangements,
    follow_ups,
    instalments,
)
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.planning import ladder
from dispatcher.planning.resume_ladders import resume_ladders
from dispatcher.planning.storage.follow_ups import eventful
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, at, plan

LADDER = a_ladder(-3, 1, 10, name="test")


def broken(database: Database, count: int) -> None:
    """So many promises that broke today, each on a debt of its own."""
    for _ in range(count):
        debtor = a_debtor(database)
        debt = a_debt(database, debtor, TODAY - timedelta(days=20))
        with database.writing() as connection:
            columns: dict[str, Any] = {
                "creditor_id": 1, "debtor_id": debtor, "kind": "promise", "state": "broken", "since": TODAY,
                "currency": "USD", "total_minor": 10_000, "agreed_on": TODAY - timedelta(days=9),
                "agreed_at": at(TODAY), "strategy": "test", "recorded_at": at(TODAY), "terms": {}, "told": [],
                "base": {},
            }  # fmt: skip
            key = connection.scalar(insert(arrangements).values(**columns).returning(arrangements.c.id))
            connection.execute(
                insert(arrangement_debts).values(arrangement_id=key, debt_id=debt, is_open=False)
            )
            connection.execute(insert(arrangement_parties).values(arrangement_id=key, debtor_id=debtor))
            due = TODAY - timedelta(days=4)
            connection.execute(
                insert(instalments).values(arrangement_id=key, number=1, due_on=due, amount_minor=10_000)
            )


def statements_of(database: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    with database.writing() as connection:
        counted: list[int] = []
        execute = type(connection).execute
        with monkeypatch.context() as patch:
            patch.setattr(
                type(connection),
                "execute",
                lambda self, *words, **named: (counted.append(1), execute(self, *words, **named))[1],
            )
            resume_ladders(connection, (LADDER,), at(TODAY))
    return len(counted)


def test_forty_breaks_cost_as_many_statements_as_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(database, 1)
    one = statements_of(database, monkeypatch)
    broken(database, 40)
    assert statements_of(database, monkeypatch) == one
    assert statements_of(database, monkeypatch) < one  # each break once
    with database.reading() as connection:
        rungs = connection.execute(select(ladder.c.step, ladder.c.day, ladder.c.anchor)).all()
    assert [tuple(row) for row in rungs] == [("", -3, TODAY + timedelta(days=3))] * 41


def test_where_nothing_broke_after_all_the_ladder_rests_again(database: Database) -> None:
    broken(database, 3)
    with database.writing() as connection:
        resume_ladders(connection, (LADDER,), at(TODAY))
        connection.execute(update(arrangements).values(state="kept"))
        assert resume_ladders(connection, (LADDER,), at(TODAY)) == 3
        assert connection.execute(select(ladder)).all() == []
        assert set(connection.scalars(select(arrangements.c.resumed_at))) == {None}


@pytest.mark.parametrize(
    ("given_back", "wanted", "again"),
    [(False, 1, False), (True, 1, True), (False, 2, True), (False, 0, False)],
)
def test_news_that_everybody_has_had_is_not_looked_at_again(
    database: Database, given_back: bool, wanted: int, again: bool
) -> None:
    broken(database, 1)
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1))
    plan(database, TODAY, a_desk(LADDER))  # its reminder stands for the message about the break
    with database.writing() as connection:
        [message] = connection.scalars(select(messages.c.id))
        connection.execute(update(message_debts).values(given_back=given_back))
        row = connection.execute(select(arrangements.c.id, arrangements.c.debtor_id)).one()
        told = {"arrangement_id": row.id, "event": "broken", "instalment": 0, "name": "told"}
        connection.execute(insert(follow_ups).values(message_id=message, recipient_id=row.debtor_id, **told))
        found = list(eventful(connection, TODAY, 0, 500, {On.BROKEN: wanted}))
    assert found == ([[row.id]] if again else [])
