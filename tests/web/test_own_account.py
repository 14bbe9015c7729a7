"""The debtors' page behind a proof: no debt before two right answers, then agree, say, see; never another's."""

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from dispatcher.agreements.domain.offer_terms import PromptPaymentTerms
from dispatcher.database.engine import DatabaseBusyError, open_database
from dispatcher.database.tables.agreements import arrangements
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import debts
from dispatcher.people.record_contact import record_contact
from dispatcher.web.debtors import account
from tests.web.house import Web
from tests.web.own_account import (
    BORN,
    RIGHT,
    events,
    fields,
    know,
    path_of,
    proved,
    rows,
    said_by_the_desk,
    without_link,
)
from tests.web.test_debtors_page import token_of


def test_without_the_creditors_word_there_is_no_such_page(web: Web) -> None:
    know(web, "A-1", BORN, "tulip-4471")

    assert web.visitor().get(path_of(web)).status_code == 404
    assert web.visitor().post(path_of(web), data=RIGHT).status_code == 404
    assert "/account" not in web.visitor().get(f"/u/{token_of(web)}").text


def test_before_the_answers_nothing_of_the_person_is_shown(own: Web) -> None:
    answer = own.visitor().get(path_of(own))

    assert answer.status_code == 200
    for private in ("Ana", "Pérez", "debtors.example", "120", "D-1", "A-1", "2026", "0101"):
        assert private not in answer.text.split("<main", 1)[1].replace(token_of(own), ""), private
    assert without_link(answer) == without_link(own.visitor().get(path_of(own, "A-3")))


def test_right_answers_show_the_debt_in_parts_and_whole_schedules(own: Web) -> None:
    visitor, path = proved(own)

    shown = visitor.get(path).text

    for seen in (
        "D-1",
        "Original amount",
        "Still open",
        "$120.00",
        "Option 1",
        "admit nothing",
        "pay.acme.example",
    ):
        assert seen in shown, seen
    assert visitor.get(path).headers["cache-control"] == "no-store"
    assert events(own)[-1] == "own_page_opened"


def test_what_is_agreed_is_what_was_read_and_its_words_are_kept(own: Web) -> None:
    visitor, path = proved(own)
    form = fields(visitor.get(path).text, "offer 1")
    words = re.search(r'<p class="small">(I agree to pay.*?)</p>', visitor.get(path).text)
    assert words is not None

    answer = visitor.post(path, data=form)

    assert answer.status_code == 303
    [agreed] = rows(own, arrangements)
    assert (agreed.kind, agreed.actor, agreed.source) == ("plan", "debtor", "debtors' page")
    assert agreed.terms["agreed_words"] == words[1]
    [confirmation] = [row for row in rows(own, messages) if row.step == "arrangement-confirmation"]
    assert confirmation.kind == "arrangement_service"
    after = visitor.get(path).text
    assert "What we agreed" in after
    assert "Option 1" not in after
    assert visitor.post(path, data=form).status_code == 409  # a second press agrees on nothing twice
    assert len(rows(own, arrangements)) == 1
    with own.house.database.reading() as connection:
        query = select(log_entries.c.entry).where(log_entries.c.event == "arrangement_agreed")
        entry = json.loads(connection.scalars(query).one())
    assert entry["actor"] == "debtor"
    assert words[1] not in json.dumps(entry)  # beside the log, where it can be erased


def test_a_discount_is_shown_once_it_was_offered_and_agreed_on_as_a_settlement(own: Web) -> None:
    policy, database = own.house.policy, own.house.database
    some = PromptPaymentTerms(percent=Decimal(5), within_days=7)
    offers = tuple(replace(terms, prompt_payment=some) for terms in policy.offers)
    own.house.__dict__["policy"] = replace(policy, offers=offers)
    visitor, path = proved(own)
    assert "discount" not in visitor.get(path).text  # or its last day would move with every look
    record_contact(database, "acme/A-1", "call", said_by_the_desk(own), read=own.house.read_reply)
    own.house.record("offer", "acme/A-1", said_by_the_desk(own), {"discount": ("yes",), "debt": ("D-1",)})
    shown = visitor.get(path).text
    assert "Pay $114.00 by" in shown
    assert visitor.post(path, data=fields(shown, "discount")).status_code == 303
    [agreed] = rows(own, arrangements)
    assert (agreed.kind, agreed.total_minor, agreed.state) == ("settlement", 11_400, "active")


