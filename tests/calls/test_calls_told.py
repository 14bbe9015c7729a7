"""What is said of call steps elsewhere: explanation and forecast, the strategy's file, outcomes, comparison."""

import secrets
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from dispatcher.calls.compare_calls import calls_of
from dispatcher.calls.domain.call import CallOutcome
from dispatcher.calls.explain_calls import explain_with_calls
from dispatcher.calls.forecast_calls import forecast_with_calls
from dispatcher.calls.work_on_calls import correct_call, list_calls
from dispatcher.database.engine import Database
from dispatcher.database.tables.portfolio import debts, payments
from dispatcher.planning.compare_strategies import compare_strategies
from dispatcher.planning.decide_reminders import PlanRequest
from dispatcher.planning.domain.strategy import CallStep
from dispatcher.planning.forecast_days import ForecastRequest
from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.treatment.compare_outcomes import OutcomeRequest, compare_outcomes
from dispatcher.treatment.domain.outcomes import By
from tests.builders import a_debt, a_debtor, a_desk, at, mark_sent, plan
from tests.calls.called import DUE, RING, a_calling, call_on, day, on, rang, written_to


def test_explanation_and_forecast_name_the_calls_and_what_was_put_off(database: Database) -> None:
    desk = a_desk(a_calling(), capacity={"call": 1})
    who = []
    for n, minor in enumerate((9_000, 2_000)):
        who.append(f"acme/P{n}")
        a_debt(
            database, a_debtor(database, phone=f"+1212555010{n}", reference=f"P{n}"), DUE, balance_minor=minor
        )
    plan(database, day(1), desk)
    mark_sent(database, at=at(day(1)))

    def said(number: int) -> list[tuple[str, str]]:
        found = []
        for reference in who:
            answer = explain_with_calls(database, desk, reference, as_of=day(number), now=at(day(number), 17))
            steps = {step.step: step for step in answer.debts[0].steps}
            assert list(steps) == ["first", "ring", "second", "third"]
            found.append((steps["ring"].status, steps["ring"].sentence))
        return found

    assert [status for status, _ in said(2)] == ["later", "later"]
    ahead = forecast_with_calls(database, desk, ForecastRequest(as_of=day(2), now=at(day(2), 17), days=7))
    assert {key: n for key, n in ahead.going.items() if key[1] == "call"} == {
        (day(5), "call", "ring"): 1,
        (day(6), "call", "ring"): 1,
    }
    assert ahead.kept_back == {(day(5), "defer", "capacity/day-full"): 1}
    assert [status for status, _ in said(5)] == ["due", "due"]
    key = call_on(database, desk, 5)
    (first, waits), (second, put_off) = said(5)
    assert (first, second) == ("waiting", "due")
    assert "a call for somebody to make" in waits
    assert "put it off" in put_off
    assert "holds 1 by call" in put_off
    rang(database, desk, key, 5, CallOutcome.CONVERSATION)
    assert said(5)[0][0] == "sent"
    answer = explain_with_calls(database, desk, who[0], as_of=day(5), now=at(day(5), 17))
    assert answer.debts[0].sentence.startswith("The ring was a call on")
    call_on(database, desk, 6)
    assert [status for status, _ in said(6)] == ["sent", "waiting"]


