"""One answer to "what comes next?": what explain says of a day is what its run decides, and nobody is promised what the gate forbids."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.people import holds, opt_outs
from dispatcher.database.tables.portfolio import debtors
from dispatcher.planning.compare_plans import compare_with_run, plan_lines
from dispatcher.planning.decide_reminders import PlanRequest
from dispatcher.planning.domain.planner import PlannedMessage
from dispatcher.planning.domain.strategy import Ending, Strategy
from dispatcher.planning.explain_debtor import explain_debtor
from dispatcher.planning.plan_reminders import preview_plan
from dispatcher.planning.policy import Policy
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, at, mark_sent, plan, planned

LADDER = a_ladder(-3, 1, 5, 9, join="debtor")
DESK = a_desk(LADDER, packs=("default", "house"))
ROUNDS = a_ladder(-3, 1, 4, 6, join="debtor", ending=Ending(after_days=1, rounds=2, begins="day4"))


def explained(
    database: Database, reference: str, day: date, now: date, desk: Policy = DESK
) -> set[tuple[str, str]]:
    """(debt, step) that explain says go on a day."""
    answer = explain_debtor(database, desk, f"acme/{reference}", as_of=day, now=at(now))
    return {
        (debt.reference.partition("/")[2], step.step)
        for debt in answer.debts
        for step in debt.steps
        if step.status == "due"
    }


def a_book(database: Database) -> dict[str, int]:
    """Debts of two people whose due dates lie around TODAY."""
    ids: dict[str, int] = {}
    for who in ("ana", "ben"):
        debtor = a_debtor(database, reference=who)
        for number, due in enumerate((-9, -2, 0, 2, 7)):
            reference = f"{who}-{number}"
            currency = "EUR" if number == 1 else "USD"
            ids[reference] = a_debt(
                database, debtor, TODAY + timedelta(days=due), reference=reference, currency=currency
            )
    return ids


@pytest.mark.parametrize("foreseen", [False, True], ids=["in the morning of the day", "a fortnight ahead"])
@pytest.mark.parametrize("ladder", [LADDER, ROUNDS], ids=["a ladder", "a ladder that begins other rounds"])
def test_explain_of_each_of_the_next_days_is_the_run_of_that_day(
    sqlite_database: Database, foreseen: bool, ladder: Strategy
) -> None:
    names = {key: reference for reference, key in a_book(sqlite_database).items()}
    desk = a_desk(ladder, packs=("default", "house"))
    first = TODAY + timedelta(days=8 if ladder is ROUNDS else 0)  # then some ladders have ended, others will
    days = [first + timedelta(days=n) for n in range(14)]

    def told(day: date, now: date) -> set[tuple[str, str]]:
        both = ("ana", "ben")
        return {each for who in both for each in explained(sqlite_database, who, day, now, desk)}

    for day in (TODAY + timedelta(days=n) for n in range((first - TODAY).days)):
        plan(sqlite_database, day, desk)
        mark_sent(sqlite_database, at=at(day))
    ahead = {day: told(day, first) for day in days} if foreseen else {}
    times: Counter[tuple[str, str]] = Counter()
    for day in days:
        expected = ahead[day] if foreseen else told(day, day)
        decided = preview_plan(sqlite_database, desk, a_request(day))[1]
        run = plan(sqlite_database, day, desk).run_id
        mark_sent(sqlite_database, at=at(day))
        found = {(names[debt], step) for _, debt, step, _ in planned(sqlite_database, run_id=run) if step}
        assert found == expected, day
        goes = [one for one in decided if isinstance(one, PlannedMessage)]
        previewed = {(due.debt.reference, due.step.name) for one in goes for due in one.intent.dues}
        assert found == previewed, day
        times.update(found)
    assert (max(times.values()) > 1) == (ladder is ROUNDS)


def test_explain_says_what_comes_when_every_step_has_gone_out(sqlite_database: Database) -> None:
    a_debt(sqlite_database, a_debtor(sqlite_database, reference="ana"), TODAY - timedelta(days=1))
    desk = a_desk(ROUNDS, packs=("default", "house"))
    said = {}
    for n in range(16):
        day = TODAY + timedelta(days=n)
        plan(sqlite_database, day, desk)
        mark_sent(sqlite_database, at=at(day))
        answer = explain_debtor(sqlite_database, desk, "acme/ana", as_of=day, now=at(day))
        said[n] = answer.debts[0].sentence
    again = TODAY + timedelta(days=6)
    assert f"Another round begins with the day4 on {again:%A} {again}, unless" in said[5]
    assert "Another round" not in said[6]
    last = TODAY + timedelta(days=12)
    assert f"nothing more goes by itself: from {last:%A} {last} on it is a task for a person" in said[11]


def a_request(day: date) -> PlanRequest:
    return PlanRequest(as_of=day, now=at(day), real_now=at(day), actor="test", random_bytes=bytes)


def _hold(kind: str) -> Any:
    return insert(holds).values(debtor_id=1, kind=kind, starts_on=TODAY, recorded_at=at(TODAY))


@pytest.mark.parametrize(
    "fact",
    [
        _hold("cease"),
        _hold("attorney"),
        _hold("bankruptcy"),
        _hold("deceased"),
        _hold("unclear_reply"),
        update(debtors).values(represented_by="A. Counsel"),
        update(debtors).values(deceased_on=TODAY),
        insert(opt_outs).values(debtor_id=1, medium="email", scope="medium", at=at(TODAY)),
    ],
)
def test_nobody_whom_the_gate_protects_is_promised_a_reminder(sqlite_database: Database, fact: Any) -> None:
    a_debt(sqlite_database, a_debtor(sqlite_database, reference="ana"), TODAY + timedelta(days=2))
    with sqlite_database.writing() as connection:
        connection.execute(fact)
    answer = explain_debtor(sqlite_database, DESK, "acme/ana", as_of=TODAY, now=at(TODAY))
    later = [step for debt in answer.debts for step in debt.steps if step.status == "later"]
    assert later
    assert all("as things stand it is kept back" in step.sentence for step in later)


def test_what_depends_on_facts_to_come_says_unless(sqlite_database: Database) -> None:
    a_debt(sqlite_database, a_debtor(sqlite_database, reference="ana"), TODAY + timedelta(days=2))
    answer = explain_debtor(sqlite_database, DESK, "acme/ana", as_of=TODAY, now=at(TODAY))
    later = [step for debt in answer.debts for step in debt.steps if step.status == "later"]
    assert later
    assert all("unless something changes" in step.sentence for step in later)


def test_a_plan_is_compared_by_what_each_person_would_get(sqlite_database: Database) -> None:
    database = sqlite_database
    due = TODAY - timedelta(days=1)
    people = {name: a_debtor(database, reference=name) for name in ("same", "more", "gone", "new")}
    for name in ("same", "more", "gone"):
        a_debt(database, people[name], due, reference=f"{name}-1")
    run = plan(database, TODAY, DESK).run_id or 0
    with (
        database.writing() as connection
    ):  # as if the run had stored nothing: the ladders stand where they stood
        from dispatcher.database.tables.planning import ladder

        connection.execute(ladder.delete())
        connection.execute(update(debtors).where(debtors.c.id == people["gone"]).values(deceased_on=TODAY))
    a_debt(database, people["more"], due, reference="more-2")
    a_debt(database, people["new"], due, reference="new-1")
    _, decided = preview_plan(database, a_desk(LADDER), a_request(TODAY))
    changes = {c["debtor"]: c for c in compare_with_run(database, run, plan_lines(decided))}
    assert {name: changes[f"acme/{name}"]["change"] for name in people} == {
        "same": "same",
        "more": "changed",
        "gone": "gone",
        "new": "new",
    }
    assert changes["acme/more"]["what"] == {"debts": ["acme/more-1", "acme/more-1 acme/more-2"]}
    assert "died" in changes["acme/gone"]["why"]
