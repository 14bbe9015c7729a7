"""Signing in: what a password opens, what guessing meets, and that a session ends on the server."""

import importlib.util
import json
import os
import re
import sys
import threading
from datetime import timedelta

import pytest
from argon2 import Type, extract_parameters
from httpx import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.users import sessions
from dispatcher.users import passwords
from dispatcher.users.manage_users import disable_user, set_roles
from dispatcher.users.passwords import WeakPasswordError, hash_password
from dispatcher.users.sign_in import SignedIn, SignInRefused, sign_in
from dispatcher.users.token_hash import token_hash
from tests.web.house import ALL, PASSWORD, Web


def attempt(
    client: TestClient, name: str = "auditor", password: str = PASSWORD, wish: str = "/", **more: object
) -> Response:
    """Fill in the form as a browser does."""
    page = client.get("/sign-in")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token is not None
    data = {"csrf": token.group(1), "name": name, "password": password, "next": wish}
    return client.post("/sign-in", data=data, **more)


def audited(web: Web) -> list[dict[str, object]]:
    with web.house.database.reading() as connection:
        query = (
            select(log_entries.c.entry).where(log_entries.c.event.like("sign%")).order_by(log_entries.c.id)
        )
        return [json.loads(entry) for entry in connection.scalars(query)]


def test_the_right_password_opens_and_is_written_down(web: Web) -> None:
    client = web.visitor()

    answer = attempt(client, "AUDITOR", wish="/log?event=blocked")

    assert (answer.status_code, answer.headers["location"]) == (303, "/log?event=blocked")
    assert client.get("/log").status_code == 200
    last = audited(web)[-1]
    assert (last["event"], last["actor"], last["details"]) == (
        "signed_in",
        "user:auditor",
        {"address": "testclient", "way": "password"},
    )


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(web: Web) -> None:
    cookie = attempt(web.visitor()).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "Path=/" in cookie


def test_over_https_the_cookie_is_secure_and_bound_to_this_host(open_web: object) -> None:
    web: Web = open_web(public_url="https://dispatcher.example")
    client = web.visitor()

    cookie = attempt(client).headers["set-cookie"]

    assert cookie.startswith("__Host-dispatcher_session=")
    assert "Secure" in cookie
    assert "max-age=31536000" in client.get("/").headers["strict-transport-security"]


def test_the_database_holds_no_token_that_would_open_a_session(web: Web) -> None:
    client = web.visitor()
    attempt(client)
    token = client.cookies["dispatcher_session"]

    with web.house.database.reading() as connection:
        kept = connection.scalars(select(sessions.c.token_sha256)).all()

    assert token_hash(token) in kept
    assert token not in kept


@pytest.mark.parametrize(
    ("name", "password"),
    [("auditor", "wrong password!"), ("nobody", PASSWORD), ("auditor", ""), ("' OR 1=1 --", "x")],
)
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(web: Web, name: str, password: str) -> None:
    answer = attempt(web.visitor(), name, password)

    assert answer.status_code == 401
    assert "This name and password do not go together." in answer.text
    assert "dispatcher_session" not in answer.headers.get("set-cookie", "")


def test_what_was_typed_as_a_name_is_not_written_down(web: Web) -> None:
    attempt(web.visitor(), "my secret password", "auditor")

    assert audited(web)[-1]["actor"] == "user:unknown"
    assert "my secret password" not in json.dumps(audited(web))


def test_a_session_brought_along_is_not_the_one_that_is_opened(web: Web) -> None:
    """Session fixation: whoever plants a cookie learns nothing."""
    client = web.visitor()
    client.cookies.set("dispatcher_session", "planted-by-somebody")

    opened = attempt(client).headers["set-cookie"]

    assert "dispatcher_session=" in opened
    assert "planted-by-somebody" not in opened
    other = web.visitor()
    other.cookies.set("dispatcher_session", "planted-by-somebody")
    assert other.get("/").status_code == 303