def test_a_debt_that_a_kept_settlement_ended_is_owed_no_more_though_the_ledger_shows_the_rest(
    own: Web,
) -> None:
    desk = said_by_the_desk(own)
    terms = {"amount": ("80.00",), "by": (desk.now.date().isoformat(),), "debt": ("D-1",)}
    own.house.record("settlement", "acme/A-1", desk, {**terms, "approved_by": ("mia",), "why": ("hardship",)})
    own.house.record("payment", "acme/A-1", desk, {"amount": ("80.00",), "debt": ("D-1",)})
    assert [one.state for one in rows(own, arrangements)] == ["kept"]

    visitor, path = proved(own)
    shown = visitor.get(path).text

    for asked in ("$40.00", "$120.00", "Still open", "Option 1"):
        assert asked not in shown, asked


def test_an_offer_that_has_changed_is_shown_again_and_not_agreed_on(own: Web) -> None:
    visitor, path = proved(own)
    form = fields(visitor.get(path).text, "offer 1")
    own.house.record("payment", "acme/A-1", said_by_the_desk(own), {"amount": ("20.00",), "debt": ("D-1",)})

    answer = visitor.post(path, data=form)

    assert answer.status_code == 409
    assert "has changed" in answer.text
    assert "$100.00" in answer.text
    assert rows(own, arrangements) == []


