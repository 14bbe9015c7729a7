"""A ladder with calls between its letters, somebody who was written to, and a call that is made."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from dispatcher.calls.domain.call import CallOutcome
from dispatcher.calls.plan_calls import CallPlan, plan_calls
from dispatcher.calls.work_on_calls import CallDesk, end_call, take_call
from dispatcher.database.engine import Database
from dispatcher.database.tables.calls import calls
from dispatcher.database.tables.portfolio import debts
from dispatcher.planning.domain.ladder import next_day
from dispatcher.planning.domain.strategy import CallStep, Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage.candidates import find_candidates
from dispatcher.planning.storage.explained import rungs_of
from dispatcher.rulebook.opening_words import load_opening_words
from tests.builders import TODAY, a_debt, a_debtor, a_ladder, a_step, at, mark_sent, plan
from tests.shared import ROOT

DUE = TODAY - timedelta(days=5)
STEPS = (a_step("first", 1), a_step("second", 10), a_step("third", 20))
RING = CallStep(name="ring", day=5, valid_days=8)
PHONE = "+12125550100"
OPENING = load_opening_words(ROOT / "config" / "calls")


def a_calling(call: CallStep = RING, *more: CallStep, **changes: Any) -> Strategy:
    return a_ladder(**({"join": "debtor", "steps": STEPS, "calls": (call, *more)} | changes))


def day(number: int) -> date:
    """So many days after the due date."""
    return DUE + timedelta(days=number)


def on(policy: Policy, database: Database, number: int, hour: int = 17) -> CallDesk:
    return CallDesk(
        database=database, policy=policy, now=at(day(number), hour), actor="user:dana", words=OPENING
    )


def written_to(database: Database, policy: Policy, **columns: Any) -> tuple[int, int]:
    """Somebody who got the first message on day 1; returns person and debt."""
    debtor = a_debtor(database, phone=PHONE, **columns)
    debt = a_debt(database, debtor, DUE, debt_type="consumer")
    plan(database, day(1), policy)
    mark_sent(database, at=at(day(1)))
    return debtor, debt


def call_on(database: Database, policy: Policy, number: int) -> int:
    """The call that the run of a day leaves."""
    now = at(day(number), 16)
    plan_calls(database, CallPlan(run_id=1, policy=policy, as_of=day(number), now=now, actor="test"))
    with database.reading() as connection:
        return connection.scalars(select(calls.c.id).where(calls.c.state == "open")).one()


def rang(database: Database, policy: Policy, key: int, number: int, outcome: CallOutcome) -> str:
    desk = on(policy, database, number)
    take_call(desk, key)
    return end_call(desk, key, outcome).state.value


def comes(database: Database, policy: Policy) -> tuple[str, int] | None:
    """The next written step and the day on which the query of candidates first finds it, as the ladder says it too."""
    with database.reading() as connection:
        debt_id, debtor_id = connection.execute(select(debts.c.id, debts.c.debtor_id)).one()
        rung = rungs_of(connection, debtor_id, [debt_id]).get(debt_id)
        found = None
        for number in range(60):
            for each in find_candidates(connection, policy.strategies, day(number)):
                found = found or (each.step.name, number)
    said = next_day(policy.strategies[0], DUE, rung)
    assert (found and day(found[1])) == said
    return found
