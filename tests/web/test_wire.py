"""The wire to a creditor's system: its account, what it pushes, what it may see, what it is told."""

import hashlib
import hmac
import json
import re
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from dispatcher.people.record_hold import record_hold
from dispatcher.people.recording import Said
from dispatcher.users import manage_service_accounts as accounts
from dispatcher.users.domain.scopes import SCOPES
from dispatcher.users.manage_users import UserError
from dispatcher.wire.domain.signature import headers_of
from dispatcher.wire.send_events import EventPorts, send_events
from dispatcher.wire.storage import webhooks
from dispatcher.worker.event_loop import event_ports
from tests.doubles.http_server import Request
from tests.web.house import Web

ROW = {
    "debt_reference": "W1", "currency": "USD", "balance": "120.00", "due_date": "2026-10-12", "debt_type": "consumer",
    "debtor": {
        "reference": "P1", "name": "Ana Perez", "language": "en", "country": "US", "region": "NY",
        "postal_code": "10001", "address_line_1": "1 Main St", "city": "New York", "email": "p1@debtors.example",
    },
}  # fmt: skip


def account(web: Web, *scopes: str, creditor: str = "acme", name: str = "erp") -> TestClient:
    key = accounts.add_account(
        web.house.database,
        name=name,
        scopes=scopes or SCOPES,
        creditor=creditor,
        by="test",
        at=web.house.real_now(),
    )
    client = web.visitor()
    client.headers["Authorization"] = f"Bearer {key}"
    return client


def types(client: TestClient, after: str = "") -> list[str]:
    events = client.get("/api/v1/events", params={"after": after, "limit": 500} if after else {"limit": 500})
    return [event["type"] for event in events.json()["items"]]


# Accounts.


def test_an_account_may_do_what_its_scopes_say_and_nothing_else(web: Web) -> None:
    client = account(web, "debts:read")

    assert client.get("/api/v1/debts").status_code == 200
    refused = client.post("/api/v1/debts", json=[ROW])
    assert refused.status_code == 403
    assert "debts:write" in refused.json()["detail"]
    for person_only in ("/api/v1/entries", "/api/v1/seals", "/api/v1/stops", "/api/v1/templates"):
        assert client.get(person_only).status_code == 403


def test_every_operation_of_an_account_names_its_scope_in_the_document(web: Web) -> None:
    from dispatcher.web.api.operations import OPERATIONS

    document = web.visitor().get("/api/v1/openapi.json").json()
    for operation in OPERATIONS:
        if operation.scope:
            assert operation.scope in SCOPES
            written = document["paths"][operation.path][operation.method.lower()]
            assert {"bearer": [operation.scope]} in written["security"]
    assert {operation.scope for operation in OPERATIONS} - {""} <= set(SCOPES)


def test_two_keys_live_side_by_side_while_one_is_replaced_and_a_third_is_refused(web: Web) -> None:
    first = account(web, "debts:read")
    database, now = web.house.database, web.house.real_now()
    second = accounts.add_key(database, name="erp", by="test", at=now)
    with pytest.raises(UserError, match="has 2 keys"):
        accounts.add_key(database, name="erp", by="test", at=now)
    [listed] = accounts.list_accounts(database, now)
    old = next(key.name for key in listed.keys if not second.startswith(key.name))

    accounts.end_key(database, name="erp", prefix=old, by="test", at=now)

    assert first.get("/api/v1/debts").status_code == 401
    client = web.visitor()
    client.headers["Authorization"] = f"Bearer {second}"
    assert client.get("/api/v1/debts").status_code == 200
    accounts.end_account(database, name="erp", by="test", at=now)
    assert client.get("/api/v1/debts").status_code == 401


def test_a_key_ends_after_a_year_and_nobody_signs_in_as_a_program(web: Web) -> None:
    key = accounts.add_account(
        web.house.database, name="ledger-sync-77", scopes=["debts:read"], creditor="", by="test",
        at=web.house.real_now() - timedelta(days=366),
    )  # fmt: skip
    client = web.visitor()
    client.headers["Authorization"] = f"Bearer {key}"

    assert client.get("/api/v1/debts").status_code == 401
    signed = web.visitor().post("/sign-in", data={"name": "ledger-sync-77", "password": ""})
    assert signed.status_code in (401, 403, 422)
    assert "ledger-sync-77" not in web.signed_in("admin").page("/users")


