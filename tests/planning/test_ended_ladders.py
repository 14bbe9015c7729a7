"""A ladder that ends is somebody's task: no debt falls silent without anybody knowing."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.planning import ladder as ladders
from dispatcher.database.tables.portfolio import debts
from dispatcher.planning.domain.strategy import Ending, HandoverRule
from dispatcher.planning.note_ended_ladders import note_ended_ladders
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage.handover_candidates import proposed
from dispatcher.planning.storage.ladder import fold_again
from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.yaml_file import ConfigError
from tests.builders import (
    EMAIL,
    SMS,
    TODAY,
    a_debt,
    a_debtor,
    a_desk,
    a_ladder,
    a_step,
    at,
    mark_sent,
    mark_unsent,
    plan,
    rows_of,
)

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


def days_of(database: Database, desk: Policy, count: int) -> list[tuple[int, str]]:
    """(day, step) of each message of so many days, all of which arrive; tasks for what has ended are noted too."""
    found = []
    for n in range(count):
        day = TODAY + timedelta(days=n)
        summary = plan(database, day, desk)
        found += [(n, row.step) for row in rows_of(database, summary.run_id)]
        mark_sent(database, at=at(day))
        note_ended_ladders(database, desk.strategies, as_of=day, now=at(day))
    return found


def open_tasks(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(select(tasks.c.kind)))


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_a_ladder_goes_on_for_as_many_rounds_as_its_strategy_says_and_then_is_a_task(
    database: Database, rounds: int
) -> None:
    ladder = a_ladder(
        1, 5, 9, join="debtor", ending=Ending(after_days=10, rounds=rounds, begins="day5")
    )  # day 1 is said once: a first contact is no second
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1))
    expected = [(0, "day1"), (4, "day5"), (8, "day9")]
    for n in range(rounds):
        expected += [(18 + 14 * n, "day5"), (22 + 14 * n, "day9")]
    assert days_of(database, a_desk(ladder, packs=("default", "house")), 60) == expected
    assert open_tasks(database) == ["ladder_ended"]


def test_a_round_is_found_again_when_the_ladder_is_folded_anew(database: Database) -> None:
    ladder = a_ladder(1, 5, 9, join="debtor", ending=Ending(rounds=1, begins="day5"))
    desk = a_desk(ladder, packs=("default", "house"))
    debt = a_debt(database, a_debtor(database), TODAY - timedelta(days=1))
    days_of(database, desk, 20)
    with database.writing() as connection:
        before = connection.execute(select(ladders)).all()
        fold_again(connection, {(debt, before[0].recipient_id)})
        assert connection.execute(select(ladders)).all() == before
    mark_unsent(database, [rows_of(database)[-1].id])  # the first step of the round reached nobody
    assert [
        row.step for row in rows_of(database, plan(database, TODAY + timedelta(days=20), desk).run_id)
    ] == ["day5"]


def test_a_debt_that_is_time_barred_begins_no_round(database: Database) -> None:
    ladder = a_ladder(1, 5, join="debtor", ending=Ending(rounds=2, begins="day5"))
    barred = TODAY + timedelta(days=10)
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1), time_barred_on=barred)
    assert days_of(database, a_desk(ladder), 40) == [(0, "day1"), (4, "day5")]
    assert open_tasks(database) == ["ladder_ended"]


def test_where_the_hand_over_question_comes_next_it_is_the_task(database: Database) -> None:
    ending = Ending(then="handover")
    ladder = a_ladder(1, 5, join="debtor", ending=ending, handover=HandoverRule(after_days=10))
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1), reference="E1")
    days_of(database, a_desk(ladder), 20)
    assert open_tasks(database) == []
    with database.reading() as connection:
        assert [one.debt for one in proposed(connection, (ladder,), TODAY + timedelta(days=19))] == [
            "acme/E1"
        ]


def test_the_hand_over_question_comes_after_the_rounds(sqlite_database: Database) -> None:
    ending = Ending(after_days=10, rounds=1, begins="day5", then="handover")
    ladder = a_ladder(1, 5, join="debtor", ending=ending, handover=HandoverRule(after_days=3))
    a_debt(sqlite_database, a_debtor(sqlite_database), TODAY - timedelta(days=1), reference="E1")
    assert days_of(sqlite_database, a_desk(ladder), 20) == [(0, "day1"), (4, "day5"), (14, "day5")]
    with sqlite_database.reading() as connection:
        asked = [n for n in range(20) if any(proposed(connection, (ladder,), TODAY + timedelta(days=n)))]
    assert asked == [17, 18, 19]


def test_a_step_that_varies_takes_a_channel_that_was_not_used_last(database: Database) -> None:
    steps = [a_step(f"day{day}", day, channels=(EMAIL, SMS), vary=day > 1) for day in (1, 5, 9)]
    a_debt(database, a_debtor(database, phone="+12125550123"), TODAY - timedelta(days=1))
    days_of(database, a_desk(a_ladder(join="debtor", steps=tuple(steps))), 10)
    assert [row.channel for row in rows_of(database)] == ["email", "sms", "email"]


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ("{rounds: 4}", "4 is greater than the maximum"),
        ("{rounds: 1, from: first}", "another round begins with one of second"),
        ("{then: handover}", "needs `handover:`"),
        ("{rounds: 2}", ""),
        ("{rounds: 2, from: second, then: handover}\nhandover: {after_days: 9}", ""),
    ],
)
def test_what_a_file_says_of_the_end_is_checked(tmp_path: Path, ends: str, says: str) -> None:
    steps = "".join(
        f"  - {{name: {name}, kind: collection, day: {day}, channels: [email], template: first-reminder}}\n"
        for name, day in (("first", 1), ("second", 5))
    )
    (tmp_path / "one.yaml").write_text(f"name: one\nsteps:\n{steps}ends: {ends}\n", encoding="utf-8")
    if says:
        with pytest.raises(ConfigError, match=says):
            load_strategies(tmp_path)
    else:
        [strategy] = load_strategies(tmp_path)
        assert (strategy.ending.rounds, strategy.ending.begins) == (2, "second")
