"""One row a fault: what a provider or a network does, and the outcome that follows."""

import re
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.email.sendgrid import SendGridChannel
from channels.email.smtp import SmtpChannel
from channels.http import Answer, retry_after
from channels.kind import ChannelKind
from channels.letter import lob_outcomes
from channels.letter.lob import LobChannel
from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater, Unknown
from channels.registry import open_channel
from channels.settings import ChannelSettings
from channels.sms.twilio import TwilioChannel
from tests.channels.conftest import (
    ACCOUNT,
    MIME,
    NOW,
    TOKEN,
    a_letter,
    an_email,
    an_sms,
    lob_settings,
    sendgrid_settings,
    smtp_settings,
    twilio_settings,
)
from tests.doubles.answering import Play, answering
from tests.doubles.running import Running, running

SEVEN = timedelta(seconds=7)


def _gist(outcome: Outcome) -> tuple[object, ...]:
    match outcome:
        case Accepted():
            return ("accepted",)
        case Rejected():
            return ("rejected", outcome.scope.value, outcome.code, outcome.opted_out)
        case TryLater():
            return ("later", outcome.after, outcome.code)
        case Unknown():
            return ("unknown", outcome.code)


@pytest.mark.parametrize(
    ("fault", "gist"),
    [
        ("ok", ("accepted",)),
        ("400", ("rejected", "message", "400", False)),
        ("code:personalizations.0.to.0.email", ("rejected", "address", "400", False)),
        ("code:from.email", ("rejected", "channel", "400", False)),
        ("401", ("rejected", "channel", "401", False)),
        ("403", ("rejected", "channel", "403", False)),
        ("404", ("rejected", "channel", "404", False)),
        ("302", ("rejected", "channel", "302", False)),
        ("413", ("rejected", "message", "413", False)),
        ("429", ("later", None, "429")),
        ("429:7", ("later", SEVEN, "429")),
        ("500", ("later", None, "500")),
        ("502", ("later", None, "502")),
        ("503:7", ("later", SEVEN, "503")),
        ("504", ("unknown", "504")),
        ("reset", ("unknown", "")),
        ("lost", ("unknown", "")),
        ("slow:2", ("unknown", "")),
        ("portal", ("unknown", "200")),
        ("proxy:202", ("unknown", "202")),
        ("proxy:400", ("rejected", "channel", "400", False)),
        ("proxy:413", ("rejected", "channel", "413", False)),
        ("proxy:451", ("rejected", "channel", "451", False)),
        ("proxy:502", ("later", None, "502")),
        ("typed:application/json", ("accepted",)),
        ("drip:0.3", ("unknown", "")),
        ("deaf", ("unknown", "")),
    ],
)
def test_sendgrid_fault_has_its_outcome(fault: str, gist: tuple[object, ...], sendgrid: Running):
    sendgrid.script(fault)
    outcome = SendGridChannel(sendgrid_settings(sendgrid, timeout=0.7)).send(an_email(), now=NOW)
    assert _gist(outcome) == gist


def test_sendgrid_text_that_begins_like_a_key_is_rejected_without_being_sent(sendgrid: Running):
    body = MIME.replace(b"Hello Zo=C3=AB", b"SG.hello.zoe")
    outcome = SendGridChannel(sendgrid_settings(sendgrid)).send(an_email(body=body), now=NOW)
    assert _gist(outcome) == ("rejected", "message", "", False)
    assert sendgrid.received() == []


