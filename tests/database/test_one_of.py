"""Conditions on many values in one parameter mean what an IN means, and use the same indexes."""

import pytest
from sqlalchemy import select

from dispatcher.database.engine import Database
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.operations import marks
from dispatcher.database.tables.planning import runs
from tests.delivery.builders import queued

BY_NAME = select(marks.c.name).where(one_of(marks.c.name, "names")).order_by(marks.c.name)
NAMES = ["a", "b", "o'clock", "ñandú", "%s", "?", ":names", "", "1", "[]"]


@pytest.mark.parametrize("asked", [[], ["a"], ["b", "b", "z"], NAMES, ["ñandú", "%s", ""]])
def test_those_that_were_asked_for_are_found(database: Database, asked: list[str]) -> None:
    with database.writing() as connection:
        connection.execute(marks.insert(), [{"name": name, "value": 1} for name in NAMES])
        found = connection.scalars(BY_NAME, {"names": asked}).all()
    assert sorted(found) == sorted(set(asked) & set(NAMES))


def test_numbers_are_found_as_numbers(database: Database) -> None:
    [message] = queued(database)
    query = select(messages.c.id).where(
        one_of(messages.c.recipient_id, "ids"), one_of(messages.c.state, "states")
    )
    with database.reading() as connection:
        debtor = connection.scalar(select(messages.c.recipient_id))
        mine = {"ids": [debtor, debtor + 1], "states": ["queued"]}
        assert connection.scalars(query, mine).all() == [message]
        assert connection.scalars(query, {**mine, "states": ["sending"]}).all() == []
        assert connection.scalars(query, {**mine, "ids": [debtor + 1]}).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_index_serves_it(database: Database) -> None:
    by_key = select(messages).where(one_of(messages.c.id, "ids"))
    by_debtor = select(messages).where(
        one_of(messages.c.recipient_id, "ids"), messages.c.sent_at > messages.c.created_at
    )
    with database.reading() as connection:
        for query in (by_key, by_debtor, select(runs).where(one_of(runs.c.id, "ids"))):
            written = query.compile(dialect=connection.dialect)
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}", ("[]",)).all()
            tables = [
                row.detail for row in plan if "json_each" not in row.detail and "LIST" not in row.detail
            ]
            assert all(detail.startswith("SEARCH") for detail in tables), tables
