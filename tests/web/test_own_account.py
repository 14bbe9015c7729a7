"""The debtors' page behind a proof: no debt before two right answers, then agree, say, see; never another's."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import select, update
from starlette.testclient import TestClient

from dispatcher.agreements.domain.offer_terms import PromptPaymentTerms
from dispatcher.database.engine import DatabaseBusyError, open_database
from dispatcher.database.tables.agreements import arrangements
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import holds, page_tries
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.people.domain.proof import MOST_TRIES, OnFile, is_proof
from dispatcher.people.prove_debtor import IDLE
from dispatcher.people.record_contact import record_contact
from dispatcher.web.debtors import account
from tests.web.house import Web
from tests.web.test_debtors_page import token_of

RIGHT = {"do": "prove", "day": "31", "month": "5", "year": "1980", "code": "tulip-4471"}
BORN = date(1980, 5, 31)


@pytest.fixture
def own(web: Web) -> Web:
    """The site of a creditor that turned the page on; A-1 and A-8 can prove who they are."""
    turn_on(web)
    know(web, "A-1", BORN, "TULIP 4471")
    know(web, "A-8", BORN, "rose-9913")
    return web


def turn_on(web: Web) -> None:
    policy = web.house.policy
    senders = {key: replace(sender, self_service=True) for key, sender in policy.senders.items()}
    web.house.__dict__["policy"] = replace(policy, senders=senders)


def know(web: Web, reference: str, born: date | None, code: str) -> None:
    """What the ledger says of a person."""
    with web.house.database.writing() as connection:
        connection.execute(
            update(debtors).where(debtors.c.reference == reference).values(birth_date=born, access_code=code)
        )


def path_of(web: Web, reference: str = "A-1", **more: Any) -> str:
    return f"/u/{token_of(web, reference, **more)}/account"


def proved(web: Web, reference: str = "A-1", **answers: str) -> tuple[TestClient, str]:
    """A visitor who has answered rightly, and the address."""
    visitor, path = web.visitor(), path_of(web, reference)
    answer = visitor.post(path, data=RIGHT | answers)
    assert answer.status_code == 303, answer.text[:500]
    return visitor, path


def fields(html: str, choice: str) -> dict[str, str]:
    """What the form of a choice sends."""
    form = next(one for one in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'value="{choice}"' in one)
    return dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', form))


def rows(web: Web, table: Any) -> list[Any]:
    with web.house.database.reading() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def events(web: Web) -> list[str]:
    with web.house.database.reading() as connection:
        return list(connection.scalars(select(log_entries.c.event).order_by(log_entries.c.id)))


def without_link(answer: Response) -> str:
    return re.sub(r"/?u?/?[0-9a-f-]{20,}\.\w+\.\d+\.[0-9a-f]+", "TOKEN", answer.text)


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


WRONG = (
    {"code": "tulip-4472"},
    {"code": ""},
    {"day": "30"},
    {"day": "30", "code": "x"},
    {"month": "13"},
    {"year": "MCMLXXX"},
    {"day": "", "month": "", "year": "", "code": ""},
    {"code": "D-1"},
    {"code": "10001"},
    {"code": "\ud7ff" * 100},
)


def test_every_wrong_pair_gets_the_same_bytes_whatever_is_wrong_with_it(own: Web) -> None:
    visitor, said = own.visitor(), set()
    closed, unknown = RIGHT, RIGHT  # right and too late; of a person of whom nothing is on file
    tries = [("A-1", wrong) for wrong in (*WRONG, closed)] + [("A-3", unknown)]
    for reference, wrong in tries:  # on past the last try
        answer = visitor.post(path_of(own, reference), data=RIGHT | wrong)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        said.add(without_link(answer))

    assert len(WRONG) > MOST_TRIES
    assert len(said) == 1
    assert "D-1" not in said.pop()
    assert "D-1" not in visitor.get(path_of(own)).text


@pytest.mark.parametrize("code", ["", "abc", "D-1", "d1 ", "A-1", "10001", "+1 212 555 0101"])
def test_a_code_that_is_missing_short_or_stands_in_our_messages_proves_nothing(code: str) -> None:
    shown = ("D-1", "A-1", "10001", "+12125550101")

    assert not is_proof("1980-05-31", code, OnFile(birth_date=BORN, access_code=code, shown=shown))
    assert is_proof(
        "1980-05-31", "Tulip 4471", OnFile(birth_date=BORN, access_code="TULIP-4471", shown=shown)
    )
    assert not is_proof("", "Tulip 4471", OnFile(birth_date=None, access_code="TULIP-4471"))


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


def said_by_the_desk(web: Web) -> Any:
    from dispatcher.people.recording import Said

    return Said(now=web.house.now(), actor="test", source="call 1")


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


def test_wrong_answers_are_counted_over_all_links_then_the_page_is_closed_and_the_person_told(
    own: Web,
) -> None:
    links = [path_of(own), path_of(own, medium="sms"), path_of(own, point=False)]
    for number in range(MOST_TRIES):
        own.visitor().post(links[number % 3], data=RIGHT | {"code": "wrong"})

    assert own.visitor().post(links[0], data=RIGHT).status_code == 403
    [counted] = rows(own, page_tries)
    assert counted.closed_at is not None
    told = [row for row in rows(own, messages) if row.template == "own-page-closed"]
    assert {row.channel for row in told} == {"email", "letter"}
    assert [row.kind for row in rows(own, tasks) if row.done_at is None].count("page_closed") == 1
    assert events(own).count("own_page_refused") == MOST_TRIES
    assert events(own).count("own_page_closed") == 1


def test_the_word_of_a_closed_page_goes_out_and_names_no_debt(own: Web) -> None:
    from dispatcher.worker.daily_run import run_today

    for _ in range(MOST_TRIES):
        own.visitor().post(path_of(own), data=RIGHT | {"code": "wrong"})
    run_today(own.house, date(2026, 11, 17), actor="test")

    told = {row.channel: row for row in rows(own, messages) if row.template == "own-page-closed"}
    assert {row.state for row in told.values()} <= {"accepted", "deferred"}, [
        (row.channel, row.state, row.reasons) for row in told.values()
    ]
    bodies = [
        path.read_text(errors="replace") for path in (own.house.home / "outbox").glob(f"{told['email'].id}*")
    ]
    assert bodies
    assert all("wrong answers" in body and "D-1" not in body for body in bodies)


def test_a_person_at_the_desk_opens_it_again_once_they_know_who_calls(own: Web) -> None:
    for _ in range(MOST_TRIES):
        own.visitor().post(path_of(own), data=RIGHT | {"code": "wrong"})
    desk = own.signed_in("operator")
    answer = desk.post(
        "/people/acme/A-1/record",
        {"fact": "own_page", "kind": "open", "source": "call 77, gave two invoices"},
    )
    assert "Recorded" in desk.said(answer)

    assert own.visitor().post(path_of(own), data=RIGHT).status_code == 303
    assert [row.done_at for row in rows(own, tasks) if row.kind == "page_closed"] != [None]
    assert "own_page_reopened" in events(own)


def test_right_answers_forget_the_wrong_ones_before(own: Web) -> None:
    for _ in range(2):
        for _ in range(MOST_TRIES - 1):
            own.visitor().post(path_of(own), data=RIGHT | {"code": "wrong"})
        visitor, path = proved(own)
        assert "D-1" in visitor.get(path).text


def test_a_visit_ends_by_itself_by_a_button_and_with_the_closing_of_the_page(own: Web) -> None:
    clock = own.house.real_now
    visitor, path = proved(own)
    own.house.real_now = lambda: clock() + IDLE + timedelta(seconds=1)
    assert "D-1" not in visitor.get(path).text
    own.house.real_now = clock

    visitor, path = proved(own)
    csrf = fields(visitor.get(path).text, "leave")["csrf"]
    assert "not shown any more" in visitor.post(path, data={"csrf": csrf, "do": "leave"}).text
    assert "D-1" not in visitor.get(path).text

    visitor, path = proved(own)
    for _ in range(MOST_TRIES):
        own.visitor().post(path, data=RIGHT | {"code": "wrong"})
    assert "D-1" not in visitor.get(path).text


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