@pytest.mark.parametrize(
    ("fault", "gist"),
    [
        ("ok", ("accepted",)),
        ("code:21211", ("rejected", "address", "21211", False)),
        ("code:21614", ("rejected", "address", "21614", False)),
        ("code:21610", ("rejected", "address", "21610", True)),
        ("code:21617", ("rejected", "message", "21617", False)),
        ("code:21606", ("rejected", "channel", "21606", False)),
        ("code:21999", ("rejected", "message", "21999", False)),
        ("code:30023", ("later", timedelta(days=1), "30023")),
        ("401", ("rejected", "channel", "20003", False)),
        ("403", ("rejected", "channel", "20003", False)),
        ("404", ("rejected", "channel", "20404", False)),
        ("429", ("later", None, "20429")),
        ("429:7", ("later", SEVEN, "20429")),
        ("500", ("unknown", "20500")),
        ("502", ("unknown", "502")),
        ("503:7", ("later", SEVEN, "20503")),
        ("504", ("unknown", "504")),
        ("garbage", ("unknown", "")),
        ("reset", ("unknown", "")),
        ("lost", ("unknown", "")),
        ("slow:2", ("unknown", "")),
        ("portal", ("unknown", "")),
        ("proxy:201", ("unknown", "")),
        ("proxy:400", ("rejected", "channel", "400", False)),
        ("proxy:502", ("unknown", "502")),
        ("drip:0.3", ("unknown", "")),
        ("deaf", ("unknown", "")),
    ],
)
def test_twilio_fault_has_its_outcome(fault: str, gist: tuple[object, ...], twilio: Running):
    twilio.script(fault)
    outcome = TwilioChannel(twilio_settings(twilio, timeout=0.7)).send(an_sms(), now=NOW)
    assert _gist(outcome) == gist


@pytest.mark.parametrize(
    ("to", "gist"),
    [
        ("+15005550001", ("rejected", "address", "21211", False)),
        ("+15005550002", ("rejected", "address", "21612", False)),
        ("+15005550003", ("rejected", "channel", "21408", False)),
        ("+15005550004", ("rejected", "address", "21610", True)),
        ("+15005550009", ("rejected", "address", "21614", False)),
    ],
)
def test_twilio_test_number_has_its_outcome_and_stays_out_of_the_reason(
    to: str, gist: tuple[object, ...], twilio: Running
):
    outcome = TwilioChannel(twilio_settings(twilio)).send(an_sms(to=to), now=NOW)
    assert _gist(outcome) == gist
    assert to not in repr(outcome)


@pytest.mark.parametrize(
    ("fault", "gist"),
    [
        ("ok", ("accepted",)),
        ("401", ("rejected", "channel", "unauthorized", False)),
        ("403", ("rejected", "channel", "forbidden", False)),
        ("404", ("rejected", "message", "not_found", False)),
        ("422", ("rejected", "message", "invalid", False)),
        (
            "code:failed_deliverability_strictness",
            ("rejected", "address", "failed_deliverability_strictness", False),
        ),
        ("code:unrecognized_endpoint", ("rejected", "channel", "unrecognized_endpoint", False)),
        ("429", ("later", None, "rate_limit_exceeded")),
        ("429:7", ("later", SEVEN, "rate_limit_exceeded")),
        ("500", ("later", None, "internal_server_error")),
        ("503:7", ("later", SEVEN, "internal_server_error")),
        ("garbage", ("unknown", "")),
        ("reset", ("unknown", "")),
        ("lost", ("unknown", "")),
        ("slow:2", ("unknown", "")),
        ("portal", ("unknown", "")),
        ("proxy:422", ("rejected", "channel", "422", False)),
        ("proxy:502", ("later", None, "502")),
        ("drip:0.3", ("unknown", "")),
        ("deaf", ("unknown", "")),
    ],
)
def test_lob_fault_has_its_outcome(fault: str, gist: tuple[object, ...], lob: Running):
    lob.script(fault)
    outcome = LobChannel(lob_settings(lob, timeout=0.7)).send(a_letter(f"fault-{fault}"), now=NOW)
    assert _gist(outcome) == gist