def test_no_ledger_comes_between_the_look_and_the_agreement(
    own: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, path = proved(own)
    form = fields(visitor.get(path).text, "offer 1")
    other, came_between, look = (
        open_database(own.house.settings.effective_database_url),
        [],
        account.account_of,
    )

    def then_a_ledger(*given: Any) -> Any:
        shown = look(*given)
        try:
            with other.writing(patience=0.1) as connection:
                connection.execute(update(debts).values(balance_minor=debts.c.balance_minor // 2))
            came_between.append(True)
        except DatabaseBusyError:
            came_between.append(False)
        return shown

    monkeypatch.setattr(account, "account_of", then_a_ledger)
    try:
        answer = visitor.post(path, data=form)
    finally:
        other.close()
    assert (answer.status_code, came_between) == (303, [False])
    [agreed] = rows(own, arrangements)
    assert f"{agreed.total_minor / 100:.2f}" in agreed.terms["agreed_words"]


def test_a_promise_is_for_a_day_that_may_be_named(own: Web) -> None:
    visitor, path = proved(own)
    form = fields(visitor.get(path).text, "promise")

    for wrong in ("", "soon", "2026-11-15", "2027-11-15"):
        assert visitor.post(path, data=form | {"on": wrong}).status_code == 422
    assert visitor.post(path, data=form | {"on": "2026-11-30"}).status_code == 303

    [promised] = rows(own, arrangements)
    assert (promised.kind, promised.total_minor) == ("promise", 12_000)


@pytest.mark.parametrize(
    "what", ["paid", "proof", "hardship", "callback", "other_contact", "dispute", "not_mine"]
)
def test_what_is_said_pauses_waits_in_the_inbox_and_is_remembered(own: Web, what: str) -> None:
    visitor, path = proved(own)
    csrf = fields(visitor.get(path).text, "paid")["csrf"]

    answer = visitor.post(
        path, data={"csrf": csrf, "do": "say", "what": what, "text": "on the third by card"}
    )

    assert answer.status_code == 303
    kinds = {row.kind for row in rows(own, holds) if row.released_at is None}
    assert kinds == {"unclear_reply"} | ({"dispute"} if what in ("dispute", "not_mine") else set())
    assert "on the third by card" in visitor.get(path).text
    desk = own.signed_in("operator")
    [task] = [row for row in rows(own, tasks) if row.details.get("reading")]
    item = desk.page(f"/inbox/{task.id}")
    assert f"<h1>{what.replace('_', ' ').capitalize()}?</h1>" in item
    assert "on the third by card" in item
    assert ("Option 1" in visitor.get(path).text) == (what not in ("dispute", "not_mine"))


def test_an_own_proposal_is_a_task_with_the_day_of_its_answer(own: Web) -> None:
    visitor, path = proved(own)
    csrf = fields(visitor.get(path).text, "counter_offer")["csrf"]
    form = {
        "csrf": csrf,
        "do": "say",
        "what": "counter_offer",
        "amount": "15",
        "every": "week",
        "day": "2026-12-01",
    }

    assert visitor.post(path, data=form | {"amount": ""}).status_code == 422
    assert visitor.post(path, data=form).status_code == 303

    [task] = [row for row in rows(own, tasks) if row.details.get("reading")]
    assert task.details["text"] == "I can pay 15, every week, from 2026-12-01."
    assert task.details["answer_by"] == "2026-11-21"


def test_a_stop_among_the_words_acts_at_once(own: Web) -> None:
    visitor, path = proved(own)
    csrf = fields(visitor.get(path).text, "hardship")["csrf"]

    visitor.post(
        path, data={"csrf": csrf, "do": "say", "what": "hardship", "text": "please stop sending me messages"}
    )

    assert "opted_out" in events(own)


def test_another_debtors_link_opens_nothing_of_this_one(own: Web) -> None:
    visitor, _ = proved(own)

    other = visitor.get(path_of(own, "A-8"))

    assert "D-8" not in other.text
    assert "D-1" not in other.text
    assert 'name="code"' in other.text
    csrf = fields(visitor.get(path_of(own)).text, "paid")["csrf"]
    said = visitor.post(path_of(own, "A-8"), data={"csrf": csrf, "do": "say", "what": "dispute"})
    assert 'name="code"' in said.text
    assert rows(own, holds) == []


def test_a_form_without_its_token_or_from_another_site_changes_nothing(own: Web) -> None:
    visitor, path = proved(own)
    form = fields(visitor.get(path).text, "offer 1")

    assert visitor.post(path, data=form | {"csrf": "x"}).status_code == 403
    assert visitor.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert rows(own, arrangements) == []


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "Su cuenta con Acme"),
        ("ja, es;q=0.3, en;q=0.2", "Su cuenta con Acme"),
        ("de-AT,de;q=0.9,en;q=0.8", "Ihr Kundenkonto bei Acme"),
        ("nl-BE,nl;q=0.9,fr;q=0.5", "Uw klantrekening bij Acme"),
        ("es;q=0, en", "Your account with Acme"),
        ("ja", "Your account with Acme"),
        ("", "Your account with Acme"),
        (";;q=,,es;q=9", "Your account with Acme"),
    ],
)
def test_the_page_speaks_what_the_browser_asks_for(own: Web, header: str, title: str) -> None:
    answer = own.visitor().get(path_of(own), headers={"Accept-Language": header})

    assert f"<h1>{title}</h1>" in answer.text


@pytest.mark.parametrize(
    ("fact", "given"),
    [
        ("hold", {"kind": ("attorney",), "name": ("Alder & Finch",)}),
        ("hold", {"kind": ("bankruptcy",)}),
        ("dispute", {"debt": ("D-1",)}),
    ],
)
def test_what_forbids_asking_leaves_no_offer_and_no_way_to_pay(
    own: Web, fact: str, given: dict[str, Any]
) -> None:
    own.house.record(fact, "acme/A-1", said_by_the_desk(own), given)
    visitor, path = proved(own)

    shown = visitor.get(path).text

    assert "Option 1" not in shown
    assert "pay.acme.example" not in shown
    assert "There is nothing to agree on here" in shown


def test_a_barred_debt_has_neither_offer_nor_promise_nor_a_way_to_pay(own: Web) -> None:
    from dispatcher.database.tables.portfolio import debts

    with own.house.database.writing() as connection:
        barred = {"time_barred_on": date(2026, 11, 1)}
        connection.execute(update(debts).where(debts.c.reference == "D-1").values(**barred))
    visitor, path = proved(own)

    shown = visitor.get(path).text

    assert "pay.acme.example" not in shown
    assert 'value="promise"' not in shown
    assert "Option 1" not in shown
