"""Trials of a step: whoever owes first decides the arm, nobody is tried on for whom it is not fit, nobody looks early."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import holds, notices, wishes
from dispatcher.planning.domain.experiments import arm_of
from dispatcher.planning.domain.strategy import Arm, Experiment, Strategy
from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.treatment.compare_outcomes import OutcomeRequest, compare_outcomes, still_running
from dispatcher.treatment.domain.outcomes import By
from tests.builders import (
    EMAIL,
    SMS,
    TODAY,
    a_debt,
    a_debtor,
    a_desk,
    a_ladder,
    a_party,
    a_step,
    at,
    mark_sent,
    plan,
)

TRIAL = Experiment(
    name="kinder-words",
    step="second",
    arms=(Arm(name="champion"), Arm(name="challenger", template="second-reminder-kind")),
    starts_on=TODAY,
    ends_on=TODAY + timedelta(days=30),
    approved_by=("mia", "noor"),
)


def a_trial(trial: Experiment = TRIAL, **changes: object) -> Strategy:
    steps = (a_step("first", 1), a_step("second", 5, template="second-reminder", channels=(EMAIL, SMS)))
    return a_ladder(**({"join": "debtor", "steps": steps, "experiments": (trial,)} | changes))


def people_at_the_second_step(database: Database, count: int, **columns: object) -> list[int]:
    """So many who got the first message four days ago."""
    found = [a_debtor(database, reference=f"P{n:03}", **columns) for n in range(count)]
    for debtor in found:
        a_debt(database, debtor, TODAY - timedelta(days=5))
    plan(database, TODAY - timedelta(days=4), a_desk(a_trial()))
    mark_sent(database, at=at(TODAY - timedelta(days=4)))
    return found


def arms(database: Database) -> dict[int, tuple[str, str]]:
    """Person -> (arm, template) of today's message."""
    with database.reading() as connection:
        query = select(messages.c.recipient_id, messages.c.arm, messages.c.template).where(
            messages.c.as_of == TODAY
        )
        return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def test_each_person_gets_their_arm_and_log_and_message_say_which(database: Database) -> None:
    people_at_the_second_step(database, 30)
    plan(database, TODAY, a_desk(a_trial()))
    found = arms(database)
    assert len(found) == 30
    assert set(found.values()) == {
        ("kinder-words: champion", "second-reminder"),
        ("kinder-words: challenger", "second-reminder-kind"),
    }
    with database.reading() as connection:
        entries = connection.scalars(
            select(log_entries.c.entry).where(log_entries.c.event == "planned")
        ).all()
    assert sum('"arm":"kinder-words: ' in entry for entry in entries) == 30


def test_arms_are_even_and_stable_and_another_trial_divides_people_anew() -> None:
    names = [f"acme/P{n}" for n in range(4000)]
    first = [arm_of(TRIAL, name).name for name in names]
    assert first == [arm_of(TRIAL, name).name for name in names]
    assert abs(Counter(first)["champion"] - 2000) < 130, "four standard deviations"
    from dataclasses import replace

    again = [arm_of(replace(TRIAL, name="another"), name).name for name in names]
    assert abs(sum(a == b for a, b in zip(first, again, strict=True)) - 2000) < 130


def test_joint_debtors_are_in_one_arm(database: Database) -> None:
    strategy = a_trial(parties="all")
    pairs = []
    for n in range(12):
        one, two = a_debtor(database, reference=f"A{n}"), a_debtor(database, reference=f"B{n}")
        a_party(database, a_debt(database, one, TODAY - timedelta(days=5)), two)
        pairs.append((one, two))
    plan(database, TODAY - timedelta(days=4), a_desk(strategy))
    mark_sent(database, at=at(TODAY - timedelta(days=4)))
    plan(database, TODAY, a_desk(strategy))
    found = arms(database)
    assert all(found[one] == found[two] for one, two in pairs)
    assert len(set(found.values())) == 2


