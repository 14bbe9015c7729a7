"""When within the hours in which they may go messages leave: spread, at the hour of an answer, in the hours of an arm."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from dispatcher.database.engine import Database
from dispatcher.database.tables.people import contacts
from dispatcher.gate.facts import HistoryEntry
from dispatcher.planning.domain.strategy import Arm
from dispatcher.planning.domain.timing import Hours, Timing, answered_at, spread_over
from dispatcher.rulebook.capacity import load_capacity, load_timing
from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.yaml_file import ConfigError
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_step, at, mark_sent, plan, rows_of
from tests.planning.test_experiments import (
    _GOOD,
    _STEPS,
    TRIAL,
    _experiments,
    a_trial,
    people_at_the_second_step,
)

NEW_YORK = ZoneInfo("America/New_York")
MORNING = 14  # o'clock in UTC: nine in New York


def local(moment: datetime) -> datetime:
    return moment.astimezone(NEW_YORK)


def answered(database: Database, debtor: int, *hours: int) -> None:
    """They wrote at these hours of their clock, a month ago."""
    with database.writing() as connection:
        for n, hour in enumerate(hours):
            moment = datetime.combine(TODAY - timedelta(days=30 + n), time(hour, 20), NEW_YORK)
            row = {
                "debtor_id": debtor,
                "at": moment,
                "channel": "email",
                "direction": "inbound",
                "recorded_at": moment,
            }
            connection.execute(insert(contacts).values(outcome="", debts=[], details={}, **row))


def owing(database: Database, **columns: object) -> int:
    debtor = a_debtor(database, **columns)
    a_debt(database, debtor, TODAY - timedelta(days=5))
    return debtor


def planned_at(database: Database, timing: Timing, hour: int = MORNING) -> list[datetime | None]:
    desk = a_desk(
        a_ladder(steps=(a_step("first", 1, valid_days=3),)), packs=("default", "house"), timing=timing
    )
    plan(database, TODAY, desk, now=at(TODAY, hour), real_now=at(TODAY, hour))
    return [row.not_before for row in rows_of(database)]


BEST = Timing(best_hour=frozenset({"email"}))
SPREAD = Timing(spread=frozenset({"email"}))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ((18, 18, 11), 18),
        ((11, 18, 18, 11), 11),  # as often at both: the earlier
        ((18,), None),  # once may be chance
        ((), None),
        ((8, 8), None),  # over for today: at once
        ((23, 23), None),  # nobody is written to after ten in the evening
    ],
)
def test_a_message_goes_at_the_hour_at_which_they_answered_where_that_may_still_be_today(
    database: Database, hours: tuple[int, ...], expected: int | None
) -> None:
    answered(database, owing(database), *hours)
    [moment] = planned_at(database, BEST)
    assert (None if moment is None else local(moment).hour) == expected
    if moment is not None:
        assert local(moment).date() == TODAY


def test_nothing_is_timed_unless_the_desk_says_so(database: Database) -> None:
    answered(database, owing(database), 18, 18)
    assert planned_at(database, Timing()) == [None]


def test_a_notice_of_law_goes_at_once(database: Database) -> None:
    answered(database, owing(database), 18, 18)
    law = a_ladder(steps=(a_step("law", 1, kind="notice", notice="first_written"),))
    desk = a_desk(law, timing=Timing(best_hour=frozenset({"email"}), spread=frozenset({"email"})))
    plan(database, TODAY, desk, now=at(TODAY, MORNING), real_now=at(TODAY, MORNING))
    assert [row.not_before for row in rows_of(database)] == [None]


def test_messages_are_spread_over_the_hours_that_are_left_and_each_person_keeps_a_moment(
    database: Database,
) -> None:
    for n in range(40):
        owing(database, reference=f"P{n:02}")
    found = [local(moment) for moment in planned_at(database, SPREAD) if moment is not None]
    assert len(found) >= 38
    assert not [m for m in found if not (m.date() == TODAY and 9 <= m.hour < 22)]
    assert {moment.hour for moment in found if moment.hour < 13}, "some in the morning"
    assert {moment.hour for moment in found if moment.hour >= 17}, "some in the evening"


@given(
    person=st.text(min_size=1, max_size=8),
    minutes=st.integers(1, 2_000),
    other=st.text(min_size=1, max_size=8),
)
def test_a_spread_moment_lies_within_and_is_always_the_same(person: str, minutes: int, other: str) -> None:
    first, last = at(TODAY), at(TODAY) + timedelta(minutes=minutes)
    moment = spread_over(person, TODAY, first, last)
    assert first <= moment < last
    assert moment == spread_over(person, TODAY, first, last)
    assert first <= spread_over(other, TODAY, first, last) < last


def test_a_call_that_was_taken_is_an_answer_and_one_that_rang_is_none() -> None:
    def call(outcome: str) -> HistoryEntry:
        return HistoryEntry(at=at(TODAY, 22), channel="call", outcome=outcome)

    assert answered_at([call("unanswered")] * 5 + [call("conversation")], "America/New_York") is None
    hours = answered_at([call("conversation")] * 2, "America/New_York")
    assert hours == Hours(first=time(17), length=timedelta(hours=1))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Pacific/Chatham"])
def test_hours_are_of_the_local_clock_on_the_days_that_change_it(zone: str) -> None:
    hours = Hours(first=time(9), length=timedelta(hours=3))
    start = at(TODAY, 0)
    moments = list(hours.moments(zone, earliest=start, latest=start + timedelta(days=90)))
    assert 89 <= len(moments) <= 91
    assert all(9 <= moment.astimezone(ZoneInfo(zone)).hour < 12 for moment in moments)


def test_an_arm_goes_in_its_hours_and_the_other_at_once(database: Database) -> None:
    evening = Arm(name="evening", hours=Hours(first=time(17), length=timedelta(hours=3)))
    trial = replace(TRIAL, arms=(Arm(name="champion"), evening))
    people_at_the_second_step(database, 24)
    desk = a_desk(a_trial(trial), packs=("default", "house"))
    plan(database, TODAY, desk, now=at(TODAY, MORNING), real_now=at(TODAY, MORNING))
    found = {
        (row.arm.partition(": ")[2], row.not_before and local(row.not_before).hour)
        for row in rows_of(database)
        if row.arm
    }
    assert found == {("champion", None), ("evening", 17)}


def test_an_arm_whose_hours_are_over_goes_in_those_of_the_next_day_while_it_is_valid(
    database: Database,
) -> None:
    early = Arm(name="early", hours=Hours(first=time(9), length=timedelta(hours=2)))
    trial = replace(TRIAL, arms=(early, replace(early, name="early-too")))
    people_at_the_second_step(database, 2)
    plan(database, TODAY, a_desk(a_trial(trial), packs=("default", "house")))
    found = [local(row.not_before) for row in rows_of(database) if row.arm]
    assert [(moment.date(), moment.hour) for moment in found] == [(TODAY + timedelta(days=1), 9)] * 2
    mark_sent(database, at=at(TODAY))


@pytest.mark.parametrize("hours", ["9-12", "09:00", "12:00-09:00", "09:00-09:30", "25:00-26:00"])
def test_hours_that_are_none_are_refused(tmp_path: Path, hours: str) -> None:
    arms = f'[{{name: a}}, {{name: b, hours: "{hours}"}}]'
    (tmp_path / "s.yaml").write_text(_STEPS + _experiments(_GOOD | {"arms": arms}))
    with pytest.raises(ConfigError, match="hours"):
        load_strategies(tmp_path)


def test_the_desks_file_says_which_channels_are_timed(tmp_path: Path) -> None:
    path = tmp_path / "capacity.yaml"
    assert load_timing(path) == Timing()
    path.write_text("letter: 800\nbest_hour: [email]\nspread: [email, sms]\n")
    assert load_capacity(path) == {"letter": 800}
    assert load_timing(path) == Timing(best_hour=frozenset({"email"}), spread=frozenset({"email", "sms"}))
    path.write_text("spread: [call]\n")
    with pytest.raises(ConfigError, match=r"capacity.yaml:1: "):
        load_timing(path)