def test_a_call_that_nobody_may_make_says_why(database: Database) -> None:
    desk = a_desk(a_calling())
    debtor, debt = written_to(database, desk, reference="ANA")
    with database.writing() as connection:
        connection.execute(update(debts).where(debts.c.id == debt).values(disputed_on=day(2)))
    answer = explain_with_calls(database, desk, "acme/ANA", as_of=day(5), now=at(day(5), 17))
    [ring] = [step for step in answer.debts[0].steps if step.step == "ring"]
    assert (ring.status, [reason.rule for reason in ring.reasons]) == ("kept back", ["disputed"])
    assert debtor


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("{name: b, kind: collection, day: 12, channels: [call]}", "does not lie before c"),
        ("{name: b, kind: collection, day: 4, channels: [call], done_by: [busy]}", "done_by"),
        ("{name: b, kind: collection, day: 4, channels: [email], template: t, tries: 2}", "only a call"),
    ],
)
def test_a_call_step_that_could_not_be_kept_is_refused(tmp_path: Path, steps: str, said: str) -> None:
    (tmp_path / "s.yaml").write_text(
        "name: s\nsteps:\n- {name: a, kind: collection, day: 1, channels: [email], template: t}\n"
        f"- {steps}\n- {{name: c, kind: collection, day: 9, channels: [letter], template: t}}\n"
    )
    with pytest.raises(ConfigError, match=said):
        load_strategies(tmp_path)


def test_what_makes_a_call_its_step_is_read(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "name: s\nsteps:\n- {name: a, kind: collection, day: 1, channels: [email], template: t}\n"
        "- {name: b, kind: collection, day: 4, channels: [call], done_by: [voicemail, tries], tries: 2}\n"
    )
    [strategy] = load_strategies(tmp_path)
    assert strategy.calls == (CallStep(name="b", day=4, done_by=("voicemail", "tries"), tries=2),)


def test_what_calls_brought_in_stands_beside_messages_with_its_cost(database: Database) -> None:
    desk = a_desk(a_calling(replace(RING, done_by=("conversation",))))
    _, debt = written_to(database, desk)
    key = call_on(database, desk, 5)
    rang(database, desk, key, 5, CallOutcome.BUSY)
    rang(database, desk, key, 6, CallOutcome.VOICEMAIL)
    correct_call(on(desk, database, 6, 18), key, CallOutcome.CONVERSATION, why="the wrong row")
    with database.writing() as connection:
        paid = {
            "debt_id": debt,
            "amount_minor": 4_000,
            "paid_on": day(8),
            "recorded_at": at(day(8)),
            "source": "desk",
        }
        connection.execute(payments.insert().values(**paid))
        known_until = paid | {"amount_minor": 1, "paid_on": day(50)}
        connection.execute(payments.insert().values(**known_until))
    request = OutcomeRequest(first=day(0), last=day(30), as_of=day(60), by=By.CHANNEL)
    prices = {"email": (Decimal("0.01"), "USD"), "call": (Decimal("4.5"), "USD")}
    report = compare_outcomes(database, request, prices)
    found = report.of("call")
    assert (found.sent, found.delivered, found.people) == (2, 1, 1)
    assert found.cost == {"USD": Decimal("9.0")}
    week = found.within(7)
    assert (week.paid, week.total("USD")) == (1, 4_000)
    assert compare_outcomes(database, replace(request, by=By.STEP), prices).of("ring").sent == 2
    by_text = compare_outcomes(database, replace(request, by=By.TEMPLATE), prices)
    assert [outcome.group for outcome in by_text.outcomes] == ["first-reminder"]


def test_a_strategy_is_compared_with_what_it_speaks_too(database: Database) -> None:
    quiet = a_calling(name="quiet", calls=())
    ringing = a_calling(name="ringing")
    desk = a_desk(quiet)
    debtor, _ = written_to(database, desk, reference="ANA")
    request = PlanRequest(
        as_of=day(5),
        now=at(day(5), 17),
        real_now=at(day(5), 17),
        actor="test",
        random_bytes=secrets.token_bytes,
    )
    prices = {"email": (Decimal("0.01"), "USD"), "call": (Decimal("4.5"), "USD")}
    beside = calls_of(database, request.as_of, request.now)
    found = compare_strategies(database, desk, request, (quiet, ringing), prices, beside=beside)
    assert [(one["change"], one["debtor"], one["channel"]) for one in found.changes] == [
        ("new", "acme/ANA", "call")
    ]
    assert found.costs == {"quiet": {}, "ringing": {"USD": Decimal("4.5")}}
    assert list_calls(on(desk, database, 5)) == [], "nothing is stored"
    assert debtor