def test_signing_in_again_ends_the_former_session(web: Web) -> None:
    client = web.visitor()
    attempt(client)
    former = client.cookies["dispatcher_session"]
    client2 = web.visitor()
    client2.cookies.set("dispatcher_session", former)
    token = re.search(r'name="csrf" value="([^"]+)"', web.visitor().get("/sign-in").text)
    assert token is not None
    client2.cookies.set("dispatcher_form", token.group(1))

    answer = client2.post(
        "/sign-in", data={"csrf": token.group(1), "name": "operator", "password": PASSWORD, "next": "/"}
    )

    assert answer.status_code == 303
    assert client.get("/").headers.get("location") == "/sign-in"


def test_signing_out_ends_the_session_on_the_server(web: Web) -> None:
    desk = web.signed_in("auditor")
    token = desk.client.cookies["dispatcher_session"]

    desk.post("/sign-out")

    other = web.visitor()
    other.cookies.set("dispatcher_session", token)
    assert other.get("/log").status_code == 303


@pytest.mark.parametrize("name", ["auditor", "nobody-has-this-name"])
def test_guessing_waits_for_longer_and_longer_whether_the_name_exists_or_not(web: Web, name: str) -> None:
    client = web.visitor()
    answers = [attempt(client, name, "a wrong guess") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 4 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    right = attempt(web.visitor(), name)
    assert right.status_code == 429, "the right password must not help while the place has to wait"
    assert "dispatcher_session" not in right.headers.get("set-cookie", "")


def test_whoever_guesses_shuts_nobody_out_who_comes_from_elsewhere(web: Web) -> None:
    guess = {"name": "auditor", "now": web.house.real_now(), "lasts": timedelta(hours=1)}
    for _ in range(9):
        sign_in(web.house.database, password="a wrong guess", address="203.0.113.9", **guess)
    there = sign_in(web.house.database, password=PASSWORD, address="203.0.113.9", **guess)
    elsewhere = sign_in(web.house.database, password=PASSWORD, address="192.0.2.7", **guess)
    assert (type(there), type(elsewhere)) == (SignInRefused, SignedIn)


def test_a_wait_ends_by_itself_and_the_right_password_forgets_the_guesses(web: Web) -> None:
    now, database = web.house.real_now(), web.house.database
    ways = {"name": "auditor", "lasts": timedelta(hours=1), "address": "192.0.2.7"}
    for _ in range(5):
        sign_in(database, password="a wrong guess", now=now, **ways)
    later = now + timedelta(minutes=2)
    assert isinstance(sign_in(database, password=PASSWORD, now=later, **ways), SignedIn)
    again = sign_in(database, password="a wrong guess", now=later, **ways)
    assert isinstance(again, SignInRefused)
    assert again.retry_after is None


@pytest.mark.parametrize(
    "password",
    [
        "password12345",
        "Password!2345",
        "qwertyuiop[]",
        "111111111111",
        "letmein letmein",
        "iloveyou2026",
        "auditor auditor",
    ],
)
def test_a_password_that_everybody_knows_is_refused(password: str) -> None:
    with pytest.raises(WeakPasswordError, match="too easy"):
        hash_password(password, name="auditor")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "blue kettle over the bridge",
        "vq7!Lm2#xT9p",
        "otter-violin-42-mustard",
    ],
)
def test_a_password_of_unrelated_words_or_letters_is_taken(password: str) -> None:
    assert hash_password(password, name="auditor")


