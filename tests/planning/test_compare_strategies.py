"""Another strategy in a strategy's place: who would get something else, who would not, and what it costs."""

import secrets
from datetime import timedelta
from decimal import Decimal

from dispatcher.database.engine import Database
from dispatcher.planning.compare_strategies import compare_strategies
from dispatcher.planning.decide_reminders import PlanRequest
from dispatcher.planning.domain.strategy import Match
from tests.builders import (
    SMS,
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
)

FIRM = a_ladder(
    name="firm", match=Match(equals={"currency": ("USD",)}), steps=(a_step("first", 1), a_step("second", 5))
)
GENTLE = a_ladder(
    name="gentle",
    match=Match(equals={"currency": ("EUR",)}),
    steps=(a_step("first", 1), a_step("second", 9), a_step("third", 12, channels=(SMS,))),
)
PRICES = {"email": (Decimal("0.01"), "USD"), "sms": (Decimal("0.05"), "USD")}


def request() -> PlanRequest:
    return PlanRequest(
        as_of=TODAY, now=at(TODAY), real_now=at(TODAY), actor="test", random_bytes=secrets.token_bytes
    )


def test_who_would_get_something_else_and_what_it_costs(database: Database) -> None:
    desk = a_desk(FIRM, GENTLE)
    new, waiting = a_debtor(database, reference="NEW"), a_debtor(database, reference="WAITING")
    a_debt(database, waiting, TODAY - timedelta(days=5))
    plan(database, TODAY - timedelta(days=4), desk)
    mark_sent(database, at=at(TODAY - timedelta(days=4)))
    a_debt(database, new, TODAY - timedelta(days=2))
    a_debt(database, a_debtor(database, reference="EURO"), TODAY - timedelta(days=2), currency="EUR")
    before = planned(database)
    found = compare_strategies(database, desk, request(), (FIRM, GENTLE), PRICES)
    changes = {change["debtor"]: change["change"] for change in found.changes}
    assert changes == {"acme/NEW": "same", "acme/WAITING": "gone"}
    assert found.messages == {"firm": 2, "gentle": 1}
    assert found.costs == {"firm": {"USD": Decimal("0.02")}, "gentle": {"USD": Decimal("0.01")}}
    assert planned(database) == before, "nothing is stored"


def test_a_strategy_beside_itself_changes_nothing(database: Database) -> None:
    for n in range(5):
        a_debt(database, a_debtor(database, reference=f"P{n}"), TODAY - timedelta(days=2))
    found = compare_strategies(database, a_desk(FIRM, GENTLE), request(), (FIRM, FIRM), {})
    assert dict(found.counts) == {"same": 5}
    assert found.costs == {"firm": None}


def test_another_text_of_the_same_step_is_a_change(database: Database) -> None:
    other = a_ladder(name="other", steps=(a_step("first", 1, template="another-text"),))
    a_debt(database, a_debtor(database), TODAY - timedelta(days=2))
    found = compare_strategies(database, a_desk(FIRM, other), request(), (FIRM, other), {})
    assert [change["what"] for change in found.changes] == [{"template": ["first-reminder", "another-text"]}]
