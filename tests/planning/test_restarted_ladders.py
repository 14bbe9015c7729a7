"""A creditor moves a due date after a reminder: the strategy says whether the ladder waits, goes on or begins anew."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import debts
from dispatcher.planning.policy import Policy
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, at, mark_sent, plan, planned

LATER = TODAY + timedelta(days=40)


def moved(database: Database, policy: str) -> tuple[int, Policy]:
    """A debt that was reminded once, and whose creditor then gave forty days more."""
    debtor, desk = a_debtor(database), a_desk(a_ladder(-3, 1, 10, due_date_moved=policy))
    debt = a_debt(database, debtor, TODAY - timedelta(days=1))
    plan(database, TODAY, desk)
    mark_sent(database, at=at(TODAY))
    with database.writing() as connection:
        connection.execute(update(debts).where(debts.c.id == debt).values(due_date=LATER))
        connection.execute(
            insert(holds).values(
                debtor_id=debtor,
                debt_id=debt,
                kind="terms_changed",
                starts_on=TODAY,
                source="ledger",
                recorded_at=at(TODAY),
            )
        )
    return debt, desk


def steps(database: Database, desk: Policy, last: date) -> list[tuple[date, str]]:
    """(day, step) of every message up to a day."""
    day = TODAY + timedelta(days=1)
    while day <= last:
        plan(database, day, desk)
        mark_sent(database, at=at(day))
        day += timedelta(days=1)
    return [(when, step) for when, _, step, _ in planned(database)]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ask", [(TODAY, "day1")]),
        ("go_on", [(TODAY, "day1"), (LATER + timedelta(days=10), "day10")]),
        (
            "restart",
            [
                (TODAY, "day1"),
                (LATER - timedelta(days=3), "day-3"),
                (LATER + timedelta(days=1), "day1"),
                (LATER + timedelta(days=10), "day10"),
            ],
        ),
    ],
)
def test_the_strategy_says_what_becomes_of_the_ladder(database: Database, policy: str, expected) -> None:
    _, desk = moved(database, policy)
    assert steps(database, desk, LATER + timedelta(days=11)) == expected


def test_a_restart_ends_the_hold_saying_why_and_happens_once(database: Database) -> None:
    _, desk = moved(database, "restart")
    plan(database, TODAY + timedelta(days=1), desk)
    with database.reading() as connection:
        [hold] = connection.execute(select(holds)).all()
    assert hold.released_at is not None
    assert "restart" in hold.released_why
    assert len(steps(database, desk, LATER + timedelta(days=2))) == 3


def test_a_message_that_still_waits_is_stopped_before_the_ladder_begins_anew(database: Database) -> None:
    debtor, desk = a_debtor(database), a_desk(a_ladder(-3, 1, 10, due_date_moved="restart"))
    debt = a_debt(database, debtor, TODAY - timedelta(days=1))
    plan(database, TODAY, desk)
    with database.writing() as connection:
        connection.execute(
            insert(holds).values(
                debtor_id=debtor, debt_id=debt, kind="terms_changed", starts_on=TODAY, source="ledger", recorded_at=at(TODAY)
            )
        )  # fmt: skip
    plan(database, TODAY + timedelta(days=1), desk)
    with database.reading() as connection:
        assert connection.scalar(select(holds.c.released_at)) is None