@pytest.mark.parametrize(
    ("to", "gist"),
    [
        ("zoe@debtors.example", ("accepted",)),
        ("rcpt-550-5.1.1@debtors.example", ("rejected", "address", "5.1.1", False)),
        ("rcpt-550@debtors.example", ("rejected", "address", "550", False)),
        ("rcpt-550-5.7.1@debtors.example", ("rejected", "message", "5.7.1", False)),
        ("rcpt-556-5.1.10@debtors.example", ("rejected", "address", "5.1.10", False)),
        ("rcpt-552-5.2.2@debtors.example", ("later", None, "5.2.2")),
        ("rcpt-450-4.2.0@debtors.example", ("later", None, "4.2.0")),
        ("rcpt-421-4.3.2@debtors.example", ("later", None, "4.3.2")),
        ("rcpt-530-5.7.0@debtors.example", ("rejected", "message", "5.7.0", False)),
        ("rcpt-535-5.7.8@debtors.example", ("rejected", "channel", "5.7.8", False)),
        ("data-552-5.3.4@debtors.example", ("rejected", "message", "5.3.4", False)),
        ("data-550-5.7.26@debtors.example", ("rejected", "channel", "5.7.26", False)),
        ("data-451-4.3.0@debtors.example", ("later", None, "4.3.0")),
        ("data-554@debtors.example", ("rejected", "message", "554", False)),
        ("drop@debtors.example", ("later", None, "")),
        ("lost@debtors.example", ("unknown", "")),
        ("slow-2@debtors.example", ("unknown", "")),
        ("no address", ("rejected", "address", "5.1.3", False)),
        ("two@debtors.example\r\nRCPT TO:<x@y.example>", ("rejected", "address", "5.1.3", False)),
    ],
)
@pytest.mark.parametrize("kind", ["relay", "pipelining_relay"])
def test_smtp_fault_has_its_outcome(
    to: str, gist: tuple[object, ...], kind: str, request: pytest.FixtureRequest
):
    relay = request.getfixturevalue(kind)
    outcome = SmtpChannel(smtp_settings(relay, timeout=0.7)).send(an_email(to=to), now=NOW)
    assert _gist(outcome) == gist
    assert to not in repr(outcome)


@pytest.mark.parametrize("fault", ["reset", "lost", "slow:2"])
def test_lob_lost_answer_asked_again_under_the_same_key_makes_one_letter(fault: str, lob: Running):
    lob.script(fault)
    channel = LobChannel(lob_settings(lob, timeout=0.7))
    letter = a_letter(f"again-{fault}")
    first = channel.send(letter, now=NOW)
    second = channel.send(replace(letter, attempt=2), now=NOW)
    third = channel.send(replace(letter, attempt=3), now=NOW)
    assert isinstance(first, Unknown)
    assert isinstance(second, Accepted)
    assert second == third
    assert {asked["key"] for asked in lob.received()} == {letter.message_id}


def test_lob_looks_up_what_it_has_once_the_key_may_have_died(lob: Running):
    channel = LobChannel(lob_settings(lob))
    letter = a_letter("old-key")
    made = channel.send(letter, now=NOW)
    lob.forget()
    later = replace(letter, attempt=2, first_attempted_at=NOW)
    again = channel.send(later, now=NOW + timedelta(days=2))
    assert isinstance(made, Accepted)
    assert isinstance(again, Accepted)
    assert again.provider_id == made.provider_id
    assert lob.received() == []


def test_lob_keeps_what_the_verification_corrected_without_the_address(lob: Running):
    letter = a_letter("verified")
    assert letter.postal_address is not None
    address = replace(letter.postal_address, address_line_1="210 king st")
    outcome = LobChannel(lob_settings(lob)).send(replace(letter, postal_address=address), now=NOW)
    assert isinstance(outcome, Accepted)
    assert outcome.note == "address verified; corrected: nothing"
    assert "King" not in repr(outcome)


def test_twilio_lost_answer_is_found_by_number_text_and_time(twilio: Running):
    twilio.script("lost")
    channel = TwilioChannel(twilio_settings(twilio))
    sms = an_sms(to="+14155550177")
    before = datetime.now(UTC)
    assert isinstance(channel.send(sms, now=NOW), Unknown)
    found = channel.look_up("m-1", to=sms.to, attempted_at=before, body=sms.body)
    assert isinstance(found, Accepted)
    assert found.provider_id == twilio.received()[0]["provider_id"]


def test_twilio_look_up_that_is_not_sure_says_nothing(twilio: Running):
    channel = TwilioChannel(twilio_settings(twilio))
    sms = an_sms(to="+14155550178")
    at = datetime.now(UTC)
    look: Callable[..., Outcome | None] = channel.look_up
    assert look("m-1", to=sms.to, attempted_at=at, body=sms.body) is None
    channel.send(sms, now=NOW)
    assert look("m-1", to=sms.to, attempted_at=at, body=b"another text") is None
    assert look("m-1", to=sms.to, attempted_at=at) is None
    assert look("m-1", to=sms.to, attempted_at=at - timedelta(hours=5), body=sms.body) is None
    channel.send(sms, now=NOW)
    assert look("m-1", to=sms.to, attempted_at=at, body=sms.body) is None