@pytest.mark.parametrize("path", ["/people/other/X-1", "/debts/other/X-1", "/people/other/X-1/timeline"])
def test_another_creditors_people_and_debts_are_not_there(web: Web, path: str) -> None:
    everybody = account(web, name="all", creditor="")
    everybody.post("/api/v1/debts", json=[{**ROW, "creditor": "other", "debt_reference": "X-1"}])
    client = account(web)

    assert client.get(f"/api/v1{path}").status_code in (403, 404)
    assert client.get("/api/v1/debts?creditor=other").status_code == 403
    assert {one["creditor"] for one in client.get("/api/v1/debts?limit=500").json()["items"]} == {"acme"}
    keys = [one["key"] for one in client.get("/api/v1/creditors").json()["items"]]
    assert keys == ["acme"]


# Pushing debts and payments.


def test_rows_are_taken_one_by_one_and_an_error_names_its_row(web: Web) -> None:
    client = account(web)
    rows = [
        ROW,
        {**ROW, "debt_reference": "W2", "balance": "a lot"},
        {**ROW, "debt_reference": "W3", "creditor": "other"},
        {**ROW, "debt_reference": "W4", "balance": 120.5},
        "no row",
        {**ROW, "debt_reference": "W5", "debtor": {**ROW["debtor"], "reference": "P5", "email": "p5@debtors.example"}},
    ]  # fmt: skip

    pushed = client.post("/api/v1/debts", json=rows).json()

    assert (pushed["rows"], pushed["imported"], pushed["refused"]) == (6, 2, 4)
    assert [(error["row"], error["column"]) for error in pushed["errors"]] == [
        (1, "balance"), (2, "creditor"), (3, "balance"), (4, ""),
    ]  # fmt: skip
    debt = client.get("/api/v1/debts/acme/W1").json()
    assert (debt["balance"], debt["currency"], debt["debtor"]) == ("120.00", "USD", "acme/P1")


def test_a_push_says_nothing_of_debts_and_columns_that_it_does_not_name(web: Web) -> None:
    client = account(web)
    before = client.get("/api/v1/debts/acme/D-1").json()
    client.post("/api/v1/debts", json=[{**ROW, "disputed_on": "2026-11-01"}])

    client.post("/api/v1/debts", json=[{**ROW, "balance": "100.00"}])

    assert client.get("/api/v1/debts/acme/D-1").json() == before
    debt = client.get("/api/v1/debts/acme/W1").json()
    assert (debt["balance"], debt["disputed_on"]) == ("100.00", "2026-11-01")


def test_a_dry_run_changes_nothing(web: Web) -> None:
    client = account(web)

    said = client.post("/api/v1/debts?dry_run=yes", json=[ROW]).json()

    assert said["imported"] == 1
    assert client.get("/api/v1/debts/acme/W1").status_code == 404


def test_a_long_push_is_answered_at_once_and_asked_for_where_it_says(web: Web) -> None:
    rows = [{**ROW, "debt_reference": f"L{n}", "debtor": {**ROW["debtor"], "reference": f"Q{n}", "email": f"q{n}@d.example"}} for n in range(1_100)]  # fmt: skip
    with web.visitor() as inside:  # jobs, and what is done in passing, end with the site
        client = account(web)
        inside.headers.update(client.headers)
        answer = inside.post("/api/v1/debts", json=rows, headers={"Idempotency-Key": "k1"})
        again = inside.post("/api/v1/debts", json=rows, headers={"Idempotency-Key": "k1"})
        while inside.get(answer.headers["location"]).json()["state"] == "running":
            pass  # a job that hangs is silent for two minutes, then "interrupted"
        pushed = inside.get(answer.headers["location"]).json()
        listed = inside.get("/api/v1/imports").json()["items"]
        inside.headers.update(account(web, name="second").headers)
        stranger = inside.get(answer.headers["location"])
    assert (answer.status_code, again.status_code) == (202, 202)
    assert answer.headers["location"] == again.headers["location"]
    assert (pushed["state"], pushed["imported"]) == ("done", 1_100)
    assert stranger.status_code == 404
    assert [(one["id"], one["state"], one["imported"]) for one in listed] == [(pushed["id"], "done", 1_100)]