@pytest.mark.parametrize(
    "why",
    [
        "a first contact",
        "a hold",
        "an objection",
        "a notice that came back",
        "a period that runs",
        "before it starts",
        "after it ends",
    ],
)
def test_for_whom_it_is_not_fit_nothing_differs(database: Database, why: str) -> None:
    if why == "a first contact":
        for n in range(8):
            a_debt(database, a_debtor(database, reference=f"P{n:03}"), TODAY - timedelta(days=5))
        moved = a_trial(steps=(a_step("second", 5, template="second-reminder"),))
    else:
        people, moved = people_at_the_second_step(database, 8), a_trial()
        with database.writing() as connection:
            for debtor in people if why == "a hold" else ():
                row = {"debtor_id": debtor, "kind": "legal", "starts_on": TODAY, "recorded_at": at(TODAY)}
                connection.execute(insert(holds).values(row))
            for debtor in people if why in ("a notice that came back", "a period that runs") else ():
                back, ends = why == "a notice that came back", TODAY + timedelta(days=2)
                details = (
                    {"returned_on": TODAY.isoformat()}
                    if back
                    else {"validation_period_end": ends.isoformat()}
                )
                row = {
                    "debtor_id": debtor,
                    "kind": "validation",
                    "sent_on": TODAY - timedelta(days=3),
                    "details": details,
                }
                connection.execute(insert(notices).values(recorded_at=at(TODAY), **row))
            for debtor in people if why == "an objection" else ():
                row = {"debtor_id": debtor, "kind": "objection", "details": {}, "recorded_at": at(TODAY)}
                connection.execute(insert(wishes).values(row))
    if why in ("before it starts", "after it ends"):
        from dataclasses import replace

        days = (1, 9) if why == "before it starts" else (-9, -1)
        first, last = (TODAY + timedelta(days=day) for day in days)
        moved = a_trial(replace(TRIAL, starts_on=first, ends_on=last))
    plan(database, TODAY, a_desk(moved))
    assert list(arms(database).values()) == [("", "second-reminder")] * 8


def test_a_disputed_debt_that_is_not_spoken_of_changes_nothing(database: Database) -> None:
    people = people_at_the_second_step(database, 8)
    for debtor in people:
        a_debt(
            database,
            debtor,
            TODAY - timedelta(days=50),
            disputed_on=TODAY - timedelta(days=2),
            reference=f"X{debtor}",
        )
    plan(database, TODAY, a_desk(a_trial()))
    assert all(arm for arm, _ in arms(database).values())


def test_nobody_is_told_what_a_trial_shows_before_its_end(database: Database) -> None:
    people_at_the_second_step(database, 10)
    desk = a_desk(a_trial())
    plan(database, TODAY, desk)
    mark_sent(database, at=at(TODAY))
    for day, told in ((TODAY + timedelta(days=30), False), (TODAY + timedelta(days=31), True)):
        request = OutcomeRequest(
            first=TODAY, last=TODAY, as_of=day, by=By.ARM, running=desk.running_experiments(day)
        )
        report = compare_outcomes(database, request, {})
        groups = {outcome.group for outcome in report.outcomes}
        assert (groups == {"kinder-words: champion", "kinder-words: challenger"}) == told
        assert bool(still_running(request)) != told


def test_an_objection_is_recorded_by_the_command_and_honoured(tmp_path: Path) -> None:
    from tests.command import dispatcher
    from tests.portfolio.books import a_file, a_row

    home = tmp_path / "home"
    dispatcher("portfolio", "import", a_file(tmp_path, a_row()), "--as-of", "2026-11-16", home=home)
    done = dispatcher("record", "wish", "acme/07", "--no-experiments", home=home)
    assert done.returncode == 0, done.stderr
    assert "objection" in done.stdout


_STEPS = """name: s
steps:
- {name: soon, kind: courtesy, day: -3, channels: [email], template: t}
- {name: first, kind: collection, day: 1, channels: [email, sms], template: t}
- {name: second, kind: collection, day: 9, channels: [email, sms], template: t}
- {name: law, kind: notice, day: 20, channels: [letter], template: t}
"""
_GOOD = {
    "name": "x", "step": "second", "starts_on": "2026-03-01", "ends_on": "2026-05-01", "approved_by": "[mia, noor]",
    "arms": "[{name: a}, {name: b, template: u}]",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"step": "first"}, "first contact, which is nothing to try"),
        ({"step": "law"}, "only plain collection steps"),
        ({"step": "soon"}, "only plain collection steps"),
        ({"step": "third"}, "no step 'third'"),
        ({"approved_by": "[mia]"}, "approved_by"),
        ({"approved_by": "[mia, mia]"}, "approved_by"),
        ({"ends_on": "2026-02-01"}, "does not come after"),
        ({"ends_on": "2026-02-31"}, "is no day"),
        ({"arms": "[{name: a}]"}, "arms"),
        ({"arms": "[{name: a}, {name: a}]"}, "two arms have one name"),
        ({"arms": "[{name: a}, {name: b, channels: [letter]}]"}, "goes by the channels of its step"),
    ],
)
def test_a_trial_of_what_is_not_to_be_tried_is_refused(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(_STEPS + _experiments(_GOOD | changes))
    with pytest.raises(ConfigError, match=said):
        load_strategies(tmp_path)


def test_a_good_trial_is_read(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(_STEPS + _experiments(_GOOD))
    [strategy] = load_strategies(tmp_path)
    [trial] = strategy.experiments
    assert (trial.starts_on, trial.ends_on, trial.approved_by) == (
        date(2026, 3, 1), date(2026, 5, 1), ("mia", "noor"),
    )  # fmt: skip
    assert [step.template for step in strategy.written()] == ["t", "t", "t", "t", "u"]


def _experiments(values: dict[str, str]) -> str:
    return "experiments:\n- " + "\n  ".join(f"{name}: {value}" for name, value in values.items()) + "\n"
