"""A day that holds only so much: whose turn comes first, what is put off, and that it says so and comes first next."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from dispatcher.calls.plan_calls import CallPlan, plan_calls
from dispatcher.database.engine import Database
from dispatcher.database.tables.calls import calls
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import wishes
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.planning.domain.capacity import AtRisk, Room, turns
from dispatcher.planning.domain.strategy import CallStep
from dispatcher.planning.explain_debtor import explain_debtor
from dispatcher.planning.forecast_days import ForecastRequest, forecast_days
from dispatcher.rulebook.capacity import load_capacity
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.treatment.domain.facts import Fact
from dispatcher.treatment.domain.scorecard import Attribute, Range, Scorecard
from tests.builders import (
    TODAY,
    a_debt,
    a_debtor,
    a_desk,
    a_ladder,
    a_step,
    at,
    mark_sent,
    plan,
    planned,
    rows_of,
)

TOMORROW = TODAY + timedelta(days=1)


def owing(database: Database, minor: int, *, days: int = 5, **columns) -> int:
    """A person of their own with one debt; returns the debt."""
    debtor = {name: columns.pop(name) for name in ("reference", "phone") if name in columns}
    return a_debt(
        database, a_debtor(database, **debtor), TODAY - timedelta(days=days), balance_minor=minor, **columns
    )


def on(database: Database, day) -> list[int]:
    """The debts that a day's messages are about, in order of planning."""
    return [debt for as_of, debt, _, _ in planned(database) if as_of == day]


def a_full_desk(**capacity: int):
    return a_desk(a_ladder(5, 12), capacity=capacity)


def test_the_largest_amounts_go_first_then_the_oldest_and_the_rest_comes_first_the_next_day(
    database: Database,
) -> None:
    small = owing(database, 1_000)
    new, old = owing(database, 5_000), owing(database, 5_000, days=9)
    large = owing(database, 90_000)
    desk = a_full_desk(email=2)
    summary = plan(database, TODAY, desk)
    assert sorted(on(database, TODAY)) == sorted([large, old])
    assert summary.by_outcome == {"allow": 2, "defer": 2}
    mark_sent(database, at=at(TODAY))
    fresh = owing(database, 99_000, days=4)  # due tomorrow, and larger than what waits
    plan(database, TOMORROW, desk)
    assert sorted(on(database, TOMORROW)) == sorted([small, new])
    mark_sent(database, at=at(TOMORROW))
    plan(database, TOMORROW + timedelta(days=1), desk)
    assert on(database, TOMORROW + timedelta(days=1)) == [fresh]


def test_what_was_put_off_says_so_in_the_log_and_the_explanation(database: Database) -> None:
    owing(database, 90_000)
    owing(database, 1_000, reference="P1")
    plan(database, TODAY, a_full_desk(email=1))
    with database.reading() as connection:
        [entry] = connection.scalars(select(log_entries.c.entry).where(log_entries.c.event == "deferred"))
    assert '"rule":"day-full"' in entry
    assert f"{TODAY} holds 1 by email and they are taken" in entry
    explained = explain_debtor(database, a_full_desk(email=1), "acme/P1", as_of=TODAY, now=at(TODAY))
    assert "The last run put it off" in explained.debts[0].sentence
    assert "comes first in the plan of the next day" in explained.debts[0].sentence
    mark_sent(database, at=at(TODAY))
    plan(database, TOMORROW, a_full_desk(email=1))
    explained = explain_debtor(database, a_full_desk(email=1), "acme/P1", as_of=TOMORROW, now=at(TOMORROW))
    assert "put it off" not in explained.debts[0].sentence


def test_notices_of_law_go_before_everything_else(database: Database) -> None:
    reminder = owing(database, 90_000)
    notice = owing(database, 100, debt_type="consumer")
    law = a_ladder(
        name="law",
        steps=(a_step("notice", 5, kind="notice"),),
        match=replace(a_ladder(1).match, equals={"debt_type": ("consumer",)}),
    )
    desk = a_desk(law, a_ladder(5), capacity={"email": 1})
    plan(database, TODAY, desk)
    assert on(database, TODAY) == [notice]
    mark_sent(database, at=at(TODAY))
    plan(database, TOMORROW, desk)
    assert on(database, TOMORROW) == [reminder]


