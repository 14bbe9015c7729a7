"""The second gate knows every reason that planning knows: what would no longer be planned does not go out."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import debts
from dispatcher.delivery.domain.verdict import Verdict, VerdictKind
from dispatcher.delivery.judge_messages import JudgingContext, judge_messages, refused_now
from dispatcher.messages.domain.message import Message, State
from dispatcher.messages.storage import outbox
from dispatcher.people.domain.person import DebtFile, Hold, PersonFile
from dispatcher.planning.domain.conversation import DueDebt
from dispatcher.planning.domain.planner import below_minimum, stays_out
from dispatcher.planning.domain.strategy import Match, Strategy
from dispatcher.planning.policy import Policy
from dispatcher.values.money import Money
from dispatcher.writing.message_files import MessageFiles, Spoken
from tests.builders import EMAIL, LETTER, SMS, TODAY, a_debt, a_debtor, a_desk, a_step, at, plan, rows_of
from tests.delivery.builders import a_message

DUE = TODAY - timedelta(days=3)
FINAL = Strategy(
    name="test",
    steps=(a_step("final", 3, needs_handover_decision=True, channels=(EMAIL, LETTER)),),
    match=Match(balance_min=Decimal(5), balance_max=Decimal(500)),
)


def second_gate(database: Database, policy: Policy, *, day: date = TODAY) -> list[Verdict]:
    """What it says of everything planned; PREPARE means: no reason against it, its text comes next."""

    def no_text(*_: Any) -> Any:
        raise AssertionError("nothing has a text yet")

    context = JudgingContext(policy=policy, check_content=no_text)
    with database.writing() as connection:
        messages = outbox.read(connection, [row.id for row in rows_of(database)])
        return list(judge_messages(connection, messages, bodies={}, now=at(day), context=context).values())


def said(verdict: Verdict) -> list[str]:
    return [reason.rule for reason in verdict.reasons]


def a_planned_final_notice(database: Database) -> int:
    debt = a_debt(database, a_debtor(database), DUE, handover_decided_on=DUE)
    plan(database, TODAY, a_desk(FINAL))
    return debt


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"paid_minor": 9_950}, "below-minimum"),
        ({"balance_minor": 60_000}, "above-maximum"),
        ({"handover_decided_on": None}, "no-handover-decision"),
        ({"paid_minor": 10_000}, "paid"),
        ({"settled_on": TODAY}, "settled"),
        ({"disputed_on": TODAY}, "disputed"),
        ({"promise_date": TODAY}, "promised"),
        ({"in_ledger": False}, "not-in-ledger"),
    ],
)
def test_what_a_planned_debt_has_come_to_since_cancels_its_message(
    database: Database, columns: dict[str, Any], rule: str
) -> None:
    debt = a_planned_final_notice(database)
    assert [v.kind for v in second_gate(database, a_desk(FINAL))] == [VerdictKind.PREPARE]
    with database.writing() as connection:
        connection.execute(update(debts).where(debts.c.id == debt).values(**columns))
    (verdict,) = second_gate(database, a_desk(FINAL))
    assert (verdict.kind, said(verdict)) == (VerdictKind.CANCEL, [rule])


def test_a_hold_put_on_the_person_since_cancels_it(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, DUE, handover_decided_on=DUE)
    plan(database, TODAY, a_desk(FINAL))
    with database.writing() as connection:
        fields = {"debtor_id": debtor, "kind": "complaint", "starts_on": TODAY, "recorded_at": at(TODAY)}
        connection.execute(insert(holds).values(**fields))
    (verdict,) = second_gate(database, a_desk(FINAL))
    assert (verdict.kind, said(verdict)) == (VerdictKind.CANCEL, ["held-complaint"])


def test_a_courtesy_is_too_late_after_the_due_date_by_the_debts_own_step(database: Database) -> None:
    strategy = Strategy(name="test", steps=(a_step("soon", -2), a_step("today", 0)), join="debtor")
    debtor = a_debtor(database)
    a_debt(database, debtor, TODAY)
    a_debt(database, debtor, TODAY + timedelta(days=2))
    plan(database, TODAY, a_desk(strategy))
    assert [v.kind for v in second_gate(database, a_desk(strategy))] == [VerdictKind.PREPARE]
    (verdict,) = second_gate(database, a_desk(strategy), day=TODAY + timedelta(days=1))
    assert (verdict.kind, said(verdict)) == (VerdictKind.CANCEL, ["due-date-passed"])


@pytest.mark.parametrize(
    ("now_in_force", "kind", "rule"),
    [
        (replace(FINAL, name="other"), VerdictKind.HOLD, "step-gone"),
        (replace(FINAL, steps=(a_step("last", 3),)), VerdictKind.HOLD, "step-gone"),
        (replace(FINAL, steps=(a_step("final", 3, channels=(SMS,)),)), VerdictKind.CANCEL, "channel-gone"),
    ],
)
def test_a_step_that_the_configuration_no_longer_has_is_no_permission(
    database: Database, now_in_force: Strategy, kind: VerdictKind, rule: str
) -> None:
    a_planned_final_notice(database)
    (verdict,) = second_gate(database, a_desk(now_in_force))
    assert (verdict.kind, said(verdict)) == (kind, [rule])


days = st.none() | st.integers(-3, 3).map(lambda n: TODAY + timedelta(days=n))
cents = st.integers(0, 2_000)
debt_files = st.builds(
    lambda ledger, paid, credit, due, **dates: DebtFile(
        id=1,
        creditor_id=1,
        creditor="acme",
        debtor_id=1,
        reference="R1",
        ledger=Money(ledger, "USD"),
        paid=Money(paid, "USD"),
        credit=Money(credit, "USD"),
        due_date=TODAY + timedelta(days=due),
        **dates,
    ),
    cents,
    cents,
    cents,
    st.integers(-3, 3),
    issued_on=days,
    settled_on=days,
    disputed_on=days,
    promise_date=days,
    handover_decided_on=days,
    in_ledger=st.booleans(),
)
hold_lists = st.lists(
    st.builds(
        Hold,
        id=st.just(1),
        kind=st.sampled_from(("dispute", "promise", "manual", "complaint", "legal", "cease", "row_refused")),
        debt_id=st.sampled_from((None, 1, 2)),
        starts_on=days.filter(lambda day: day is not None),
        until=days,
    ),
    max_size=2,
).map(tuple)
limits = st.none() | st.decimals(0, 20, places=2)
ladders = st.builds(
    lambda kind, needs, least, most: Strategy(
        name="test",
        steps=(a_step("step", 3, kind=kind, needs_handover_decision=needs),),
        match=Match(balance_min=least, balance_max=most),
        minimum={} if least is None else {"USD": least + 1},
    ),
    st.sampled_from(("courtesy", "collection", "notice")),
    st.booleans(),
    limits,
    limits,
)


@given(debt=debt_files, held=hold_lists, strategy=ladders, later=st.integers(0, 2))
def test_what_planning_would_refuse_now_the_second_gate_refuses_for_the_same_reasons(
    debt: DebtFile, held: tuple[Hold, ...], strategy: Strategy, later: int
) -> None:
    person = PersonFile(id=1, person="p", creditor_id=1, creditor="acme", reference="A-1", holds=held)
    (step,), day = strategy.steps, TODAY + timedelta(days=later)
    files = MessageFiles(
        people={1: person},
        spoken={"m": (Spoken(debt=debt, step="step", strategy="test"),)},
        first_sent={},
    )
    due = DueDebt(debt=debt, step=step, strategy=strategy)
    small = below_minimum(debt.balance, strategy)
    by_planning = stays_out(due, person, day) or ((small,) if small else ())
    assert refused_now(MESSAGE, files, a_desk(strategy), at(day)) == list(by_planning)


def _message() -> Message:
    return a_message(
        as_of=TODAY,
        strategy="test",
        step="step",
        zones=("America/New_York",),
        state=State.QUEUED,
        expires_at=at(TODAY + timedelta(days=3)),
        attempts=0,
        provider="",
        personal_id=None,
        commitment="",
        sent_at=None,
        created_at=at(TODAY),
    )


MESSAGE = _message()
