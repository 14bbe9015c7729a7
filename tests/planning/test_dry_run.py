"""What a dry run says is what the run then does, whatever its ladders are to do before; and it stores nothing."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.agreements import arrangements
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.planning import ladder, resumptions
from dispatcher.planning.compare_plans import plan_lines
from dispatcher.planning.plan_reminders import plan_reminders, preview_plan
from dispatcher.planning.policy import Policy
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, at, mark_sent, plan
from tests.planning.test_restarted_ladders import LATER, moved
from tests.planning.test_resume_ladders import broken
from tests.planning.test_what_comes_next import a_request

NEXT = TODAY + timedelta(days=1)


def after_a_break(database: Database) -> tuple[Policy, timedelta]:
    """Three promises broke; their ladders go on from the break."""
    broken(database, 3)
    return a_desk(a_ladder(-3, 1, 10, name="test")), timedelta(0)


def back_where_nothing_broke(database: Database) -> tuple[Policy, timedelta]:
    """Promises broke and the ladders went on; then late payments showed that they were kept."""
    broken(database, 2)
    desk = a_desk(a_ladder(-3, 1, 10, name="test"))
    plan(database, TODAY, desk)
    mark_sent(database, at=at(TODAY))
    with database.writing() as connection:
        connection.execute(update(arrangements).values(state="kept", since=TODAY))
    return desk, timedelta(0)


def begun_anew(database: Database) -> tuple[Policy, timedelta]:
    """A creditor moved a due date, and the strategy lets the ladder begin anew."""
    _, desk = moved(database, "restart")
    return desk, LATER - timedelta(days=3) - NEXT


def held_for_changed_terms(database: Database) -> tuple[Policy, timedelta]:
    """The same, and somebody has to decide."""
    _, desk = moved(database, "ask")
    return desk, LATER - timedelta(days=3) - NEXT


def nothing_to_move(database: Database) -> tuple[Policy, timedelta]:
    """A debt that has come to its first step."""
    a_debt(database, a_debtor(database), TODAY)
    return a_desk(a_ladder(1, 10)), timedelta(0)


@pytest.mark.parametrize(
    ("prepare", "messages"),
    [
        (after_a_break, 0),
        (back_where_nothing_broke, 2),
        (begun_anew, 1),
        (held_for_changed_terms, 0),
        (nothing_to_move, 1),
    ],
)
def test_a_dry_run_says_what_the_run_then_does(
    database: Database, prepare: Callable[[Database], tuple[Policy, timedelta]], messages: int
) -> None:
    desk, later = prepare(database)
    request = replace(a_request(NEXT + later), random_bytes=secrets.token_bytes)
    before = stored(database)

    foreseen, decided = preview_plan(database, desk, request)
    untouched = stored(database)
    done = plan_reminders(database, desk, request)

    assert untouched == before
    assert (foreseen.digest, foreseen.as_json()["due"]) == (done.digest, done.as_json()["due"])
    assert (
        sum(line["decision"] != "refuse" and bool(line["channel"]) for line in plan_lines(decided))
        >= messages
    )


def stored(database: Database) -> list[object]:
    """What a run would have changed."""
    with database.reading() as connection:
        rows = [
            sorted(map(tuple, connection.execute(select(table.c.debt_id, *more)).all()), key=repr)
            for table, more in (
                (ladder, (ladder.c.step, ladder.c.anchor)),
                (resumptions, (resumptions.c.step,)),
                (holds, (holds.c.released_at,)),
            )
        ]
        resumed = connection.execute(select(arrangements.c.resumed_at)).all()
        return [
            *rows,
            list(map(tuple, resumed)),
            connection.scalar(select(func.count()).select_from(log_entries)),
        ]
