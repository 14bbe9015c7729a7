"""Traps of providers that answer otherwise than their description: names with commas, relays without passwords, drips."""

import base64
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from channels.email.sendgrid import SendGridChannel
from channels.email.sendgrid_events import event_of
from channels.email.smtp import SmtpChannel
from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater, Unknown
from channels.settings import ChannelSettings
from tests.channels.conftest import NOW, an_email, sendgrid_settings
from tests.doubles.answering import Play, answering
from tests.doubles.running import Running

ADDRESS = "ana@debtors.example"


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Miller, Ana", "Miller Ana"),
        ("Acme, Inc.", "Acme Inc."),
        ("a;b ,c", "a b c"),
        (", ;", None),
        ("Ana Miller", "Ana Miller"),
    ],
)
def test_a_name_with_a_separator_does_not_reach_sendgrid_bare(
    name: str, bare: str | None, sendgrid: Running
) -> None:
    channel = SendGridChannel(sendgrid_settings(sendgrid))
    assert isinstance(channel.send(an_email(to_name=name, sender_name=name), now=NOW), Accepted)
    (received,) = sendgrid.received()
    (to,) = received["body"]["personalizations"][0]["to"]
    assert to.get("name") == bare
    assert received["body"]["from"].get("name") == bare


@pytest.mark.parametrize(
    ("email", "reason", "closes"),
    [
        (ADDRESS, "Invalid", False),
        (ADDRESS, "Bounced Address", True),
        ("ana@", "Invalid", True),
        ("ana debtors.example", "Invalid", True),
    ],
)
def test_a_drop_closes_an_address_only_where_the_address_is_what_was_wrong(
    email: str, reason: str, closes: bool
) -> None:
    event = event_of({"event": "dropped", "reason": reason, "email": email, "message_id": "m1"}, NOW)
    assert event.permanent is closes


def settings_for(url: str, **more: object) -> ChannelSettings:
    host, port = url.removeprefix("http://").split(":")
    fields = {"provider": "smtp", "host": host, "port": int(port), "tls": "none", "timeout": 0.6}
    return ChannelSettings(**fields | {"sender": "hello@acme.example", "connect_timeout": 0.6} | more)


def say(connection: socket.socket, text: str) -> None:
    connection.sendall(text.replace("\n", "\r\n").encode())


def hear(connection: socket.socket) -> str:
    line = b""
    while not line.endswith(b"\r\n"):
        piece = connection.recv(1)
        if not piece:
            raise OSError("gone")
        line += piece
    return line.decode().strip()


def a_relay(offers: str, *, token: str = "") -> Play:
    """A relay that greets, offers log-ins and, with the right token, takes one mail."""

    def play(connection: socket.socket) -> None:
        say(connection, "220 relay\n")
        while True:
            line = hear(connection)
            word = line[:4].upper()
            if word == "EHLO":
                say(connection, f"250-relay\n250-AUTH {offers}\n250 SIZE 1000000\n")
            elif word == "AUTH":
                log_in(connection, line, token)
            elif word == "DATA":
                say(connection, "354 go on\n")
                while hear(connection) != ".":
                    pass
                say(connection, "250 2.0.0 OK: queued as Q1\n")
            else:
                say(connection, "221 bye\n" if word == "QUIT" else "250 OK\n")

    return play


def log_in(connection: socket.socket, line: str, token: str) -> None:
    said = base64.b64decode(line.rsplit(maxsplit=1)[-1]).decode()
    if said == f"user=desk@acme.example\x01auth=Bearer {token}\x01\x01":
        say(connection, "235 2.7.0 Accepted\n")
        return
    challenge = base64.b64encode(json.dumps({"status": "401"}).encode()).decode()
    say(connection, f"334 {challenge}\n")
    assert hear(connection) == ""
    say(connection, "535 5.7.8 Username and Password not accepted\n")


def a_token_endpoint(answers: list[tuple[int, dict[str, object]]], asked: list[str]) -> list[Play]:
    def playing(status: int, said: dict[str, object]) -> Play:
        def play(connection: socket.socket) -> None:
            request = b""
            while b"client_secret" not in request:
                request += connection.recv(65_536)
            asked.append(request.decode().partition("\r\n\r\n")[2])
            body = json.dumps(said).encode()
            connection.sendall(
                f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )

        return play

    return [playing(status, said) for status, said in answers]


