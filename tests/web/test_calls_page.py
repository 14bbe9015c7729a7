"""The work list of calls: opened, called, written down, with the promise that came of it."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from dispatcher.agreements.domain.offer_terms import PromptPaymentTerms, SettlementTerms
from dispatcher.agreements.storage import sent_offers
from dispatcher.agreements.storage.sent_offers import SentOffer
from dispatcher.calls.plan_calls import CallPlan, plan_calls
from dispatcher.database.tables.agreements import arrangements
from dispatcher.database.tables.calls import calls
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import contacts
from dispatcher.planning.domain.strategy import CallStep
from tests.web.house import ALL, AS_OF, NOW, Desk, Web


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


@pytest.fixture
def taken(ringing: Web) -> tuple[Desk, str, int]:
    """A call that is on somebody's desk, where settlements may be offered: who sits there, its page, the debtor."""
    house = ringing.house
    some = SettlementTerms(least_percent=Decimal(60), valid_days=14)
    offers = tuple(replace(terms, settlements=some) for terms in house.policy.offers)
    house.__dict__["policy"] = replace(house.policy, offers=offers)
    visitor = ringing.signed_in(ALL)
    key = next(row["id"] for row in json.loads(visitor.page("/calls?format=json")) if row["allowed"])
    visitor.post(f"/calls/{key}", {"do": "open"})
    with house.database.reading() as connection:
        debtor = connection.scalars(select(calls.c.debtor_id).where(calls.c.id == key)).one()
    return visitor, f"/calls/{key}", debtor


def said_on(web: Web, debtor: int) -> list[SentOffer]:
    with web.house.database.reading() as connection:
        return sent_offers.standing(connection, debtor, AS_OF)


TALKED = {"do": "end", "outcome": "conversation"}
OWN_PLAN = {"payments": "2", "every": "month", "first_on": str(AS_OF + timedelta(days=9))}


def test_a_plan_and_a_settlement_of_other_terms_are_offered_on_the_page_of_a_call(
    ringing: Web, taken: tuple[Desk, str, int]
) -> None:
    visitor, path, debtor = taken
    [ready] = re.findall(r'name="settle"\s+value="([0-9.]+)"', visitor.page(path))
    assert "A settlement of" in visitor.page(path)
    amount = str(Decimal(ready) + 1)
    until = AS_OF + timedelta(days=5)
    told = visitor.said(visitor.post(path, {**TALKED, **OWN_PLAN, "amount": amount, "by": str(until)}))
    assert amount in told
    settlement, plan = said_on(ringing, debtor)
    assert [(str(one.amount.amount), one.valid_until) for one in settlement.settlements] == [(amount, until)]
    [own] = plan.plans
    assert (own.count, own.first_on, own.total) == (2, AS_OF + timedelta(days=9), plan.total)


def test_the_discount_of_today_is_a_box_and_another_one_needs_an_approver(
    ringing: Web, taken: tuple[Desk, str, int]
) -> None:
    house, (visitor, path, debtor) = ringing.house, taken
    some = PromptPaymentTerms(percent=Decimal(5), within_days=7)
    offers = tuple(replace(terms, prompt_payment=some, settlements=None) for terms in house.policy.offers)
    house.__dict__["policy"] = replace(house.policy, offers=offers)
    assert 'name="discount"' in visitor.page(path)
    own = {**TALKED, "discount_by": str(AS_OF + timedelta(days=20))}
    refused = visitor.post(path, own)
    assert (refused.status_code, "7 days are the most" in refused.text) == (422, True)
    visitor.post(path, {**TALKED, "discount": "yes"})
    [said] = said_on(ringing, debtor)
    assert said.discount is not None
    assert (said.discount.off, said.discount.valid_until) == (5, AS_OF + timedelta(days=7))
    assert said.plans == ()


def test_terms_outside_the_limits_leave_the_call_on_the_desk_until_somebody_approves_them(
    ringing: Web, taken: tuple[Desk, str, int]
) -> None:
    visitor, path, debtor = taken
    long = {**TALKED, **OWN_PLAN, "payments": "11", "offer": "1", "note": "on the 3rd of a month"}
    refused = visitor.post(path, long)
    assert (refused.status_code, "utside the limits" in refused.text) == (422, True)
    assert 'value="11"' in refused.text
    assert "on the 3rd of a month" in refused.text
    assert said_on(ringing, debtor) == []  # nor offer 1, nor the end of the call
    visitor.post(path, {**long, "approved_by": "Dana Reyes", "why": "paid on the 3rd"})
    assert max(plan.count for said in said_on(ringing, debtor) for plan in said.plans) == 11
    with ringing.house.database.reading() as connection:
        assert connection.scalars(select(calls.c.outcome).where(calls.c.debtor_id == debtor)).all() == [
            "conversation"
        ]


def test_an_approval_alone_and_a_call_that_reached_nobody_offer_nothing(
    ringing: Web, taken: tuple[Desk, str, int]
) -> None:
    visitor, path, debtor = taken
    alone = visitor.post(path, {**TALKED, "approved_by": "Dana Reyes", "why": "hardship"})
    assert "an approval alone offers nothing" in alone.text
    nobody = visitor.post(path, {"do": "end", "outcome": "busy", **OWN_PLAN})
    assert "Nothing was offered on a call" in nobody.text
    assert said_on(ringing, debtor) == []


def test_a_desk_that_makes_no_settlements_has_no_field_for_one(ringing: Web) -> None:
    visitor = ringing.signed_in(ALL)
    key = next(row["id"] for row in json.loads(visitor.page("/calls?format=json")) if row["allowed"])
    visitor.post(f"/calls/{key}", {"do": "open"})
    text = visitor.page(f"/calls/{key}")
    assert ('name="payments"' in text, 'name="amount"' in text) == (True, False)


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
