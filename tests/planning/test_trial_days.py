"""Arms that have a step on several days: each on its own, in order, never for whom a trial is not fit, counted from one day."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import wishes
from dispatcher.database.tables.planning import trial_entries
from dispatcher.database.tables.portfolio import debts, payments
from dispatcher.planning.domain.experiments import arm_of
from dispatcher.planning.domain.ladder import Rung, due_step
from dispatcher.planning.domain.strategy import Arm, Experiment, Strategy
from dispatcher.planning.explain_debtor import explain_debtor
from dispatcher.planning.forecast_days import ForecastRequest, forecast_days
from dispatcher.planning.storage.candidates import find_candidates
from dispatcher.planning.storage.ladder import climb
from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.treatment.compare_outcomes import OutcomeRequest, compare_outcomes
from dispatcher.treatment.domain.outcomes import By
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_step, at, mark_sent, plan, rows_of
from tests.planning.test_experiments import _GOOD, _STEPS, _experiments

DUE = TODAY - timedelta(days=5)
DAYS = {"champion": 10, "early": 7, "late": 13}
TRIAL = Experiment(
    name="when",
    step="second",
    arms=(Arm(name="champion"), Arm(name="early", day=7), Arm(name="late", day=13)),
    starts_on=DUE,
    ends_on=DUE + timedelta(days=90),
    approved_by=("mia", "noor"),
)
STRATEGY: Strategy = a_ladder(
    join="debtor", steps=(a_step("first", 1), a_step("second", 10), a_step("third", 20)), experiments=(TRIAL,)
)
DESK = a_desk(STRATEGY)


def day(number: int) -> date:
    return DUE + timedelta(days=number)


def people(database: Database, count: int) -> dict[int, str]:
    """So many who got the first message on day 1: person -> arm."""
    found = {}
    for n in range(count):
        debtor = a_debtor(database, reference=f"P{n:02}")
        a_debt(database, debtor, DUE)
        found[debtor] = arm_of(TRIAL, f"acme/P{n:02}").name
    go(database, 1)
    assert set(found.values()) == set(DAYS) or count < 6
    return found


def go(database: Database, *numbers: int) -> None:
    for number in numbers:
        plan(database, day(number), DESK)
        mark_sent(database, at=at(day(number)))


def test_each_arm_has_the_step_on_its_day_and_what_is_behind_keeps_its_distance(database: Database) -> None:
    arms = people(database, 9)
    ahead = forecast_days(database, DESK, ForecastRequest(as_of=day(2), now=at(day(2)), days=25))
    go(database, *range(2, 27))
    came = Counter((row.recipient_id, row.step, (row.as_of - DUE).days) for row in rows_of(database))
    third = {"champion": 20, "early": 20, "late": 23}
    assert came == Counter(
        (person, step, number)
        for person, arm in arms.items()
        for step, number in (("first", 1), ("second", DAYS[arm]), ("third", third[arm]))
    )
    assert {(row.arm, (row.as_of - DUE).days) for row in rows_of(database) if row.step == "second"} == {
        (f"when: {arm}", number) for arm, number in DAYS.items()
    }
    assert ahead.going == Counter(
        (row.as_of, row.channel, row.step) for row in rows_of(database) if row.step != "first"
    )
    with database.reading() as connection:
        entered = connection.execute(select(trial_entries)).all()
        logged = connection.scalars(
            select(log_entries.c.id).where(log_entries.c.event == "trial_entered")
        ).all()
    assert {(row.recipient_id, row.arm, row.at.date()) for row in entered} == {
        (person, arm, day(7)) for person, arm in arms.items()
    }
    assert len(logged) == len(entered) == 9


def test_who_objects_has_the_step_on_its_own_day_and_is_in_no_arm(database: Database) -> None:
    arms = people(database, 6)
    with database.writing() as connection:
        for debtor in arms:
            row = {"debtor_id": debtor, "kind": "objection", "details": {}, "recorded_at": at(TODAY)}
            connection.execute(insert(wishes).values(row))
    go(database, 7, 9)
    assert {row.step for row in rows_of(database)} == {"first"}
    go(database, 10)
    assert Counter(row.arm for row in rows_of(database) if row.step == "second") == {"": 6}
    with database.reading() as connection:
        assert connection.execute(select(trial_entries)).all() == []


def test_who_pays_before_the_day_of_their_arm_counts_for_that_arm(database: Database) -> None:
    arms = people(database, 9)
    go(database, 7)
    late = [person for person, arm in arms.items() if arm == "late"]
    with database.writing() as connection:
        owed = dict(connection.execute(select(debts.c.debtor_id, debts.c.id)).all())
        for person, when in ((late[0], day(8)), (late[0], day(60))):
            paid = {"debt_id": owed[person], "amount_minor": 5_000, "paid_on": when, "recorded_at": at(when)}
            connection.execute(payments.insert().values(source="desk", **paid))
    request = OutcomeRequest(first=day(2), last=day(40), as_of=day(90), by=By.ARM)
    found = compare_outcomes(database, request, {}).of("when: late")
    assert (found.sent, found.people, found.within(7).paid) == (0, len(late), 1)


def test_an_explanation_says_that_a_step_waits_for_its_arm(database: Database) -> None:
    arms = people(database, 9)
    person = next(person for person, arm in arms.items() if arm == "late")
    name = f"acme/P{list(arms).index(person):02}"
    go(database, 7)

    def second(number: int) -> tuple[str, str]:
        answer = explain_debtor(database, DESK, name, as_of=day(number), now=at(day(number)))
        [step] = [step for step in answer.debts[0].steps if step.step == "second"]
        return step.status, step.sentence

    assert second(11) == ("later", "The second waits for the day on which its arm of the trial when has it.")
    assert second(13)[0] == "due"


@pytest.mark.parametrize(
    "rung", [Rung(step="first", day=1, fired_on=day(4)), Rung(step="gone", day=8, fired_on=day(9))]
)
def test_the_query_finds_what_the_ladder_says_while_a_trial_moves_days(
    database: Database, rung: Rung
) -> None:
    debtor = a_debtor(database)
    debt = a_debt(database, debtor, DUE)
    row = {"debt_id": debt, "recipient_id": debtor, "strategy": "test", "message_id": ""}
    with database.writing() as connection:
        anchor = rung.fired_on - timedelta(days=rung.day)
        climb(connection, [row | {"step": rung.step, "day": rung.day, "anchor": anchor}])
    with database.reading() as connection:
        for number in range(5, 25):
            found = [each.step.name for each in find_candidates(connection, [STRATEGY], day(number))]
            said = due_step(STRATEGY, DUE, rung, day(number))
            assert found == ([said.name] if said else [])


@pytest.mark.parametrize("number", [1, 0, 20, 25])
def test_an_arm_that_would_change_the_order_of_steps_is_refused(tmp_path: Path, number: int) -> None:
    arms = f"[{{name: a}}, {{name: b, day: {number}}}]"
    (tmp_path / "s.yaml").write_text(_STEPS + _experiments(_GOOD | {"arms": arms}))
    with pytest.raises(ConfigError, match="an arm has second after day 1 and before day 20"):
        load_strategies(tmp_path)
