"""What is sent twice is done once: repeats under a key, payments under an id of their own, and a program that dies."""

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from dispatcher.users import manage_service_accounts as accounts
from dispatcher.users.storage import idempotency
from tests.shared import ROOT
from tests.web.house import Web
from tests.web.test_wire import ROW, account

PAID = {"debt": "W1", "amount": "20.00", "source": "bank 1"}


def payments_of(client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/v1/payments").json()["items"]
    return found


@pytest.mark.parametrize("die_after", [1, 2])
def test_a_payment_cut_off_after_any_commit_is_answered_to_its_repeat_and_counts_once(
    web: Web, die_after: int
) -> None:
    client = account(web)
    client.post("/api/v1/debts", json=[ROW])
    key = client.headers["authorization"].removeprefix("Bearer ")
    argv = [str(web.house.home), key, str(die_after), "/api/v1/payments", json.dumps(PAID)]
    child = subprocess.run(
        [sys.executable, "-m", "tests.web.dies_after_commit", *argv],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (child.returncode == 9) == (die_after == 1), child.stderr
    assert len(payments_of(client)) == 1  # one commit holds all of it

    headers = {"Idempotency-Key": "cut off", "Content-Type": "application/json"}
    again = client.post("/api/v1/payments", content=json.dumps(PAID), headers=headers)
    assert again.status_code == 201, again.text
    [payment] = payments_of(client)
    assert again.json()["id"] == payment["id"]


def test_what_was_refused_leaves_its_key_free(web: Web) -> None:
    client = account(web)
    headers = {"Idempotency-Key": "k"}
    assert client.post("/api/v1/payments", json=PAID, headers=headers).status_code == 404
    client.post("/api/v1/debts", json=[ROW])

    assert client.post("/api/v1/payments", json=PAID, headers=headers).status_code == 201
    again = client.post("/api/v1/payments", json=PAID, headers=headers)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert len(payments_of(client)) == 1


def test_a_push_that_was_cut_off_is_done_again_once_nobody_can_be_at_it(web: Web) -> None:
    client = account(web)
    database, now = web.house.database, web.house.real_now()
    body = json.dumps([ROW])
    headers = {"Idempotency-Key": "push", "Content-Type": "application/json"}
    client.post("/api/v1/debts", content=body, headers=headers)
    [user] = [one.user for one in accounts.list_accounts(database, now)]
    with database.writing() as connection:
        known = idempotency.claim(connection, user.id, "push", "", now)
        assert known is not None
        idempotency.forget(connection, user.id, "push")
        idempotency.claim(connection, user.id, "push", known.request_sha256, now)  # and dies

    waits = client.post("/api/v1/debts", content=body, headers=headers)
    assert waits.status_code == 409
    assert 0 < int(waits.headers["retry-after"]) <= idempotency.LEASE.total_seconds()
    with database.writing() as connection:
        idempotency.forget(connection, user.id, "push")
        idempotency.claim(connection, user.id, "push", known.request_sha256, now - timedelta(minutes=2))
    assert client.post("/api/v1/debts", content=body, headers=headers).json()["imported"] == 1
    assert (
        client.post("/api/v1/debts", content=body, headers=headers).headers["idempotent-replayed"] == "true"
    )


# Payments under the creditor's own ids.


def test_a_payment_sent_twice_under_its_creditors_id_counts_once(web: Web) -> None:
    client = account(web)
    client.post("/api/v1/debts", json=[ROW])
    first = client.post("/api/v1/payments", json={**PAID, "external_id": "B-1"}).json()

    again = client.post("/api/v1/payments", json={**PAID, "external_id": "B-1"})

    assert again.status_code == 201
    assert (again.json()["id"], again.json()["already"], first["already"]) == (first["id"], True, False)
    assert client.get("/api/v1/debts/acme/W1").json()["balance"] == "100.00"
    other = client.post("/api/v1/payments", json={**PAID, "external_id": "B-2"})  # it needs no `again`
    assert (other.status_code, other.json()["left"]) == (201, "80.00")
    found = client.get("/api/v1/payments", params={"external_id": "B-2"}).json()["items"]
    assert [one["id"] for one in found] == [other.json()["id"]]
    events = client.get("/api/v1/events?limit=500").json()["items"]
    told = [event["details"]["external_id"] for event in events if event["type"] == "payment_recorded"]
    assert told == ["B-1", "B-2"]


@pytest.mark.parametrize("change", [{"amount": "21.00"}, {"paid_on": "2026-11-01"}, {"debt": "W2"}])
def test_another_payment_under_an_id_that_is_taken_is_refused(web: Web, change: dict[str, str]) -> None:
    client = account(web)
    client.post("/api/v1/debts", json=[ROW, {**ROW, "debt_reference": "W2"}])
    client.post("/api/v1/payments", json={**PAID, "external_id": "B-1", "paid_on": "2026-11-16"})

    refused = client.post("/api/v1/payments", json={**PAID, "external_id": "B-1", **change})

    assert (refused.status_code, "B-1" in refused.json()["detail"]) == (409, True)
    assert len(payments_of(client)) == 1


def test_two_creditors_may_call_their_payments_alike(web: Web) -> None:
    everybody = account(web, name="all", creditor="")
    everybody.post("/api/v1/debts", json=[{**ROW, "creditor": one} for one in ("acme", "other")])
    for debt in ("acme/W1", "other/W1"):
        paid = everybody.post("/api/v1/payments", json={**PAID, "debt": debt, "external_id": "B-1"})
        assert (paid.status_code, paid.json()["already"]) == (201, False), paid.text


def test_one_payment_of_several_debts_is_one_under_its_id(web: Web) -> None:
    client = account(web)
    client.post("/api/v1/debts", json=[ROW, {**ROW, "debt_reference": "W2"}])
    body = {"debtor": "P1", "amount": "240.00", "external_id": "B-1"}
    first = client.post("/api/v1/payments", json=body).json()

    again = client.post("/api/v1/payments", json=body)  # and nothing is owed any more

    assert (again.status_code, again.json()["id"], again.json()["amount"]) == (201, first["id"], "240.00")
    assert sorted(again.json()["debts"]) == ["acme/W1", "acme/W2"]
    client.post(f"/api/v1/payments/{first['id']}/reversals", json={"source": "bounced"})
    late = client.post("/api/v1/payments", json=body).json()
    assert (late["already"], late["reversed"]) == (
        True,
        True,
    )  # a repeat gives back no payment that was taken back


def test_more_than_is_owed_has_to_be_said_to_be_sure(web: Web) -> None:
    client = account(web)
    client.post("/api/v1/debts", json=[ROW])
    much = {**PAID, "amount": "500.00"}

    assert client.post("/api/v1/payments", json=much).status_code == 422
    assert client.post("/api/v1/payments", json={**much, "sure": True}).status_code == 201
