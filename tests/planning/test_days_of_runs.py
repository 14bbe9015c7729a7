"""A run's day is bounded on both sides, and what a text says was true on the day that it names."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import creditors, payments
from dispatcher.messages.storage import outbox
from dispatcher.planning.plan_reminders import RunRefused
from dispatcher.planning.redate_run import RedateError, redate_run
from dispatcher.record.verify.verify_messages import check_messages
from dispatcher.runs.run_guards import stale_ledgers
from dispatcher.writing.message_files import gather
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, at, mark_sent, plan, rows_of

DESK = a_desk(a_ladder(1, 10, 20))


@pytest.mark.parametrize("later", [1, 2, 365])
def test_a_day_that_has_begun_nowhere_is_refused(database: Database, later: int) -> None:
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1))
    with pytest.raises(RunRefused, match="has not come yet: it is 2026-03-04"):
        plan(database, TODAY + timedelta(days=later), DESK, now=at(TODAY), real_now=at(TODAY))
    assert not rows_of(database)
    assert plan(database, TODAY, DESK).due == 1


def test_a_day_that_has_begun_where_a_debtor_is_goes(database: Database) -> None:
    a_debt(database, a_debtor(database, country="NZ", region="", city="", postal_code=""), TODAY)
    assert plan(database, TODAY + timedelta(days=1), DESK, now=at(TODAY), real_now=at(TODAY)).due == 1


def test_a_clock_that_is_set_may_plan_any_day(database: Database) -> None:
    a_debt(database, a_debtor(database), TODAY + timedelta(days=399))
    summary = plan(
        database, TODAY + timedelta(days=400), DESK, now=at(TODAY), real_now=at(TODAY + timedelta(days=1))
    )
    assert summary.due == 1


def test_a_run_dated_too_late_is_dated_back_with_its_messages_and_their_ladders(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, TODAY - timedelta(days=1))
    wrong = TODAY.replace(year=TODAY.year + 1)
    run = plan(database, wrong, DESK, now=at(TODAY), real_now=at(TODAY + timedelta(days=1))).run_id
    mark_sent(database, at=at(TODAY))
    with pytest.raises(RunRefused, match=rf"dispatcher redate {run} --why"):
        plan(database, TODAY + timedelta(days=1), DESK)
    done = redate_run(database, run or 0, day=None, why="typed 2027", now=at(TODAY), actor="test")
    assert (done.was, done.day, done.messages) == (wrong, TODAY, 1)
    assert [finding for finding in check_messages(database) if "as_of" in str(finding)] == []
    with database.reading() as connection:
        assert connection.scalar(select(ladder.c.anchor)) == TODAY - timedelta(days=1)
    assert plan(database, TODAY + timedelta(days=8), DESK).due == 0
    assert plan(database, TODAY + timedelta(days=9), DESK).due == 1


def test_only_a_run_that_is_dated_too_late_is_dated_back(database: Database) -> None:
    run = plan(database, TODAY, DESK).run_id or 0
    for number, day in ((run, None), (run, TODAY + timedelta(days=1)), (99, None)):
        with pytest.raises(RedateError):
            redate_run(database, number, day=day, why="x", now=at(TODAY), actor="test")


def test_a_run_whose_day_has_come_keeps_it(database: Database) -> None:
    run = plan(database, TODAY, DESK).run_id or 0
    with pytest.raises(RedateError, match="a day that had come"):
        redate_run(database, run, day=TODAY - timedelta(days=1), why="x", now=at(TODAY), actor="test")


def told_day(database: Database, **changes: Any) -> date:
    """The day that the text of the newest message names for its balances."""
    with database.reading() as connection:
        [message] = outbox.read(connection, [rows_of(database)[-1].id])
        files = gather(connection, [message], now=at(TODAY))
    inputs = files.inputs(message, DESK)
    assert inputs is not None
    return inputs.balance_day


def test_a_balance_is_named_with_the_ledgers_own_day_or_the_newest_payments(database: Database) -> None:
    debt = a_debt(database, a_debtor(database), TODAY - timedelta(days=1))
    plan(database, TODAY, DESK)
    for ledger, paid, told in (
        (TODAY - timedelta(days=9), None, TODAY - timedelta(days=9)),
        (TODAY + timedelta(days=3), None, TODAY),
        (TODAY - timedelta(days=9), TODAY - timedelta(days=2), TODAY - timedelta(days=2)),
    ):
        with database.writing() as connection:
            connection.execute(update(creditors).values(ledger_as_of=ledger))
            if paid:
                connection.execute(
                    insert(payments).values(debt_id=debt, amount_minor=1, paid_on=paid, recorded_at=at(TODAY))
                )
        assert told_day(database) == told


def test_in_a_replay_it_is_the_simulated_day(database: Database) -> None:
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1))
    plan(database, TODAY, DESK, mode="simulated")
    with database.writing() as connection:
        connection.execute(update(creditors).values(ledger_as_of=TODAY - timedelta(days=300)))
    assert told_day(database) == TODAY


@pytest.mark.parametrize(("as_of", "old"), [(TODAY, False), (TODAY - timedelta(days=1), False), (TODAY - timedelta(days=60), True)])  # fmt: skip
def test_an_old_ledger_that_is_imported_today_is_old(database: Database, as_of: date, old: bool) -> None:
    a_debt(database, a_debtor(database), TODAY)
    a_debt(database, a_debtor(database, creditor="ibm"), TODAY)
    with database.writing() as connection:
        connection.execute(update(creditors).values(ledger_imported_at=at(TODAY), ledger_as_of=TODAY))
        connection.execute(update(creditors).where(creditors.c.key == "ibm").values(ledger_as_of=as_of))
    stale = stale_ledgers(database, real_now=at(TODAY), max_age=timedelta(hours=36))
    assert list(stale) == (["ibm"] if old else [])
