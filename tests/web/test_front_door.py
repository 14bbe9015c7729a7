"""The front door: slow callers are sent away, pools do not wait for each other, right links are never limited."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import anyio
import pytest
import uvicorn

from dispatcher.web.site import front_door, pools
from dispatcher.web.site.front_door import FrontDoor
from dispatcher.web.site.pools import pool_of
from dispatcher.web.site.visit import caller_of
from tests.web.house import Web
from tests.web.test_debtors_page import heard, token_of


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A door that waits for a request as long as a test may."""
    monkeypatch.setattr(front_door, "RECEIVE_SECONDS", 0.2)


@pytest.fixture
def server(web: Web) -> Iterator[uvicorn.Server]:
    """The site behind a real door that knows few callers."""
    small = type("Small", (FrontDoor,), {"most_connections": 4})
    config = uvicorn.Config(web.app, port=0, http=small, log_level="warning", timeout_keep_alive=30)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)  # until it listens
    yield server
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def served(server: uvicorn.Server) -> int:
    """Its port."""
    return int(server.servers[0].sockets[0].getsockname()[1])


def time_is_up(server: uvicorn.Server) -> None:
    """What the end of the time for a request does to each connection, done at once."""

    async def give_up() -> None:
        for connection in server.server_state.connections:
            connection._give_up()

    asyncio.run_coroutine_threadsafe(give_up(), server.servers[0].get_loop()).result(10)


def call(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), 5)
    connection.settimeout(5)
    return connection


def ended(connection: socket.socket) -> bool:
    """Whether the other side hangs up within the time-out."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def drip(connection: socket.socket) -> None:
    for letter in HEAD * 20:
        connection.sendall(bytes([letter]))
        time.sleep(0.03)  # the pace of the drip


HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    "first", [b"", b"GET", HEAD, b"POST /u/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab"]
)
def test_a_request_that_does_not_come_in_time_is_given_up(impatient: None, served: int, first: bytes) -> None:
    with call(served) as connection:
        connection.sendall(first)
        assert ended(connection)


def test_a_request_that_drips_is_given_up_too(impatient: None, served: int) -> None:
    with call(served) as connection, pytest.raises(ConnectionError):
        drip(connection)


def test_a_connection_that_was_answered_may_wait_for_its_next_request(
    server: uvicorn.Server, served: int
) -> None:
    with call(served) as connection:
        for _ in range(2):
            connection.sendall(HEAD + b"\r\n")
            answer = b""
            while not answer.endswith(b"ok\n"):
                answer += connection.recv(65_536)
            assert b"200 OK" in answer
            time_is_up(server)


def test_more_callers_than_there_is_room_for_are_told_to_come_again(served: int) -> None:
    waiting = [call(served) for _ in range(4)]
    with call(served) as connection:
        assert connection.recv(65_536).startswith(b"HTTP/1.1 503")
    for one in waiting:
        one.close()


@pytest.mark.parametrize(
    ("method", "path", "pool"),
    [
        ("POST", "/u/{token}", "debtors"),
        ("GET", "/u/{token}", "debtors"),
        ("POST", "/webhooks/sendgrid", "webhooks"),
        ("POST", "/stops", "stops"),
        ("POST", "/api/v1/stops", "stops"),
        ("GET", "/stops", "desk"),
        ("POST", "/sign-in", "passwords"),
        ("GET", "/sign-in", "desk"),
        ("GET", "/metrics", "probes"),
        ("GET", "/people", "desk"),
    ],
)
def test_each_address_has_its_pool(method: str, path: str, pool: str) -> None:
    assert pool_of(method, path) == pool


def test_whoever_waits_too_long_for_a_thread_is_told_so_and_nobody_loses_their_place(monkeypatch) -> None:
    monkeypatch.setitem(pools._SIZES, "passwords", replace(pools._SIZES["passwords"], patience=0.05))
    held, waited = threading.Event(), []

    async def scene() -> list[str]:
        own = pools.Pools()
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(own.run, "passwords", held.wait, 20)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(pools.BusyError):
                await own.run("passwords", waited.append, "in vain")
            held.set()
        return [await own.run("passwords", str.upper, word) for word in ("a", "b", "c")]

    assert anyio.run(scene) == ["A", "B", "C"]
    assert waited == []


def test_guesses_are_limited_and_a_right_link_never_is(web: Web) -> None:
    visitor = web.visitor()
    answers = [visitor.get(f"/u/guess-{number}").status_code for number in range(70)]
    assert (answers[0], answers[-1]) == (404, 429)
    for _ in range(3):
        answer = visitor.post(f"/u/{token_of(web)}", data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert heard(web)


FORMS = (
    {"data": {"List-Unsubscribe": "One-Click"}},
    {"files": {"List-Unsubscribe": (None, "One-Click")}},
    {"content": b"List-Unsubscribe=One-Click"},
    {"content": b"List-Unsubscribe=One-Click\r\n", "headers": {"Content-Type": "text/plain"}},
)


@pytest.mark.parametrize("form", FORMS)
def test_one_click_comes_in_every_form_that_mail_programs_send(web: Web, form: dict) -> None:
    answer = web.visitor().post(f"/u/{token_of(web)}", **form)
    assert (answer.status_code, answer.text) == (200, "done\n")
    assert len(heard(web)) == 1


class Request:
    """What `caller_of` looks at."""

    def __init__(self, host: str) -> None:
        self.client = type("Client", (), {"host": host})()


@pytest.mark.parametrize(
    ("host", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_a_caller_is_an_address_or_one_subscribers_network(host: str, caller: str) -> None:
    assert caller_of(Request(host)) == caller


def test_a_page_does_not_wait_for_a_writer(web: Web) -> None:
    """A session is noted as seen once a minute: that must not hold up the page while an import writes."""
    from datetime import timedelta

    desk = web.signed_in("auditor")
    clock = web.house.real_now
    web.house.real_now = lambda: clock() + timedelta(minutes=5)
    with web.house.database.writing():
        began = time.monotonic()
        assert desk.get("/stops").status_code == 200
        assert time.monotonic() - began < 5
