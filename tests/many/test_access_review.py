"""Once a quarter somebody is asked to look through who can get in."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import tasks
from dispatcher.runs.ask_access_review import ACCESS_REVIEW, ask_access_review
from dispatcher.users.domain.user import Role
from dispatcher.users.manage_users import add_user

OCTOBER = datetime(2026, 10, 1, 13, tzinfo=UTC)
JANUARY = datetime(2027, 1, 1, 14, tzinfo=UTC)


def waiting(database: Database):
    query = select(tasks).where(tasks.c.kind == ACCESS_REVIEW, tasks.c.done_at.is_(None))
    with database.reading() as connection:
        return connection.execute(query).all()


def test_the_task_holds_the_list_as_it_stood_and_says_what_to_do(database: Database) -> None:
    add_user(
        database,
        name="ines",
        email="",
        roles={Role.AUDITOR},
        password="a long enough one 7",
        by="cli:root",
        at=OCTOBER - timedelta(days=100),
    )
    ask_access_review(database, now=OCTOBER)
    (task,) = waiting(database)
    assert "1 users, tokens and keys, 1 of them unused" in task.text
    assert [(row["name"], row["roles"]) for row in task.details["rows"]] == [("ines", "auditor")]


def test_one_that_nobody_did_is_not_asked_for_twice_and_the_next_quarter_asks_anew(
    database: Database,
) -> None:
    ask_access_review(database, now=OCTOBER)
    assert ask_access_review(database, now=JANUARY) == "the last access review has not been done"
    assert len(waiting(database)) == 1
    with database.writing() as connection:
        connection.execute(
            update(tasks).values(done_at=OCTOBER, done_by="user:ada", outcome="two tokens ended")
        )
    ask_access_review(database, now=JANUARY)
    assert [task.created_at for task in waiting(database)] == [JANUARY]