def test_a_key_used_for_another_body_is_refused(web: Web) -> None:
    client = account(web)
    headers = {"Idempotency-Key": "once"}
    first = client.post("/api/v1/debts", json=[ROW], headers=headers)

    assert client.post("/api/v1/debts", json=[ROW], headers=headers).json() == first.json()
    assert client.post("/api/v1/debts", json=[{**ROW, "balance": "1.00"}], headers=headers).status_code == 422


def test_a_payment_lowers_what_is_owed_and_its_reversal_gives_it_back(web: Web) -> None:
    client = account(web)
    client.post("/api/v1/debts", json=[ROW])

    paid = client.post("/api/v1/payments", json={"debt": "W1", "amount": "20.00", "source": "bank 1"})

    assert paid.status_code == 201
    assert client.get("/api/v1/debts/acme/W1").json()["balance"] == "100.00"
    assert client.post("/api/v1/payments", json={"debt": "W1", "amount": "20.00"}).status_code == 409
    number = paid.json()["id"]
    reversed_ = client.post(f"/api/v1/payments/{number}/reversals", json={"source": "the cheque bounced"})
    assert reversed_.status_code == 201
    assert client.get("/api/v1/debts/acme/W1").json()["balance"] == "120.00"
    assert client.post(f"/api/v1/payments/{number}/reversals", json={"source": "again"}).status_code == 409
    assert [one["reversed"] for one in client.get("/api/v1/payments").json()["items"]] == [True]


def test_a_payment_of_another_creditors_debt_is_not_found(web: Web) -> None:
    account(web, name="all", creditor="").post("/api/v1/debts", json=[{**ROW, "creditor": "other"}])
    client = account(web)

    for body in ({"debt": "W1"}, {"debtor": "other/P1"}, {"debt": "other/W1"}):
        answer = client.post("/api/v1/payments", json={**body, "amount": "1.00"})
        assert answer.status_code in (403, 404), body


def test_what_is_asked_in_a_wrong_way_says_which_ways_there_are(web: Web) -> None:
    answer = account(web).put("/api/v1/debts", json=[])

    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].replace(" ", "").split(","))


# Agreements, contacts, stops.


def test_what_was_agreed_is_read_by_its_creditor_alone(web: Web) -> None:
    client, other = account(web), account(web, name="second", creditor="other")
    client.post("/api/v1/debts", json=[{**ROW, "promise_date": "2026-12-10", "promise_amount": "120.00"}])

    [promise] = [
        one for one in client.get("/api/v1/arrangements").json()["items"] if one["debts"] == ["acme/W1"]
    ]

    assert (promise["kind"], promise["state"], promise["total"]) == ("promise", "active", "120.00")
    assert client.get(f"/api/v1/arrangements/{promise['id']}").json() == promise
    assert other.get("/api/v1/arrangements").json()["items"] == []
    assert other.get(f"/api/v1/arrangements/{promise['id']}").status_code == 404


def test_a_stop_said_elsewhere_binds_here_and_is_told_back(web: Web) -> None:
    client = account(web)
    client.post("/api/v1/debts", json=[ROW])

    assert client.post("/api/v1/opt-outs", json={"debtor": "P1", "medium": "email"}).status_code == 201
    contact = {"debtor": "P1", "channel": "call", "outcome": "conversation", "external_id": "c-1"}
    assert client.post("/api/v1/contacts", json=contact).status_code == 201

    records = client.get("/api/v1/people/acme/P1").json()["records"]
    assert len(records["opt_outs"]) == len(records["contacts"]) == 1
    assert "opted_out" in types(client)
    for body in ({"debtor": "other/P1", "medium": "email"}, {"debtor": "nobody", "medium": "email"}, {}):
        assert client.post("/api/v1/opt-outs", json=body).status_code in (404, 422)


# Events.