@contextmanager
def a_desk(
    offers: str, *, relay_token: str, answers: list[tuple[int, dict[str, object]]], asked: list[str]
) -> Iterator[SmtpChannel]:
    with (
        answering(a_relay(offers, token=relay_token)) as relay,
        answering(*a_token_endpoint(answers, asked)) as endpoint,
    ):
        channel = SmtpChannel(
            settings_for(
                relay,
                username="desk@acme.example",
                oauth_token_url=f"{endpoint}/token",
                oauth_client_id="client",
                oauth_client_secret="secret-of-the-tests",
                oauth_scope="https://outlook.office365.com/.default",
            )
        )
        yield channel
        channel.close()


def test_a_relay_that_takes_no_passwords_stops_the_channel_and_says_what_it_offers() -> None:
    with answering(a_relay("XOAUTH2 OAUTHBEARER")) as url:
        channel = SmtpChannel(settings_for(url, username="desk", password="secret"))
        outcome = channel.send(an_email(), now=NOW)
    assert isinstance(outcome, Rejected)
    assert outcome.scope is Scope.CHANNEL
    assert "XOAUTH2, OAUTHBEARER alone" in outcome.reason
    assert "OAUTH_TOKEN_URL" in outcome.reason


def test_a_log_in_by_token_goes_through_and_asks_for_one_token() -> None:
    asked: list[str] = []
    answers = [(200, {"access_token": "t-1", "expires_in": 3600})]
    with a_desk("XOAUTH2", relay_token="t-1", answers=answers, asked=asked) as channel:
        outcomes = [channel.send(an_email(), now=NOW) for _ in range(2)]
    assert [type(outcome) for outcome in outcomes] == [Accepted, Accepted]
    assert asked == [
        (
            "grant_type=client_credentials&scope=https%3A%2F%2Foutlook.office365.com%2F.default"
            "&client_id=client&client_secret=secret-of-the-tests"
        )
    ]


@pytest.mark.parametrize(
    ("answer", "relay_token", "outcome"),
    [
        ((200, {"access_token": "t-2"}), "t-1", Rejected),
        ((400, {"error": "invalid_client"}), "t-1", Rejected),
        ((503, {}), "t-1", TryLater),
    ],
)
def test_a_token_that_is_refused_stops_the_channel_and_one_that_is_late_does_not(
    answer: tuple[int, dict[str, object]], relay_token: str, outcome: type[Outcome]
) -> None:
    asked: list[str] = []
    with a_desk("XOAUTH2", relay_token=relay_token, answers=[answer], asked=asked) as channel:
        end = channel.send(an_email(), now=NOW)
    assert isinstance(end, outcome)
    assert "secret-of-the-tests" not in repr(end)
    if isinstance(end, Rejected):
        assert end.scope is Scope.CHANNEL


def dripping(at: str) -> Play:
    """A relay that gives its reply to one command a byte at a time, for ever."""

    def play(connection: socket.socket) -> None:
        if at == "greeting":
            drip(connection)
        say(connection, "220 relay\n")
        while True:
            word = hear(connection)[:4].upper()
            if word == at:
                drip(connection)
            if word == "DATA":
                say(connection, "354 go on\n")
                while hear(connection) != ".":
                    pass
                if at == "end":
                    drip(connection)
            say(connection, "250 OK\n")

    return play


def drip(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"250-still here\r\n")
        time.sleep(0.05)  # the pace of the drip


@pytest.mark.parametrize(
    ("at", "kind"),
    [("greeting", TryLater), ("EHLO", TryLater), ("MAIL", TryLater), ("RCPT", TryLater), ("end", Unknown)],
)
def test_a_reply_that_drips_ends_with_the_deadline(at: str, kind: type[Outcome]) -> None:
    with answering(dripping(at), dripping(at)) as url:
        began = time.monotonic()
        outcome = SmtpChannel(settings_for(url)).send(an_email(), now=NOW)
        took = time.monotonic() - began
    assert isinstance(outcome, kind), outcome
    assert took < 3