@pytest.mark.parametrize(
    ("left", "validity"),
    [
        (timedelta(hours=2), "7200"),
        (timedelta(seconds=90, milliseconds=900), "90"),
        (timedelta(seconds=5), "5"),
        (timedelta(hours=30), "36000"),
        (None, None),
    ],
)
def test_twilio_validity_ends_with_the_legal_window(
    left: timedelta | None, validity: str | None, twilio: Running
):
    sms = an_sms(not_after=NOW + left if left else None)
    TwilioChannel(twilio_settings(twilio)).send(sms, now=NOW)
    body = twilio.received()[0]["body"]
    assert isinstance(body, dict)
    assert body.get("ValidityPeriod") == validity


@pytest.mark.parametrize("left", [timedelta(seconds=4), timedelta(0), timedelta(hours=-1)])
def test_twilio_sends_nothing_when_the_window_is_about_to_close(left: timedelta, twilio: Running):
    outcome = TwilioChannel(twilio_settings(twilio)).send(an_sms(not_after=NOW + left), now=NOW)
    assert isinstance(outcome, TryLater)
    assert not outcome.provider_failed
    assert twilio.received() == []


def test_twilio_prefers_the_messaging_service(twilio: Running):
    service = "MG" + "a" * 32
    TwilioChannel(twilio_settings(twilio, messaging_service_sid=service)).send(an_sms(), now=NOW)
    body = twilio.received()[0]["body"]
    assert isinstance(body, dict)
    assert body["MessagingServiceSid"] == service
    assert "From" not in body


def test_smtp_refuses_a_relay_without_starttls(tmp_path: Path, certificate: Path):
    with running("smtp", "--folder", str(tmp_path), "--mode", "none", certificate=certificate) as plain:
        refused = SmtpChannel(smtp_settings(plain, username="")).send(an_email(), now=NOW)
        told = SmtpChannel(smtp_settings(plain, username="", tls="none")).send(an_email(), now=NOW)
    assert isinstance(refused, Rejected)
    assert refused.scope is Scope.CHANNEL
    assert isinstance(told, Accepted)


@pytest.mark.parametrize("password", ["wrong", "pässword"])
def test_smtp_with_a_wrong_password_stops_the_channel(password: str, relay: Running):
    outcome = SmtpChannel(smtp_settings(relay, password=password)).send(an_email(), now=NOW)
    assert isinstance(outcome, Rejected)
    assert outcome.scope is Scope.CHANNEL
    assert password not in outcome.reason


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "12"}, timedelta(seconds=12)),
        ({"Retry-After": "Mon, 02 Mar 2026 18:00:30 GMT"}, timedelta(seconds=30)),
        (
            {"Retry-After": "Mon, 02 Mar 2026 12:00:30 GMT", "Date": "Mon, 02 Mar 2026 12:00:00 GMT"},
            timedelta(seconds=30),
        ),
        ({"Retry-After": "Mon, 02 Mar 2026 17:00:00 GMT"}, timedelta(0)),
        ({"Retry-After": "99999999999999999999"}, timedelta(days=1)),
        ({"Retry-After": "soon"}, None),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 45)}, timedelta(seconds=45)),
        ({"X-Rate-Limit-Reset": "5"}, timedelta(seconds=5)),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], pause: timedelta | None):
    assert retry_after(Answer(status=429, headers=headers, body=b"").headers, NOW) == pause


def test_time_out_is_kept(sendgrid: Running):
    sendgrid.script("slow:30")
    channel = SendGridChannel(sendgrid_settings(sendgrid, timeout=0.5))
    began = time.monotonic()
    assert isinstance(channel.send(an_email(), now=NOW), Unknown)
    assert time.monotonic() - began < 25  # the double would take thirty seconds