def test_the_feed_tells_each_event_once_in_the_sealers_order_and_only_the_creditors_own(web: Web) -> None:
    client, other = account(web), account(web, name="second", creditor="other")
    start = client.get("/api/v1/events?limit=500").json()["items"]
    assert {"accepted", "run_finished"} <= {event["type"] for event in start}
    assert {event.get("creditor", "acme") for event in start} == {"acme"}
    assert [int(event["id"]) for event in start] == sorted(int(event["id"]) for event in start)

    client.post("/api/v1/debts", json=[ROW])
    client.post("/api/v1/payments", json={"debt": "W1", "amount": "20.00", "source": "bank 1"})
    news = client.get("/api/v1/events", params={"after": start[-1]["id"]}).json()

    [paid] = [event for event in news["items"] if event["type"] == "payment_recorded"]
    assert paid["details"]["left"] == "100.00"
    assert paid["debts"] == ["acme/W1"]
    assert {event["type"] for event in other.get("/api/v1/events").json()["items"]} <= {"run_finished"}


def test_pages_of_the_feed_lose_and_repeat_nothing(web: Web) -> None:
    client = account(web)
    whole = client.get("/api/v1/events?limit=500").json()["items"]
    pages: list[Any] = []
    page = client.get("/api/v1/events?limit=2").json()
    while True:
        pages += page["items"]
        if page["next"] is None:
            break
        page = client.get("/api/v1/events", params={"limit": 2, "after": page["next"]}).json()

    assert pages == whole


@pytest.mark.parametrize("cursor", ["zz", "-1", "1.5", "9" * 40])
def test_a_cursor_that_is_none_is_refused(web: Web, cursor: str) -> None:
    assert account(web).get("/api/v1/events", params={"after": cursor}).status_code == 400


def test_neither_words_nor_troubles_of_a_person_leave_the_house(web: Web) -> None:
    client = account(web)
    record = web.house.record
    said = Said(now=web.house.now(), actor="test", source="a call", note="she cried on the telephone")
    record(
        "contact", "acme/A-1", said, {"channel": ("call",), "inbound": ("yes",), "text": ("my secret words",)}
    )
    record_hold(web.house.database, "acme/A-1", "care", said)
    feed = client.get("/api/v1/events?limit=500").text
    person = client.get("/api/v1/people/acme/A-1").text

    for words in ("cried", "secret words", '"care"'):
        assert words not in feed
        assert words not in person
    assert '"held"' in feed


# Webhooks.


