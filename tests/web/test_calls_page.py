"""The work list of calls: opened, called, written down, with the promise that came of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dispatcher.agreements.storage import sent_offers
from dispatcher.calls.plan_calls import CallPlan, plan_calls
from dispatcher.database.tables.agreements import arrangements
from dispatcher.database.tables.calls import calls
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import contacts
from dispatcher.planning.domain.strategy import CallStep
from tests.web.house import ALL, AS_OF, NOW, Web


@pytest.fixture
def ringing(web: Web) -> Web:
    """A desk whose strategies call on day 2, and whose first messages went out the day before."""
    house = web.house
    with house.database.writing() as connection:
        connection.execute(update(messages).values(as_of=AS_OF - timedelta(days=30)))
        sent = messages.c.sent_at.is_not(None)
        connection.execute(update(messages).where(sent).values(sent_at=NOW - timedelta(days=30)))
    later = tuple(
        replace(strategy, calls=(CallStep(name="ring", day=1),)) for strategy in house.policy.strategies
    )
    house.__dict__["policy"] = replace(house.policy, strategies=later)
    plan_calls(house.database, CallPlan(run_id=1, policy=house.policy, as_of=AS_OF, now=NOW, actor="test"))
    return web


def test_a_call_is_opened_made_and_its_promise_recorded(ringing: Web) -> None:
    visitor = ringing.signed_in(ALL)
    ready = [row for row in json.loads(visitor.page("/calls?format=json")) if row["allowed"]]
    assert ready, "somebody may be called"
    key, debtor = ready[0]["id"], ready[0]["debtor"]
    assert debtor in visitor.page("/calls")
    visitor.post(f"/calls/{key}", {"do": "open"})
    text = visitor.page(f"/calls/{key}")
    assert ready[0]["number"] in text
    assert "Dial and say first" in text
    ended = {
        "do": "end",
        "outcome": "conversation",
        "promised_on": str(AS_OF + timedelta(days=5)),
        "note": "at noon",
    }
    assert "Promised for" in visitor.said(visitor.post(f"/calls/{key}", ended))
    with ringing.house.database.reading() as connection:
        [call] = connection.execute(select(calls).where(calls.c.id == key)).all()
        assert (call.state, call.outcome) == ("made", "conversation")
        assert connection.scalar(select(arrangements.c.kind)) == "promise"
        made = connection.execute(select(contacts).where(contacts.c.channel == "call")).all()
    assert [row.outcome for row in made] == ["conversation"]


def test_what_a_call_offered_stands_until_the_call_turns_out_to_have_reached_nobody(ringing: Web) -> None:
    visitor, database = ringing.signed_in(ALL), ringing.house.database
    ready = next(row for row in json.loads(visitor.page("/calls?format=json")) if row["allowed"])
    path = f"/calls/{ready['id']}"
    visitor.post(path, {"do": "open"})
    assert "You offered" in visitor.page(path)
    nobody = visitor.post(path, {"do": "end", "outcome": "busy", "offer": "1"})
    assert "Nothing was offered on a call" in nobody.text
    assert "Offered: 1." in visitor.said(
        visitor.post(path, {"do": "end", "outcome": "conversation", "offer": "1"})
    )
    with database.reading() as connection:
        debtor = connection.scalars(select(calls.c.debtor_id).where(calls.c.id == ready["id"])).one()
        [offer] = sent_offers.standing(connection, debtor, AS_OF)
    assert [plan.number for plan in offer.plans] == [1]
    assert "open until" in visitor.page(f"/people/{ready['debtor']}")
    visitor.post(path, {"do": "correct", "outcome": "unanswered", "why": "the wrong row"})
    with database.reading() as connection:
        assert sent_offers.standing(connection, debtor, AS_OF) == []


def test_a_call_of_somebody_else_is_not_shown(ringing: Web) -> None:
    one, other = ringing.signed_in(ALL), ringing.signed_in("operator")
    key = next(row["id"] for row in json.loads(one.page("/calls?format=json")) if row["allowed"])
    one.post(f"/calls/{key}", {"do": "open"})
    other.post(f"/calls/{key}", {"do": "open"})
    assert "has it until" in other.page("/calls")
    with ringing.house.database.reading() as connection:
        assert connection.scalar(select(calls.c.holder).where(calls.c.id == key)) == f"user:{ALL}"


def test_what_a_call_came_to_is_corrected_from_the_list(ringing: Web) -> None:
    visitor = ringing.signed_in(ALL)
    key = next(row["id"] for row in json.loads(visitor.page("/calls?format=json")) if row["allowed"])
    assert "Written down lately" not in visitor.page("/calls")
    visitor.post(f"/calls/{key}", {"do": "open"})
    visitor.post(f"/calls/{key}", {"do": "end", "outcome": "conversation"})
    assert "Written down lately" in visitor.page("/calls")
    corrected = {"do": "correct", "outcome": "unanswered", "why": "the wrong row"}
    assert "Corrected: unanswered." in visitor.said(visitor.post(f"/calls/{key}", corrected))
    with ringing.house.database.reading() as connection:
        assert connection.scalar(select(calls.c.outcome).where(calls.c.id == key)) == "unanswered"
        assert (
            connection.scalar(select(contacts.c.outcome).where(contacts.c.channel == "call")) == "unanswered"
        )