def test_what_waits_or_was_sent_already_takes_its_place_of_the_day(database: Database) -> None:
    first, second = owing(database, 9_000), owing(database, 8_000)
    desk = a_full_desk(email=1)
    plan(database, TODAY, desk)
    plan(database, TODAY, desk)
    assert on(database, TODAY) == [first], "planned and not sent yet"
    mark_sent(database, at=at(TODAY))
    plan(database, TODAY, desk)
    assert on(database, TODAY) == [first], "sent today"
    with database.writing() as connection:
        connection.execute(update(messages).values(sent_at=at(TODAY - timedelta(days=1))))
    plan(database, TODAY, desk)
    assert on(database, TODAY) == [first, second]


def test_a_message_that_waits_for_the_morning_takes_the_place_of_the_morning(database: Database) -> None:
    for minor in (9_000, 8_000):
        a_debt(
            database,
            a_debtor(database, country="ES", region=""),
            TODAY - timedelta(days=5),
            balance_minor=minor,
        )
    night = at(TODAY, 22)  # 23:00 in Madrid
    desk = a_full_desk(email=1)
    plan(database, TODAY, desk, now=night)
    [row] = rows_of(database)
    assert row.not_before.date() == TOMORROW
    plan(database, TOMORROW, desk)
    assert len(rows_of(database)) == 1, "tomorrow is taken by what was planned tonight"


def test_a_channel_without_a_figure_holds_any_number_and_one_of_nothing_none(database: Database) -> None:
    debts_due = [owing(database, 1_000 + n) for n in range(3)]
    plan(database, TODAY, a_full_desk(sms=0))
    assert sorted(on(database, TODAY)) == sorted(debts_due)
    mark_sent(database, at=at(TODAY))
    later = TODAY + timedelta(days=7)
    plan(database, later, a_full_desk(email=0))
    assert on(database, later) == []


def test_a_score_orders_by_what_is_not_likely_to_come_in_and_who_objects_counts_as_the_average(
    database: Database,
) -> None:
    card = Scorecard(
        name="c", version="1", made_on=TODAY, base=0, percent_at_base=Decimal(50), double=10, in_use=True,
        attributes=(
            Attribute(
                fact=Fact.BALANCE, currency="USD",
                ranges=(Range(below=Decimal(90), points=-60), Range(below=None, points=60)),
            ),
        ),
    )  # fmt: skip
    doubtful, sure = owing(database, 8_000), owing(database, 10_000)
    desk = a_desk(a_ladder(5), capacity={"email": 1}, scorecard=card)
    plan(database, TODAY, replace(desk, scorecard=replace(card, in_use=False)))
    assert on(database, TODAY) == [sure]
    with database.writing() as connection:
        for table in (debts, debtors):
            assert connection.execute(select(table)).first() is not None
    mark_sent(database, at=at(TODAY))
    others = owing(database, 8_001, days=4), owing(database, 9_999, days=4)
    with database.writing() as connection:
        connection.execute(update(debts).where(debts.c.id == doubtful).values(settled_on=TODAY))
        likely = connection.scalar(select(debts.c.debtor_id).where(debts.c.id == others[1]))
    plan(database, TOMORROW, desk)
    assert on(database, TOMORROW) == [others[0]], "what is doubtful is at risk"
    mark_sent(database, at=at(TOMORROW))
    after = TOMORROW + timedelta(days=1)
    rival = owing(database, 4_000, days=3)  # 4,000 x 0.98 beside 9,999 x 0.02, or x 0.5 for who objects
    with database.writing() as connection:
        wish = {"debtor_id": likely, "kind": "no_score", "details": {}, "recorded_at": at(TODAY)}
        connection.execute(insert(wishes).values(wish))
        connection.exec_driver_sql("DELETE FROM refusals")
    plan(database, after, desk)
    assert on(database, after) == [others[1]], rival


