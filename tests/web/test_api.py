"""The API: bearer tokens, cursors, problems, repeats under one key, and a description that is true."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from sqlalchemy import DDL, Column, String, func, select
from starlette.testclient import TestClient

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.metadata import metadata
from dispatcher.database.tables.users import api_tokens
from dispatcher.users.manage_users import disable_user, make_token, revoke_tokens
from tests.web.house import ALL, Web

ANA = "/api/v1/people/acme/A-1"


def bearer(web: Web, name: str = ALL) -> TestClient:
    token = make_token(web.house.database, name=name, label="test", by="test", at=web.house.real_now())
    client = web.visitor()
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def long_push(client: TestClient) -> str:
    """The number of a push that is done beside the request."""
    answer = client.post("/api/v1/debts", json=[{"debt_reference": str(n)} for n in range(1_001)])
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def is_problem(answer: Response, status: int) -> bool:
    document = answer.json()
    return (
        answer.status_code == document["status"] == status
        and answer.headers["content-type"] == "application/problem+json"
        and {"type", "title", "detail"} <= set(document)
    )


def test_the_description_is_valid_openapi_3_1_and_names_every_operation(web: Web) -> None:
    from dispatcher.web.site.access import ACCESS

    document = web.visitor().get("/api/v1/openapi.json").json()

    validate(document)
    assert document["openapi"].startswith("3.1")
    told = {
        f"{method.upper()} /api/v1{path}" for path, methods in document["paths"].items() for method in methods
    }
    assert told == {name for name in ACCESS if "/api/v1" in name}


def test_what_the_api_gives_fits_its_description(web: Web, message_of: Callable[..., str]) -> None:
    client, document = bearer(web), web.visitor().get("/api/v1/openapi.json").json()
    promise = {"fact": "promise", "on": "2026-12-01", "source": "a call"}
    assert client.post(f"{ANA}/records", json=promise).status_code == 201
    filled = {
        "/messages/{id}": message_of(),
        "/runs/{id}": "1",
        "/entries/{id}": "1",
        "/templates/{name}/versions": "first-reminder",
        "/imports/{id}": long_push(client),
        "/arrangements/{id}": client.get("/api/v1/arrangements").json()["items"][0]["id"],
        "/webhooks/{id}/tries": client.post(
            "/api/v1/webhooks", json={"url": "http://127.0.0.1:9/hook", "creditor": "acme"}
        ).json()["id"],
    }
    seen = 0
    for path, methods in document["paths"].items():
        if "get" not in methods or path.endswith("/body") or path == "/openapi.json":
            continue
        address = path.replace("{creditor}", "acme").replace("{reference}", "A-1")
        if path.startswith("/debts/"):
            address = "/debts/acme/D-1"
        for name in ("id", "name"):
            address = address.replace(f"{{{name}}}", str(filled.get(path, "")))
        answer = client.get(f"/api/v1{address}")
        assert answer.status_code == 200, (address, answer.text)
        schema = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())
        seen += 1
    assert seen >= 13


def test_lists_go_on_by_cursor_without_loss_or_repeat(web: Web) -> None:
    client = bearer(web)
    for path in ("/api/v1/messages", "/api/v1/people", "/api/v1/entries", f"{ANA}/timeline", "/api/v1/seals"):
        whole = client.get(path, params={"limit": 500}).json()["items"]
        pages: list[Any] = []
        cursor = ""
        while True:
            page = client.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
            pages += page["items"]
            cursor = page["next"]
            if not cursor or len(pages) > 600:
                break
        assert json.dumps(pages[:500]) == json.dumps(whole)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=501", "limit=-1", "state=gone", "from=never", "run=" + "9" * 99]
)
def test_a_parameter_that_makes_no_sense_is_a_problem(web: Web, query: str) -> None:
    assert is_problem(bearer(web).get(f"/api/v1/messages?{query}"), 400)


def test_the_exact_bytes_come_by_the_api_too(web: Web, message_of: Callable[..., str]) -> None:
    message_id = message_of()

    body = bearer(web).get(f"/api/v1/messages/{message_id}/body").content

    assert body == (web.house.home / "outbox" / f"{message_id}.eml").read_bytes()


def test_an_entry_comes_with_a_proof_that_holds(web: Web) -> None:
    entry = bearer(web).get("/api/v1/entries/3").json()

    assert entry["proof"]["holds"] is True
    assert entry["proof"]["path"]


def test_a_fact_is_recorded_and_logged_under_the_tokens_user(web: Web) -> None:
    fact = {"fact": "dispute", "source": "ledger system", "debt": ["D-1"], "form": "email"}

    answer = bearer(web, "operator").post(f"{ANA}/records", json=fact)

    assert answer.status_code == 201
    assert answer.json()["fact"] == "dispute"
    with web.house.database.reading() as connection:
        query = (
            select(log_entries.c.entry)
            .where(log_entries.c.event == "hold_recorded")
            .order_by(log_entries.c.id.desc())
        )
        entry = connection.scalars(query).first()
    assert '"actor":"user:operator"' in str(entry)


def recorded(web: Web) -> int:
    with web.house.database.reading() as connection:
        return connection.scalar(select(func.count()).where(log_entries.c.event == "payment_recorded")) or 0


def test_a_repeat_under_the_same_key_is_answered_and_done_once(web: Web) -> None:
    client, payment = bearer(web), {"fact": "payment", "amount": "10.00", "debt": "D-1", "source": "bank"}
    key = {"Idempotency-Key": "9f1"}

    first, second = (client.post(f"{ANA}/records", json=payment, headers=key) for _ in range(2))

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert recorded(web) == 1
    assert is_problem(client.post(f"{ANA}/records", json=payment | {"amount": "11.00"}, headers=key), 422)
    assert (
        bearer(web, "operator")
        .post(f"{ANA}/records", json=payment | {"again": True}, headers=key)
        .status_code
        == 201
    ), "another user's key"


def test_a_refused_request_does_not_use_its_key_up(web: Web) -> None:
    client, key = bearer(web), {"Idempotency-Key": "k2"}

    assert is_problem(
        client.post(f"{ANA}/records", json={"fact": "payment", "source": "bank", "amount": "x"}, headers=key),
        422,
    )
    good = {"fact": "payment", "source": "bank", "amount": "1.00", "debt": "D-1"}
    assert client.post(f"{ANA}/records", json=good, headers=key).status_code == 201


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 400), (b"a=1", "application/x-www-form-urlencoded", 415),
     (b'{"fact": {"a": 1}}', "application/json", 422), (b"[" * 100_000, "application/json", 400), (b'{"fact": 1.5}', "application/json", 422)],
)  # fmt: skip
def test_a_body_in_the_wrong_form_is_a_problem(web: Web, body: bytes, kind: str, status: int) -> None:
    assert is_problem(
        bearer(web).post(f"{ANA}/records", content=body, headers={"Content-Type": kind}), status
    )


def test_a_stop_is_made_and_ended(web: Web) -> None:
    client = bearer(web)

    made = client.post("/api/v1/stops", json={"scope": "channel", "name": "email", "why": "wrong text"})
    assert made.status_code == 201
    [stop] = client.get("/api/v1/stops").json()["items"]
    assert (stop["scope"], stop["name"], stop["stopped_by"]) == ("channel", "email", f"user:{ALL}")
    assert is_problem(client.post("/api/v1/stops", json={"scope": "all"}), 422)

    ended = client.post(f"/api/v1/stops/{stop['id']}/resumptions", json={"why": "mended"})
    assert ended.json()["items"] == []
    assert is_problem(client.post(f"/api/v1/stops/{stop['id']}/resumptions", json={"why": "again"}), 404)


def test_a_decision_that_cannot_be_made_is_a_conflict(web: Web, message_of: Callable[..., str]) -> None:
    client = bearer(web)

    assert is_problem(
        client.post(f"/api/v1/messages/{message_of()}/decisions", json={"decision": "release", "why": "x"}),
        409,
    )
    assert is_problem(
        client.post("/api/v1/messages/none/decisions", json={"decision": "release", "why": "x"}), 404
    )


def test_a_token_that_has_ended_opens_nothing(web: Web) -> None:
    client = bearer(web, "auditor")
    assert client.get("/api/v1/entries").status_code == 200
    revoke_tokens(web.house.database, name="auditor", by="test", at=web.house.real_now())
    assert is_problem(client.get("/api/v1/entries"), 401)

    client = bearer(web, "auditor")
    disable_user(web.house.database, name="auditor", by="test", at=web.house.real_now())
    assert is_problem(client.get("/api/v1/entries"), 401)

    token = make_token(
        web.house.database,
        name="operator",
        label="old",
        by="test",
        at=web.house.real_now() - timedelta(days=2),
        lasts=timedelta(days=1),
    )
    assert is_problem(web.visitor().get("/api/v1/runs", headers={"Authorization": f"Bearer {token}"}), 401)


def test_a_token_is_kept_as_a_hash_alone(web: Web) -> None:
    token = make_token(web.house.database, name="auditor", label="x", by="test", at=web.house.real_now())

    with web.house.database.reading() as connection:
        kept = connection.execute(select(api_tokens)).mappings().all()
        logged = connection.scalars(
            select(log_entries.c.entry).where(log_entries.c.event == "token_made")
        ).all()
    assert token not in json.dumps([dict(row) for row in kept], default=str)
    assert token not in "".join(logged)


def test_guessing_tokens_is_slowed_down(web: Web) -> None:
    visitor = web.visitor()

    statuses = [
        visitor.get("/api/v1/runs", headers={"Authorization": f"Bearer dsp_{n}"}).status_code
        for n in range(70)
    ]

    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_a_session_works_too_and_needs_its_form_token_to_change_things(web: Web) -> None:
    desk = web.signed_in("operator")

    assert desk.get("/api/v1/runs").status_code == 200
    stop = {"scope": "all", "why": "test"}
    assert is_problem(desk.client.post("/api/v1/stops", json=stop), 403)
    assert (
        desk.client.post("/api/v1/stops", json=stop, headers={"X-CSRF-Token": desk.csrf}).status_code == 201
    )


def test_what_is_not_there_is_a_problem_document(web: Web) -> None:
    client = bearer(web)
    for path in (
        "/api/v1/nothing",
        "/api/v1/messages/none",
        "/api/v1/people/acme/none",
        "/api/v1/runs/99",
        "/api/v1/entries/x",
        "/api/v1/templates/none/versions",
    ):
        assert is_problem(client.get(path), 404), path
    assert is_problem(client.delete("/api/v1/runs"), 405)


def test_a_new_column_does_not_publish_itself(web: Web, message_of: Callable[..., str]) -> None:
    """Columns that somebody adds to what the answers are made of stay inside until a model names them."""
    message_id = message_of()
    tables = ("debtors", "contact_points", "debts", "holds", "messages", "attempts")
    bearer(web).post(f"{ANA}/records", json={"fact": "dispute", "source": "x"})
    before = {path: bearer(web).get(path).json() for path in (ANA, f"/api/v1/messages/{message_id}")}
    hidden = [Column("risk_score", String(20), server_default="private") for _ in tables]
    with web.house.database.writing() as connection:
        for name, column in zip(tables, hidden, strict=True):
            connection.execute(DDL(f"ALTER TABLE {name} ADD COLUMN risk_score VARCHAR DEFAULT 'private'"))
            metadata.tables[name].append_column(column)
    try:
        for path, known in before.items():
            answer = bearer(web).get(path)
            assert answer.status_code == 200
            assert "risk_score" not in answer.text
            assert shape_of(answer.json()) == shape_of(known)
    finally:
        for name, column in zip(tables, hidden, strict=True):
            metadata.tables[name]._columns.remove(column)


def shape_of(document: Any) -> Any:
    """The names in a document, whatever it says under them."""
    if isinstance(document, dict):
        return {
            name: shape_of(value) for name, value in document.items() if name not in ("details", "entries")
        }
    return [shape_of(each) for each in document] if isinstance(document, list) else None
