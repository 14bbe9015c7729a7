"""What a creditor's system may ask of its own: decisions, messages, runs, parties, papers; how often, and as a test."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.portfolio import creditors
from dispatcher.people.record_hold import record_hold
from dispatcher.people.recording import Said
from dispatcher.users import manage_service_accounts as accounts
from dispatcher.users.domain.scopes import SCOPES
from tests.web.house import NOW, Web
from tests.web.test_wire import ROW, account

NOON = "2026-11-18T17:00:00Z"  # in New York, on a Wednesday two days after the first message
PAPER = {"debt": "D-1", "kind": "invoice", "title": "Invoice 4711", "url": "https://erp.example/i/4711"}


def ask(client: TestClient, **question: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/decisions", json={"debtor": "A-1", **question})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rules(decision: dict[str, Any]) -> set[str]:
    return {reason["rule"] for reason in decision["reasons"]}


# Debtors.


def test_debtors_are_pushed_by_themselves_with_an_error_a_row_and_make_no_balance_younger(web: Web) -> None:
    client = account(web, "people:write", "people:read", "debts:read")
    with web.house.database.reading() as connection:
        before = connection.execute(select(creditors.c.ledger_as_of, creditors.c.ledger_imported_at)).all()
    rows = [
        {"reference": "A-1", "name": "Ana Pérez Soler", "language": "es", "country": "US", "region": "US-NY"},
        {"reference": "NEW-1", "name": "Noor New", "language": "en", "country": "US", "region": "NY"},
        {"reference": "A-2", "balance": "0.01"},
        {"creditor": "other", "reference": "A-3", "name": "Somebody Else"},
        {"name": "Nobody"},
    ]

    answer = client.post("/api/v1/debtors", json=rows, headers={"Idempotency-Key": "debtors-1"})
    again = client.post("/api/v1/debtors", json=rows, headers={"Idempotency-Key": "debtors-1"})
    tried = client.post("/api/v1/debtors?dry_run=yes", json=[{"reference": "NEW-2", "name": "Not Kept"}])

    assert answer.status_code == 200, answer.text
    assert again.json() == answer.json()
    said = answer.json()
    assert (said["rows"], said["imported"], said["refused"]) == (5, 2, 3)
    assert [(error["row"], error["column"]) for error in said["errors"]] == [
        (2, "balance"),
        (3, "creditor"),
        (4, "debtor_reference"),
    ]
    assert tried.json()["imported"] == 1
    found = {one["reference"]: one for one in client.get("/api/v1/debtors?limit=100").json()["items"]}
    assert (found["A-1"]["name"], found["A-1"]["language"]) == ("Ana Pérez Soler", "es")
    assert found["NEW-1"]["region"] == "NY"
    assert "NEW-2" not in found
    assert client.get("/api/v1/debts/acme/D-1").json()["debtor"] == "acme/A-1"  # nothing of debts is touched
    with web.house.database.reading() as connection:
        after = connection.execute(select(creditors.c.ledger_as_of, creditors.c.ledger_imported_at)).all()
    assert after == before
    assert account(web, "debts:write", name="other").post("/api/v1/debtors", json=rows).status_code == 403


# May I call now?


def test_a_call_is_judged_for_its_person_and_moment_and_every_reason_is_named(web: Web) -> None:
    client = account(web)

    at_noon, at_night = ask(client, at=NOON), ask(client, at="2026-11-18T08:00:00Z")
    now = ask(client)

    assert (at_noon["decision"], at_noon["reasons"]) == ("allow", []), at_noon
    assert (at_noon["debts"], at_noon["address"]) == (["acme/D-1"], "+12125550101")
    assert "2026-11-18T17:00:00Z" < at_noon["valid_until"] <= "2026-11-18T17:30:00Z"
    assert at_night["decision"] == "defer"
    assert "2026-11-18T08:00:00Z" < at_night["not_before"] <= "2026-11-18T17:00:00Z"
    assert now["decision"] != "allow"  # the day's message has just gone: one contact a person and day


@pytest.mark.parametrize(
    ("who", "rule"),
    [("A-4", "disputed"), ("A-5", "promised"), ("A-7", "not-reachable"), ("A-3", "not-reachable")],
)
def test_what_keeps_our_own_messages_back_keeps_a_creditors_call_back(web: Web, who: str, rule: str) -> None:
    said = ask(account(web), debtor=who, at=NOON)

    assert said["decision"] == "block"
    assert rule in rules(said)
    assert "valid_until" not in said or said["valid_until"] is None


def test_a_stop_and_care_keep_back_and_of_care_no_word_is_said(web: Web) -> None:
    client = account(web)
    said = Said(now=NOW, actor="test", source="a call")
    record_hold(web.house.database, "acme/A-1", "care", said)

    answer = ask(client, at=NOON)

    assert answer["decision"] == "block"
    assert "care" not in str(answer)
    assert client.post("/api/v1/opt-outs", json={"debtor": "A-6", "medium": "call"}).status_code == 201
    assert ask(client, debtor="A-6", at=NOON)["decision"] == "block"


def test_debts_that_are_named_are_all_judged_and_a_stranger_to_the_person_is_refused(web: Web) -> None:
    client = account(web)
    client.post("/api/v1/debts", json=[{**ROW, "debt_reference": "W1"}])

    mixed = client.post(
        "/api/v1/decisions", json={"debtor": "A-9", "debts": ["D-9", "acme/D-11"], "at": NOON}
    )
    assert mixed.status_code == 201
    for wrong in (
        {"debts": ["W1"]},
        {"channel": "visit"},
        {"at": "tomorrow"},
        {"at": "2026-11-18T17:00:00"},
        {"at": "2026-11-01T17:00:00Z"},
        {"at": "2027-11-01T17:00:00Z"},
        {"whom": "A-1"},
        {"address": 4.5},
    ):
        refused = client.post("/api/v1/decisions", json={"debtor": "A-1", **wrong})
        assert refused.status_code == 422, (wrong, refused.text)
    unknown = ask(client, address="+12125559999", at=NOON)
    assert (unknown["decision"], "not-reachable" in rules(unknown)) == ("block", True)


def test_a_person_of_another_creditor_or_of_nobody_is_not_there(web: Web) -> None:
    account(web, name="all", creditor="").post("/api/v1/debts", json=[{**ROW, "creditor": "other"}])
    client = account(web)

    for who in ("other/P1", "P1", "nobody"):
        assert client.post("/api/v1/decisions", json={"debtor": who}).status_code == 404, who
        assert client.get("/api/v1/decisions", params={"debtor": who}).status_code == 404, who


def test_what_was_asked_and_what_plans_refused_stands_in_one_list(web: Web) -> None:
    client, other = account(web), account(web, name="second", creditor="other")
    asked = ask(client, at=NOON)

    listed = client.get("/api/v1/decisions?limit=500").json()["items"]

    [kept] = [one for one in listed if one["event"] == "contact_asked"]
    assert (kept["decision"], kept["asked_for"]) == ("allow", asked["asked_for"])
    by_event = {one["event"] for one in listed}
    assert "blocked" in by_event
    assert {one["creditor"] for one in listed} == {"acme"}
    refused = next(one for one in listed if one["debtor"] == "acme/A-4")
    assert (refused["decision"], rules(refused)) == ("block", {"disputed"})
    of_one = client.get("/api/v1/decisions", params={"debtor": "A-4"}).json()["items"]
    assert {one["debtor"] for one in of_one} == {"acme/A-4"}
    assert other.get("/api/v1/decisions").json()["items"] == []
    pages, cursor = [], ""
    while True:
        page = client.get(
            "/api/v1/decisions", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
        ).json()
        pages += page["items"]
        cursor = page["next"]
        if not cursor:
            break
    assert pages == listed


# Messages and runs of one creditor.


def test_messages_and_runs_show_an_account_its_creditors_own(web: Web, message_of: Any) -> None:
    client, other = account(web), account(web, name="second", creditor="other")
    whole = web.signed_in("operator")

    messages = client.get("/api/v1/messages?limit=500").json()["items"]
    assert messages
    one = client.get(f"/api/v1/messages/{message_of()}").json()
    assert (one["entries"], one["debtor"].partition("/")[0]) == ([], "acme")
    assert client.get(f"/api/v1/messages/{message_of()}/body").status_code == 403
    assert other.get("/api/v1/messages").json()["items"] == []
    assert other.get(f"/api/v1/messages/{message_of()}").status_code == 404
    assert client.get("/api/v1/messages?creditor=other").status_code == 403

    [run] = client.get("/api/v1/runs").json()["items"]
    [everything] = whole.get("/api/v1/runs").json()["items"]
    assert run == everything  # the house has one creditor alone
    assert other.get("/api/v1/runs").json()["items"][0]["due"] == 0
    mine, theirs = (one.get(f"/api/v1/runs/{run['id']}").json() for one in (client, other))
    assert (mine["due"], theirs["due"]) == (run["due"], 0)
    assert (theirs["by_channel"], theirs["reasons"], theirs["notes"], theirs["stops"]) == ({}, [], [], [])


def test_debtors_contacts_stops_and_imports_are_read_by_their_creditor_alone_and_without_words(
    web: Web,
) -> None:
    client, other = account(web), account(web, name="second", creditor="other")
    called = {
        "debtor": "A-1",
        "channel": "call",
        "outcome": "conversation",
        "external_id": "c-1",
        "note": "she wept",
    }
    assert client.post("/api/v1/contacts", json=called).status_code == 201
    stopped = {"debtor": "A-1", "medium": "email", "words": "leave me in peace"}
    assert client.post("/api/v1/opt-outs", json=stopped).status_code == 201

    [contact] = client.get("/api/v1/contacts?debtor=A-1").json()["items"]
    [stop] = client.get("/api/v1/opt-outs", params={"debtor": "acme/A-1"}).json()["items"]
    assert (contact["debtor"], contact["external_id"], contact["outcome"]) == (
        "acme/A-1",
        "c-1",
        "conversation",
    )
    assert (stop["debtor"], stop["medium"], stop["revoked_at"]) == ("acme/A-1", "email", None)
    assert client.get("/api/v1/contacts?debtor=A-2").json()["items"] == []
    debtor = client.get("/api/v1/debtors/acme/A-1").json()
    assert (debtor["name"], debtor["country"], debtor["erased"]) == ("Ana Pérez", "US", False)
    listed = client.get("/api/v1/debtors?limit=500").json()["items"]
    assert debtor in listed
    for words in ("wept", "peace"):
        assert words not in client.get("/api/v1/contacts").text + client.get("/api/v1/opt-outs").text
    for path in ("contacts", "opt-outs", "debtors", "imports"):
        assert other.get(f"/api/v1/{path}").json()["items"] == [], path
    assert other.get("/api/v1/debtors/acme/A-1").status_code == 404
    assert other.get("/api/v1/contacts?debtor=acme/A-1").status_code == 404


@pytest.mark.parametrize("path", ["debtors", "contacts", "opt-outs", "imports", "messages", "runs", "debts", "payments", "parties", "documents", "decisions",
                                  "arrangements", "people", "events"])  # fmt: skip
def test_a_wrong_cursor_and_an_unknown_parameter_are_refused_on_every_list(web: Web, path: str) -> None:
    client = account(web)
    name = "after" if path == "events" else "cursor"

    for wrong in ("zz", "-1", "x" * 300):
        assert client.get(f"/api/v1/{path}", params={name: wrong}).status_code == 400, wrong
    answer = client.get(f"/api/v1/{path}?colour=red")
    assert (answer.status_code, "colour" in answer.json()["detail"]) == (400, True)


def test_every_address_says_in_which_ways_it_is_asked(web: Web) -> None:
    from dispatcher.web.api.operations import OPERATIONS

    client = account(web)
    ways: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        ways.setdefault(operation.path, set()).add(operation.method)
    for path, methods in ways.items():
        real = path.replace("{creditor}", "acme").replace("{reference}", "A-1").replace("{id}", "1")
        answer = client.delete(f"/api/v1{real.replace('{name}', 'first-reminder')}")
        assert answer.status_code == 405, path
        assert methods <= set(answer.headers["allow"].replace(" ", "").split(",")), path
        assert answer.headers["content-type"] == "application/problem+json"


# Parties and papers.


def test_everybody_who_answers_for_a_debt_is_listed_page_by_page(web: Web) -> None:
    client = account(web)
    people = [
        {
            **ROW,
            "debt_reference": f"W{n}",
            "debtor": {**ROW["debtor"], "reference": f"P{n}", "email": f"p{n}@d.example"},
        }
        for n in (1, 2, 3)
    ]
    client.post("/api/v1/debts", json=people)
    pushed = client.post(
        "/api/v1/debts",
        json=[
            {**people[0], "joint_debtors": "P2;P3"},
            {**people[1], "guarantors": "P3", "joint_debtors": ""},
        ],
    ).json()
    assert pushed["errors"] == []

    first = client.get("/api/v1/parties?limit=2").json()
    second = client.get("/api/v1/parties", params={"limit": 2, "cursor": first["next"]}).json()

    listed = [(one["debt"], one["debtor"], one["relation"]) for one in first["items"] + second["items"]]
    assert listed == [
        ("acme/W1", "acme/P2", "joint_debtor"), ("acme/W1", "acme/P3", "joint_debtor"),
        ("acme/W2", "acme/P3", "guarantor"),
    ]  # fmt: skip
    assert second["next"] is None
    assert len(client.get("/api/v1/parties?debt=W2").json()["items"]) == 1
    assert account(web, name="second", creditor="other").get("/api/v1/parties").json()["items"] == []


def test_a_paper_stands_once_until_it_is_withdrawn_and_its_creditors_alone_see_it(web: Web) -> None:
    client, other = account(web), account(web, name="second", creditor="other")
    first = client.post("/api/v1/documents", json={**PAPER, "external_id": "I-1"})
    assert first.status_code == 201, first.text

    again = client.post("/api/v1/documents", json={**PAPER, "external_id": "I-1"})
    changed = client.post("/api/v1/documents", json={**PAPER, "external_id": "I-1", "title": "Another"})

    assert (again.status_code, again.json()["id"], changed.status_code) == (201, first.json()["id"], 409)
    [listed] = client.get("/api/v1/documents", params={"debt": "acme/D-1"}).json()["items"]
    assert (listed["debt"], listed["title"], listed["url"]) == ("acme/D-1", PAPER["title"], PAPER["url"])
    assert other.get("/api/v1/documents").json()["items"] == []
    assert other.post("/api/v1/documents", json=PAPER).status_code == 404
    number = first.json()["id"]
    assert other.post(f"/api/v1/documents/{number}/withdrawals", json={"why": "x"}).status_code == 404
    assert client.post(f"/api/v1/documents/{number}/withdrawals", json={}).status_code == 422
    gone = client.post(f"/api/v1/documents/{number}/withdrawals", json={"why": "the wrong customer"})
    assert gone.status_code == 201
    assert gone.json()["withdrawn_at"]
    assert client.get("/api/v1/documents").json()["items"] == []
    assert client.post(f"/api/v1/documents/{number}/withdrawals", json={"why": "x"}).status_code == 409


@pytest.mark.parametrize(
    "change",
    [{"url": "http://erp.example/i"}, {"url": "javascript:alert(1)"}, {"url": "https://a:b@erp.example/"}, {"title": ""},
     {"kind": "poem"}, {"sha256": "abc"}, {"title": "x" * 201}],
)  # fmt: skip
def test_a_paper_that_nobody_should_open_is_refused(web: Web, change: dict[str, str]) -> None:
    assert account(web).post("/api/v1/documents", json={**PAPER, **change}).status_code == 422


def test_who_answers_somebody_that_asks_for_proof_sees_the_papers(web: Web) -> None:
    client = account(web)
    client.post("/api/v1/documents", json=PAPER)
    said = Said(now=NOW, actor="test", source="a call")
    words = "please send me proof of this debt"
    web.house.record(
        "contact", "acme/A-1", said, {"channel": ("email",), "inbound": ("yes",), "text": (words,)}
    )
    desk = web.signed_in("operator")

    number = desk.page("/inbox").partition('href="/inbox/')[2].partition('"')[0]
    text = desk.page(f"/inbox/{number}")

    assert "Invoice 4711" in text
    assert 'href="https://erp.example/i/4711"' in text


# How often, and as a test.


def test_a_token_is_told_what_is_left_and_refused_when_nothing_is(open_web: Any) -> None:
    web = open_web(web={"api_requests_per_minute": 3})
    client, other = account(web), account(web, name="second")

    answers = [client.get("/api/v1/creditors") for _ in range(4)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"requests";q=3;w=60'
    left = [one.headers["ratelimit"].partition(";t=")[0] for one in answers]
    assert left == [f'"requests";r={n}' for n in (2, 1, 0, 0)]
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    assert answers[3].json()["status"] == 429
    assert other.get("/api/v1/creditors").status_code == 200
    assert web.visitor().get("/api/v1/openapi.json").status_code == 200


def test_a_window_that_is_over_gives_the_whole_allowance_again() -> None:
    from dispatcher.web.site.rate_limit import Allowance

    clock = [NOW]
    allowance = Allowance(requests=1, window=timedelta(minutes=1), clock=lambda: clock[0])
    assert [allowance.spend("a").is_over, allowance.spend("a").is_over, allowance.spend("b").is_over] == [
        False, True, False,
    ]  # fmt: skip
    clock[0] += timedelta(seconds=59)
    assert allowance.spend("a").seconds == 1
    clock[0] += timedelta(seconds=1)
    assert not allowance.spend("a").is_over
    clock[0] -= timedelta(hours=1)  # a clock that was set back shuts nobody out
    assert not allowance.spend("a").is_over


def test_a_test_key_is_answered_as_if_and_keeps_nothing(web: Web) -> None:
    key = accounts.add_account(
        web.house.database, name="trial", scopes=SCOPES, creditor="acme", by="test", at=web.house.real_now(),
        is_test=True,
    )  # fmt: skip
    trial, real = web.visitor(), account(web)
    trial.headers["Authorization"] = f"Bearer {key}"

    def standing() -> list[Any]:
        with web.house.database.reading() as connection:
            stops = connection.execute(opt_outs.select()).all()
        lists = ("debts", "payments", "documents", "webhooks", "decisions", "events")
        return [
            len(stops),
            *(real.get(f"/api/v1/{one}?limit=500").json() for one in lists if one != "webhooks"),
        ]

    before = standing()
    pushed = trial.post("/api/v1/debts", json=[ROW])
    assert (pushed.status_code, pushed.json()["imported"]) == (200, 1)
    headers = {"Idempotency-Key": "k"}
    paid = trial.post("/api/v1/payments", json={"debt": "D-1", "amount": "20.00"}, headers=headers)
    assert (paid.status_code, paid.json()["left"]) == (201, "100.00"), paid.text
    assert paid.headers["dispatcher-test"] == "nothing was kept"
    for path, body in (
        ("opt-outs", {"debtor": "A-1", "medium": "email"}),
        ("contacts", {"debtor": "A-1", "channel": "call", "outcome": "conversation"}),
        ("documents", PAPER),
        ("webhooks", {"url": "http://127.0.0.1:9/hook"}),
        ("decisions", {"debtor": "A-1"}),
    ):
        answer = trial.post(f"/api/v1/{path}", json=body)
        assert (answer.status_code, answer.headers["dispatcher-test"]) == (201, "nothing was kept"), (
            answer.text
        )
    assert trial.post("/api/v1/payments", json={"debt": "none", "amount": "1.00"}).status_code == 404

    assert standing() == before
    assert real.get("/api/v1/webhooks").json()["items"] == []
    assert trial.get("/api/v1/debts").headers["dispatcher-test"]