@given(
    due=st.lists(
        st.builds(
            AtRisk,
            human=st.integers(1, 6),
            currency=st.sampled_from(["USD", "JPY"]),
            minor=st.integers(1, 10**7),
            due_date=st.dates(TODAY - timedelta(days=90), TODAY),
            put_off=st.integers(0, 3),
            is_notice=st.booleans(),
        ),
        min_size=1,
    )
)
def test_everybody_has_a_turn_and_whoever_waited_longest_is_before_all_without_a_notice(
    due: list[AtRisk],
) -> None:
    key = turns(due)
    assert key.keys() == {each.human for each in due}
    waited = Counter({human: max(each.put_off for each in due if each.human == human) for human in key})
    notices = {each.human for each in due if each.is_notice}
    order = sorted(key, key=lambda human: key[human])
    plain = [human for human in order if human not in notices]
    assert order[: len(notices)] == [human for human in order if human in notices]
    assert [waited[human] for human in plain] == sorted((waited[human] for human in plain), reverse=True)


@given(
    taken=st.lists(
        st.tuples(st.sampled_from([TODAY, TOMORROW]), st.sampled_from(["email", "sms"])), max_size=40
    )
)
def test_no_day_ever_takes_more_than_it_holds(taken) -> None:
    room = Room(capacity={"email": 3})
    got = Counter(each for each in taken if room.take(*each))
    for each, wanted in Counter(taken).items():
        assert got[each] == (min(wanted, 3) if each[1] == "email" else wanted)


def test_a_forecast_is_what_the_days_then_bring_where_days_hold_only_so_much(database: Database) -> None:
    for n in range(7):
        owing(database, 1_000 * (n + 1), days=n % 3 + 3)
    desk = a_full_desk(email=2)
    forecast = forecast_days(database, desk, ForecastRequest(as_of=TODAY, now=at(TODAY), days=14))
    for i in range(14):
        day = TODAY + timedelta(days=i)
        plan(database, day, desk)
        mark_sent(database, at=at(day))
    assert forecast.going == Counter((row.as_of, row.channel, row.step) for row in rows_of(database))
    assert max(Counter(row.as_of for row in rows_of(database)).values()) == 2


def test_calls_that_find_no_room_are_put_off_once_logged_and_come_first_the_next_day(
    database: Database,
) -> None:
    ladder = a_ladder(
        join="debtor", steps=(a_step("first", 1), a_step("second", 30)), calls=(CallStep(name="ring", day=5),)
    )
    keys = [
        owing(database, minor, phone="+12125550100", debt_type="consumer") for minor in (1_000, 7_000, 3_000)
    ]
    desk = a_desk(ladder, capacity={"call": 1})
    plan(database, TODAY - timedelta(days=4), desk)
    mark_sent(database, at=at(TODAY - timedelta(days=4)))

    def ring(day) -> list[int]:
        plan_calls(database, CallPlan(run_id=1, policy=desk, as_of=day, now=at(day, 17), actor="test"))
        with database.writing() as connection:
            found = connection.execute(
                select(calls.c.id, calls.c.debtor_id).where(calls.c.state == "open")
            ).all()
            connection.execute(update(calls).values(state="made"))
            owners = dict(connection.execute(select(debts.c.debtor_id, debts.c.id)).all())
            return [owners[row.debtor_id] for row in found]

    def logged() -> int:
        with database.reading() as connection:
            return len(
                connection.scalars(
                    select(log_entries.c.id).where(log_entries.c.event == "call_put_off")
                ).all()
            )

    assert (ring(TODAY), logged()) == ([keys[1]], 2)
    assert (ring(TOMORROW), logged()) == ([keys[2]], 2)
    assert ring(TOMORROW + timedelta(days=1)) == [keys[0]]


def test_capacity_is_read_by_channel_and_a_strange_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "capacity.yaml"
    assert load_capacity(path) == {}
    path.write_text("# letter: 800\n")
    assert load_capacity(path) == {}
    path.write_text("letter: 800\ncall: 60\n")
    assert load_capacity(path) == {"letter": 800, "call": 60}
    for text in ("fax: 3\n", "letter: -1\n", "letter: many\n"):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"capacity.yaml:1: "):
            load_capacity(path)
