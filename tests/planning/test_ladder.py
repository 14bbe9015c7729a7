"""The ladder: steps in order with their distances, none twice, nobody stranded; as values and as SQL alike."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from dispatcher.database.engine import Database
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import debts
from dispatcher.planning.domain.ladder import AFTER_BREAK, Rung, comes_on, due_step
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.storage.candidates import find_candidates
from tests.builders import a_debt, a_debtor, a_ladder, a_step

DUE = date(2026, 3, 1)
LADDER = a_ladder(-3, 3, 10, 21)


def rung(step: str, day: int, fired_on: date) -> Rung:
    return Rung(step=step, day=day, fired_on=fired_on)


def due(days: int) -> date:
    return DUE + timedelta(days=days)


def name_due(strategy: Strategy, last: Rung | None, as_of: date) -> str | None:
    step = due_step(strategy, DUE, last, as_of)
    return step.name if step else None


@pytest.mark.parametrize(
    ("day", "expected"),
    [(-4, None), (-3, "day-3"), (0, "day-3"), (1, None), (2, None), (3, "day3"), (300, "day3")],
)
def test_a_debt_without_a_message_begins_with_the_courtesy_or_when_late_with_the_first_collection_step(
    day, expected
) -> None:
    assert name_due(LADDER, None, due(day)) == expected


def test_a_step_waits_for_its_own_day_and_for_the_distance_to_the_last_message() -> None:
    late = rung("day3", 3, due(8))
    assert comes_on(LADDER, LADDER.steps[2], DUE, late) == due(15)
    assert comes_on(LADDER, LADDER.steps[2], DUE, rung("day3", 3, due(3))) == due(10)
    assert comes_on(LADDER, LADDER.steps[3], DUE, late) is None


def test_a_courtesy_is_no_rung_and_never_delays_the_first_contact() -> None:
    for sent in (-3, -1, 0):
        late = rung("day-3", -3, due(sent))
        assert name_due(LADDER, late, due(2)) is None
        assert name_due(LADDER, late, due(3)) == "day3"


def test_a_courtesy_of_another_strategy_does_not_delay_either() -> None:
    renamed = a_ladder(steps=(a_step("a-word", -2), a_step("day1", 1)))
    assert name_due(renamed, rung("day-3", -3, due(0)), due(1)) == "day1"


def test_courtesies_keep_their_distance_to_each_other() -> None:
    two = a_ladder(-7, -3, 1)
    assert name_due(two, rung("day-7", -7, due(-4)), due(-3)) is None
    assert name_due(two, rung("day-7", -7, due(-4)), due(0)) == "day-3"


def test_a_removed_step_strands_nobody() -> None:
    shorter = a_ladder(3, 21)
    assert name_due(shorter, rung("day10", 10, due(10)), due(20)) is None
    assert name_due(shorter, rung("day10", 10, due(10)), due(21)) == "day21"


def test_a_renamed_step_is_not_fired_again() -> None:
    renamed = a_ladder(3, 21, steps=(a_step("day3", 3), a_step("another-name", 10), a_step("day21", 21)))
    last = rung("day10", 10, due(10))
    assert name_due(renamed, last, due(20)) is None
    assert name_due(renamed, last, due(21)) == "day21"


def test_a_step_moved_to_a_later_day_is_not_fired_again_and_the_next_keeps_its_new_distance() -> None:
    moved = a_ladder(3, 21, steps=(a_step("day3", 3), a_step("day10", 14), a_step("day21", 21)))
    last = rung("day10", 10, due(10))
    assert [name_due(moved, last, due(day)) for day in (14, 20, 21)] == [None, None, "day21"]
    assert name_due(moved, rung("day10", 10, due(30)), due(36)) is None
    assert name_due(moved, rung("day10", 10, due(30)), due(37)) == "day21"


def test_a_debt_that_another_strategy_takes_over_goes_on_where_it_stands() -> None:
    other = a_ladder(5, 15, 40, name="other")
    assert name_due(other, rung("day10", 10, due(10)), due(14)) is None
    assert name_due(other, rung("day10", 10, due(10)), due(15)) == "day15"


def test_a_courtesy_between_notice_and_collection_may_be_skipped() -> None:
    steps = (a_step("notice", -10, kind="notice"), a_step("courtesy", -3), a_step("first", 3))
    strategy = a_ladder(steps=steps)
    assert name_due(strategy, None, due(20)) == "notice"
    assert name_due(strategy, rung("notice", -10, due(20)), due(33)) == "first"


def test_at_most_one_step_of_a_debt_is_due_on_a_day() -> None:
    strategy = a_ladder(steps=(a_step("hello", -7), a_step("notice", -5, kind="notice"), a_step("first", 1)))
    assert name_due(strategy, None, due(-4)) == "hello"
    assert name_due(strategy, rung("hello", -7, due(-4)), due(-2)) == "notice"


@pytest.mark.parametrize(
    ("days", "last", "on_broken", "expected"),
    [
        ((-3, 1, 10, 20), "", "", ("day1", 4)),  # nothing was sent: as far as from the courtesy before it
        ((-3, 1, 10, 20), "day-3", "", ("day1", 4)),
        ((3, 10, 20), "", "", ("day3", 3)),  # no step before it: its own day
        ((-3, 1, 10, 20), "day1", "", ("day10", 9)),
        ((-3, 1, 10, 20), "", "day10", ("day10", 9)),
        ((-3, 1, 10, 20), "day10", "day1", ("day20", 10)),  # what was sent is not sent again
        ((-3, 1), "day1", "", None),
        ((-7, -3), "", "", None),
    ],
)
def test_after_a_break_the_next_step_comes_at_its_distance_from_the_break(
    days, last, on_broken, expected
) -> None:
    strategy, broken_on = a_ladder(*days, on_broken=on_broken), due(40)
    rung_then = strategy.rung_after_break(last)
    later = [
        (step.name, number)
        for number in range(40)
        if rung_then is not None
        for step in [due_step(strategy, DUE, rung(*rung_then, broken_on), due(40 + number))]
        if step is not None
    ]
    assert (later[0] if later else None) == expected


step_days = st.lists(st.integers(-12, 40), min_size=1, max_size=5, unique=True).map(sorted)
kinds = st.sampled_from(["courtesy", "notice"])


@st.composite
def ladders(draw: st.DrawFn) -> Strategy:
    names = draw(st.permutations(["a", "b", "c", "d", "e", "f"]))
    return Strategy(
        name=draw(st.sampled_from(["one", "two"])),
        steps=tuple(
            a_step(name, day, kind=draw(kinds) if day <= 0 else "collection")
            for name, day in zip(names, draw(step_days), strict=False)
        ),
    )


rungs = st.builds(
    Rung,
    step=st.sampled_from(["a", "b", "c", "d", "e", "f", "gone", AFTER_BREAK]),
    day=st.integers(-12, 40),
    fired_on=st.integers(-10, 60).map(due),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_query_finds_the_step_that_the_ladder_says(database: Database, data: st.DataObject) -> None:
    strategy, last = data.draw(ladders()), data.draw(st.none() | rungs)
    debt = _the_debt(database, last)
    for as_of in data.draw(st.lists(st.integers(-15, 70).map(due), min_size=1, max_size=4)):
        with database.reading() as connection:
            found = [(c.debt_id, c.step.name) for c in find_candidates(connection, [strategy], as_of)]
        expected = due_step(strategy, DUE, last, as_of)
        assert found == ([(debt, expected.name)] if expected else [])


def _the_debt(database: Database, last: Rung | None) -> int:
    """One debt, made at the first call, standing at a rung, which need not be a message's (a break, a new round)."""
    with database.reading() as connection:
        debt = connection.execute(debts.select()).first()
    if debt is None:
        a_debt(database, a_debtor(database), DUE)
        with database.writing() as connection:
            debt = connection.execute(debts.select()).one()
    with database.writing() as connection:
        connection.execute(delete(ladder))
        if last:
            anchor = last.fired_on - timedelta(days=last.day)
            row = {"debt_id": debt.id, "recipient_id": debt.debtor_id, "strategy": "one", "message_id": ""}
            connection.execute(insert(ladder).values(step=last.step, day=last.day, anchor=anchor, **row))
    return debt.id