class Receiver:
    """A creditor's own end: takes events, or answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[Request] = []
        self.answers: list[int] = []
        self.lock = threading.Lock()

    def post(self, url: str, body: bytes, headers: Any) -> int:
        with self.lock:
            self.taken.append(Request("POST", url, {k.lower(): v for k, v in headers.items()}, body))
            status = self.answers.pop(0) if self.answers else 200
        if not status:
            raise OSError("receiver did not answer")
        return status


@contextmanager
def clock_of(ports: EventPorts) -> Iterator[Callable[[timedelta], EventPorts]]:
    """Ports whose real clock stands where it is told."""
    start: datetime = ports.real_now()
    yield lambda later: replace(ports, real_now=lambda: start + later)


def test_a_signature_is_that_of_the_open_form() -> None:
    body = b'{"event_type":"ping","data":{"success":true}}'
    headers = headers_of("whsec_plJ3nmyCDGBKInavdOK15jsl", "msg_loFOjxBNrRLzqYUf", 1731705121, body)

    assert headers["webhook-signature"] == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_events_are_signed_sent_in_order_and_tried_again_under_the_same_id(web: Web) -> None:
    client, receiver = account(web), Receiver()
    client.post("/api/v1/debts", json=[ROW])
    client.get("/api/v1/events")  # seals what came of it
    added = client.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:9/hook"}).json()
    assert added["secret"].startswith("whsec_")
    paid = client.post("/api/v1/payments", json={"debt": "W1", "amount": "20.00", "source": "b"}).json()["id"]
    client.post(f"/api/v1/payments/{paid}/reversals", json={"source": "bounced"})
    receiver.answers = [200, 500, 0]

    with clock_of(replace(event_ports(web.house), post=receiver.post)) as at:
        assert send_events(at(timedelta(0))) == 1
        assert send_events(at(timedelta(seconds=1))) == 0  # it waits
        send_events(at(timedelta(seconds=90)))
        send_events(at(timedelta(seconds=91)))
        assert send_events(at(timedelta(hours=1))) == 1
        assert send_events(at(timedelta(hours=2))) == 0

    told = [(request.headers["webhook-id"], json.loads(request.body)["type"]) for request in receiver.taken]
    assert [kind for _, kind in told] == ["payment_recorded"] + ["payment_reversed"] * 3
    assert len({key for key, _ in told}) == 2
    for request in receiver.taken:
        key = b64decode(added["secret"].removeprefix("whsec_"))
        signed = (
            f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
        )
        [wanted] = [hmac.digest(key, signed, hashlib.sha256)]
        assert b64decode(request.headers["webhook-signature"].removeprefix("v1,")) == wanted
    tries = client.get(f"/api/v1/webhooks/{added['id']}/tries").json()["items"]
    assert [one["status"] for one in tries] == [200, None, 500, 200]


def test_a_receiver_hears_of_its_creditor_alone_and_nothing_from_before(web: Web) -> None:
    account(web, name="all", creditor="").post("/api/v1/debts", json=[{**ROW, "creditor": "other"}])
    client, receiver = account(web), Receiver()
    client.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:9/hook"})

    account(web, name="third", creditor="other").post(
        "/api/v1/payments", json={"debt": "W1", "amount": "5.00", "source": "b"}
    )
    send_events(replace(event_ports(web.house), post=receiver.post))

    assert receiver.taken == []


def test_a_receiver_that_says_gone_is_told_nothing_more_and_one_that_is_ended_neither(web: Web) -> None:
    client, receiver = account(web), Receiver()
    receiver.answers = [410]
    first = client.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:9/a"}).json()["id"]
    second = client.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:9/b"}).json()["id"]
    assert client.post(f"/api/v1/webhooks/{second}/endings").status_code == 201
    client.post("/api/v1/debts", json=[ROW])
    client.post("/api/v1/payments", json={"debt": "W1", "amount": "5.00", "source": "b"})

    send_events(replace(event_ports(web.house), post=receiver.post))
    send_events(replace(event_ports(web.house), post=receiver.post))

    assert [request.target for request in receiver.taken] == ["http://127.0.0.1:9/a"]
    with web.house.database.reading() as connection:
        assert webhooks.living(connection) == []
    assert client.get(f"/api/v1/webhooks/{first}/tries").status_code == 404


def test_an_admin_gives_and_ends_keys_and_receivers_on_a_page(web: Web) -> None:
    admin = web.signed_in("admin")
    form = {"name": "shop", "creditor": "acme", "scope": ["debts:read", "events:read"]}
    text = admin.post("/wire/accounts", form).text
    key = re.search(r"dsp_[\w-]+", text)
    assert key is not None
    client = web.visitor()
    client.headers["Authorization"] = f"Bearer {key[0]}"
    assert client.get("/api/v1/debts").status_code == 200
    assert key[0] not in admin.page("/wire")
    assert "whsec_" in admin.post("/wire/receivers", {"url": "http://127.0.0.1:9/h", "creditor": "acme"}).text
    assert "whsec_" not in admin.page("/wire")
    assert "https alone" in admin.post("/wire/receivers", {"url": "http://erp.example/h"}).text

    assert "asked again" in admin.said(admin.post("/wire/receivers/1/retry"))
    assert "Nothing more" in admin.said(admin.post("/wire/receivers/1/end"))
    assert "There is no webhook 1" in admin.said(admin.post("/wire/receivers/1/end"))
    assert "has ended" in admin.said(admin.post("/wire/accounts/shop/keys/end", {"key": key[0][:12]}))
    assert client.get("/api/v1/debts").status_code == 401


@pytest.mark.parametrize(
    "url", ["http://erp.example/x", "ftp://127.0.0.1/x", "https://a:b@erp.example/", "erp.example", "", "https://a b/"]
)  # fmt: skip
def test_an_address_that_is_not_safe_is_refused(web: Web, url: str) -> None:
    assert account(web).post("/api/v1/webhooks", json={"url": url}).status_code == 422