@pytest.mark.parametrize("root", ["", "/", "/v1", "/v1/"])
def test_lob_base_url_may_name_the_host_alone_or_the_root(root: str, lob: Running):
    channel = LobChannel(replace(lob_settings(lob), base_url=lob.url + root))
    assert isinstance(channel.send(a_letter(f"root-{len(root)}"), now=NOW), Accepted)


def test_lob_base_url_of_a_mock_without_versions_is_found_out(tmp_path: Path):
    def play(connection: socket.socket) -> None:
        for _ in range(2):
            asked = b""
            while b"insert_blank_page" not in asked:
                asked += connection.recv(65536)
            found = asked.startswith(b"POST /letters ")
            body = b'{"id": "ltr_1"}' if found else b'{"title": "Route not resolved"}'
            status = b"200 OK" if found else b"404 Not Found"
            connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    with answering(play) as url:
        settings = ChannelSettings(provider="lob", base_url=url, api_key="test_key", timeout=5)
        outcome = LobChannel(settings).send(a_letter(), now=NOW)
    assert isinstance(outcome, Accepted)


def test_lob_answer_404_that_is_not_lobs_stops_the_channel():
    outcome = lob_outcomes.refusal(Answer(status=404, headers={}, body=b"<html>"), now=NOW)
    assert isinstance(outcome, Rejected)
    assert outcome.scope is Scope.CHANNEL


ODD = [
    b"",
    b"[]",
    b'"x"',
    b"null",
    b"{}",
    b'{"sid": 5, "date_created": 5, "status": 7, "id": 0}',
    b'{"sid": "SM1", "status": "failed", "error_code": {}}',
    b'{"messages": [1], "data": [1, null, {"metadata": "x"}]}',
    b'{"messages": {}, "next_page_uri": 5}',
    b'{"code": 1e400, "errors": ["x"], "error": "x"}',
    b'{"code": [], "errors": [{"field": []}], "error": {"code": {}}}',
    b"[" * 50_000,
]


def _answers_oddly(status: int) -> Play:
    def play(connection: socket.socket) -> None:
        for body in ODD:
            head, _, content = connection.recv(65536).partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            while length and len(content) < int(length[1]):
                content += connection.recv(65536)
            connection.sendall(b"HTTP/1.1 %d Odd\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    return play


@pytest.mark.parametrize("status", [201, 400, 503])
@pytest.mark.parametrize("provider", ["sendgrid", "twilio", "lob"])
def test_no_answer_makes_an_adapter_raise_or_believe_what_is_not_said(provider: str, status: int):
    kind, message = {
        "sendgrid": (ChannelKind.EMAIL, an_email()),
        "twilio": (ChannelKind.SMS, an_sms()),
        "lob": (ChannelKind.LETTER, a_letter()),
    }[provider]
    with answering(_answers_oddly(status), _answers_oddly(200)) as url:
        keys = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "+15005550006"}
        settings = ChannelSettings(provider=provider, base_url=f"{url}/v1", api_key="key", timeout=5, **keys)
        sending, asking = open_channel(kind, settings), open_channel(kind, settings)
        ends = [sending.send(message, now=NOW) for _ in ODD]
        found = [asking.look_up("m-1", to=message.to, attempted_at=NOW, body=message.body) for _ in ODD]
    if provider != "sendgrid" or status != 201:  # SendGrid says in its status alone that it has accepted
        assert not [end for end in ends if isinstance(end, Accepted)]
    assert not [end for end in found if isinstance(end, Accepted | Rejected)]


def test_a_key_that_no_header_can_hold_is_told_without_being_repeated(sendgrid: Running):
    channel = SendGridChannel(sendgrid_settings(sendgrid, api_key="SG.secret\nX-More: 1"))
    outcome = channel.send(an_email(), now=NOW)
    assert isinstance(outcome, TryLater)
    assert "line break" in outcome.reason
    assert "SG.secret" not in outcome.reason


@pytest.mark.parametrize("header", ["Retry-After", "X-RateLimit-Reset"])
def test_a_pause_longer_than_any_calendar_is_a_day(header: str):
    assert retry_after({header: "9" * 5000}, NOW) == timedelta(days=1)