def test_a_password_is_as_dear_to_guess_as_is_recommended() -> None:
    spec = importlib.util.find_spec("dispatcher.users.passwords")
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)  # as it is, not as the tests make it cheap
    hashed = extract_parameters(program.hash_password("blue kettle over the bridge"))
    assert hashed.type is Type.ID
    assert hashed.memory_cost >= 46 * 1024  # KiB for one pass, as OWASP has it; less for more passes
    assert hashed.salt_len >= 16


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own there")
def test_who_cannot_be_checked_in_time_is_told_so_and_no_try_is_counted(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_PATIENCE", 0.05)
    held = threading.Event()
    for lane, hands in ((passwords._HASHING, 2), (passwords._FIRST, 1)):
        for _ in range(hands):
            lane.submit(held.wait, 30)
    client = web.visitor()
    try:
        answers = [attempt(client, password="not the right one at all") for _ in range(6)]
    finally:
        held.set()
    assert {answer.status_code for answer in answers} == {503}
    assert "try again in ten seconds" in answers[0].text
    assert answers[0].headers["Retry-After"] == "10"
    monkeypatch.undo()
    assert attempt(client).status_code == 303  # six wrong ones would have shut this place


def test_one_a_second_goes_like_a_page_so_that_no_sign_in_starves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_next_first", 0.0)
    lanes = [passwords._hashed(threading.current_thread).name.rpartition("_")[0] for _ in range(5)]
    assert lanes == ["hashing-first", *["hashing"] * 4]


def test_whoever_waits_for_a_page_goes_before_the_hashing_of_passwords() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert passwords._HASHING.submit(priority).result() >= priority() + 10 or priority() > 9


def test_many_tries_from_one_place_are_slowed_down_whatever_the_names(web: Web) -> None:
    client = web.visitor()
    statuses = [attempt(client, f"user{number}", "a wrong guess").status_code for number in range(25)]

    assert statuses[:20] == [401] * 20
    assert set(statuses[20:]) == {429}


@pytest.mark.parametrize(
    "wish",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http:evil",
        "/%0d%0aSet-Cookie:x=1",
        "/\r\nSet-Cookie: x=1",
        "",
    ],
)
def test_signing_in_leads_nowhere_but_here(web: Web, wish: str) -> None:
    location = attempt(web.visitor(), wish=wish).headers["location"]

    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "\n" not in location


def test_the_sign_in_form_itself_needs_its_token(web: Web) -> None:
    client = web.visitor()
    client.get("/sign-in")

    data = {"name": "auditor", "password": PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 403
    assert client.post("/sign-in", data=data | {"csrf": "made-up"}).status_code == 403
    assert attempt(web.visitor(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_disabled_user_is_out_at_once(web: Web) -> None:
    desk = web.signed_in("auditor")
    assert desk.get("/log").status_code == 200

    disable_user(web.house.database, name="auditor", by="test", at=web.house.real_now())

    assert desk.get("/log").status_code == 303
    assert attempt(web.visitor()).status_code == 401


def test_other_roles_count_from_the_next_click(web: Web) -> None:
    desk = web.signed_in("auditor")

    set_roles(web.house.database, name="auditor", roles=["operator"], by="test", at=web.house.real_now())

    assert desk.get("/log").status_code == 403
    assert desk.get("/stops").status_code == 200


def test_a_session_ends_when_its_time_is_over_or_nobody_uses_it(web: Web) -> None:
    from sqlalchemy import update

    for change in (
        {"expires_at": web.house.real_now()},
        {"seen_at": web.house.real_now() - timedelta(hours=3)},
    ):
        desk = web.signed_in("auditor")
        assert desk.get("/").status_code == 200
        with web.house.database.writing() as connection:
            connection.execute(update(sessions).values(change))
        assert desk.get("/").status_code == 303


def test_a_new_password_ends_the_other_sessions(web: Web) -> None:
    here, elsewhere = web.signed_in("auditor"), web.signed_in("auditor")
    new = "a rather different horse"

    assert here.post("/account/password", {"old": "wrong", "new": new, "again": new}).status_code == 422
    assert (
        here.post("/account/password", {"old": PASSWORD, "new": "short", "again": "short"}).status_code == 422
    )
    assert (
        here.post("/account/password", {"old": PASSWORD, "new": new, "again": new + "!"}).status_code == 422
    )
    assert here.post("/account/password", {"old": PASSWORD, "new": new, "again": new}).status_code == 303

    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303
    assert attempt(web.visitor(), password=PASSWORD).status_code == 401
    assert attempt(web.visitor(), password=new).status_code == 303


def test_the_last_admin_cannot_be_shut_out(web: Web) -> None:
    desk = web.signed_in("admin")

    assert "Shut out" in desk.said(desk.post(f"/users/{ALL}/disable"))
    assert "last admin" in desk.said(desk.post("/users/admin/disable"))
    assert "last admin" in desk.said(desk.post("/users/admin/roles", {"role": ["auditor"]}))
