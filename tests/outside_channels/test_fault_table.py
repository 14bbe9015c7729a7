"""One row a fault: what a provider does to one message, and where message, log, address and channel stand then."""

import json
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.outside_channels.conftest import OpenHome
from tests.outside_channels.home import Home, Providers
from tests.outside_channels.mock_providers import Said, as_json

pytestmark = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS"
)  # the relay is on loopback

FIRST_PAUSE = (30.0, 37.5)  # seconds: half a minute, spread by up to a quarter


@dataclass(frozen=True, kw_only=True)
class End:
    """Where one message stands after the fault."""

    state: str
    event: str
    code: str = ""
    pause: tuple[float, float] | None = None  # seconds until the next try
    stops: bool = False
    closes: bool = False
    opts_out: bool = False


ACCEPTED = End(state="accepted", event="accepted")


def failed(code: str, **more: bool) -> End:
    return End(state="failed", event="rejected", code=code, **more)


def later(code: str, pause: tuple[float, float] = FIRST_PAUSE) -> End:
    return End(state="queued", event="retry", code=code, pause=pause)


def stopped(code: str) -> End:
    return End(state="queued", event="retry", code=code, stops=True)


def unknown(code: str = "") -> End:
    return End(state="unknown", event="unknown", code=code)


def exactly(seconds: float) -> tuple[float, float]:
    return (seconds, seconds)


def sendgrid_says(status: int, field: str | None = None, **headers: str) -> Said:
    return as_json(
        status, {"errors": [{"message": f"refused with {status}", "field": field, "help": None}]}, **headers
    )


def twilio_says(status: int, code: int, **headers: str) -> Said:
    return as_json(status, {"code": code, "message": f"refused with {code}", "status": status}, **headers)


def lob_says(status: int, code: str, **headers: str) -> Said:
    return as_json(
        status, {"error": {"message": f"refused with {code}", "code": code, "status_code": status}}, **headers
    )


NO_JSON = b"<html>Bad Gateway</html>"
HANGS = Said(wait=1.5, status=200)

SENDGRID = {
    "202 without a body": (Said(status=202, headers={"X-Message-Id": "sg-1"}), ACCEPTED),
    "202 without its id": (Said(status=202), unknown("202")),
    "202 with a page of HTML": (Said(status=202, body=NO_JSON), unknown("202")),
    "200 of a portal": (Said(status=200, body=NO_JSON), unknown("200")),
    "400 of a proxy": (Said(status=400, body=NO_JSON), stopped("400")),
    "400": (sendgrid_says(400), failed("400")),
    "400 without a body": (Said(status=400), failed("400")),
    "400 about the address": (
        sendgrid_says(400, "personalizations.0.to.0.email"),
        failed("400", closes=True),
    ),
    "400 about the sender": (sendgrid_says(400, "from.email"), stopped("400")),
    "401": (sendgrid_says(401), stopped("401")),
    "403": (sendgrid_says(403), stopped("403")),
    "404": (sendgrid_says(404), stopped("404")),
    "413": (sendgrid_says(413), failed("413")),
    "429": (sendgrid_says(429), later("429")),
    "429 with Retry-After": (sendgrid_says(429, Retry_After="600"), later("429", exactly(600))),
    "429 with a shorter Retry-After": (sendgrid_says(429, Retry_After="1"), later("429")),
    "500": (sendgrid_says(500), later("500")),
    "500 that is no JSON": (Said(status=500, body=NO_JSON), later("500")),
    "502": (Said(status=502, body=NO_JSON), later("502")),
    "503 with Retry-After": (sendgrid_says(503, Retry_After="120"), later("503", exactly(120))),
    "504": (Said(status=504, body=NO_JSON), unknown("504")),
    "time-out": (HANGS, unknown()),
    "cut after the request": (Said(cut=True), unknown()),
    "taken, answer lost": (Said(lose=True), unknown()),
}
TWILIO = {
    "201 that is no JSON": (Said(status=201, body=NO_JSON), unknown()),
    "201 without a body": (Said(status=201), unknown()),
    "400": (twilio_says(400, 21617), failed("21617")),
    "400 of a proxy": (Said(status=400, body=NO_JSON), stopped("400")),
    "400 without a body": (Said(status=400), failed("400")),
    "400 about the number": (twilio_says(400, 21211), failed("21211", closes=True)),
    "400 no mobile number": (twilio_says(400, 21614), failed("21614", closes=True)),
    "400 the number has opted out": (twilio_says(400, 21610), failed("21610", opts_out=True)),
    "400 about the sender": (twilio_says(400, 21606), stopped("21606")),
    "401": (twilio_says(401, 20003), stopped("20003")),
    "401 that is no JSON": (Said(status=401, body=NO_JSON), stopped("401")),
    "403": (twilio_says(403, 20003), stopped("20003")),
    "404": (twilio_says(404, 20404), stopped("20404")),
    "413 of a proxy": (Said(status=413, body=NO_JSON), stopped("413")),
    "429": (twilio_says(429, 20429), later("20429")),
    "429 with Retry-After": (twilio_says(429, 20429, Retry_After="600"), later("20429", exactly(600))),
    "500": (twilio_says(500, 20500), unknown("20500")),
    "502": (Said(status=502, body=NO_JSON), unknown("502")),
    "503 with Retry-After": (twilio_says(503, 20503, Retry_After="120"), later("20503", exactly(120))),
    "504": (Said(status=504), unknown("504")),
    "carrier's limit of the day": (twilio_says(400, 30023), later("30023", exactly(86_400))),
    "time-out": (HANGS, unknown()),
    "cut after the request": (Said(cut=True), unknown()),
    "taken, answer lost": (Said(lose=True), unknown()),
}
LOB = {
    "200 that is no JSON": (Said(body=NO_JSON), later("")),
    "200 without a body": (Said(), later("")),
    "400": (lob_says(400, "bad_request"), failed("bad_request")),
    "401": (lob_says(401, "unauthorized"), stopped("unauthorized")),
    "403": (lob_says(403, "forbidden"), stopped("forbidden")),
    "404": (lob_says(404, "not_found"), failed("not_found")),
    "413": (lob_says(413, "payload_too_large"), failed("payload_too_large")),
    "422": (lob_says(422, "invalid"), failed("invalid")),
    "422 about the address": (
        lob_says(422, "failed_deliverability_strictness"),
        failed("failed_deliverability_strictness", closes=True),
    ),
    "429": (lob_says(429, "rate_limit_exceeded"), later("rate_limit_exceeded")),
    "429 with Retry-After": (
        lob_says(429, "rate_limit_exceeded", Retry_After="600"),
        later("rate_limit_exceeded", exactly(600)),
    ),
    "500": (lob_says(500, "internal_server_error"), later("internal_server_error")),
    "502": (Said(status=502, body=NO_JSON), later("502")),
    "503 with Retry-After": (Said(status=503, headers={"Retry-After": "120"}), later("503", exactly(120))),
    "504": (Said(status=504), later("504")),
    "time-out": (HANGS, later("")),
    "cut after the request": (Said(cut=True), later("")),
    "taken, answer lost": (Said(lose=True), later("")),
}
SMTP = {
    "unknown mailbox": ("rcpt:550 5.1.1 no such user", failed("5.1.1", closes=True)),
    "policy": ("rcpt:550 5.7.1 not welcome", failed("5.7.1")),
    "full mailbox": ("rcpt:452 4.2.2 mailbox full", later("4.2.2")),
    "greylisted": ("rcpt:450 4.2.0 come back", later("4.2.0")),
    "too large": ("data:552 5.3.4 too large", failed("5.3.4")),
    "relay in trouble": ("data:451 4.3.0 trouble", later("4.3.0")),
    "cut before the content": ("drop", later("")),
    "taken, answer lost": ("lost", unknown()),
    "time-out after the content": ("hang", unknown()),
}
CHANNELS = {"sendgrid": "email", "twilio": "sms", "lob": "letter", "smtp": "email"}


def rows(table: dict[str, tuple[Any, End]]) -> Any:
    return pytest.mark.parametrize(("fault", "end"), table.values(), ids=table.keys())


def check(home: Home, channel: str, end: End) -> None:
    """Message, log entry, address, opt-outs, channel and next try, all as the row says."""
    message = home.message(channel)
    entry = home.last_end(message.id)
    found = End(
        state=message.state,
        event=entry.event,
        code=entry.details.get("code", ""),
        pause=end.pause if _tries_within(home, message, end.pause) else None,
        stops=home.stopped() == [f"channel {channel}"],
        closes=bool(home.closed_addresses()),
        opts_out=home.opted_out() == [(message.address, "sms")],
    )
    assert found == end, (message.next_try_at, entry.details)
    if end.state != "accepted":
        assert entry.details["reason"]
        assert message.address == "" or message.address not in json.dumps(entry.details)


def _tries_within(home: Home, message: Any, pause: tuple[float, float] | None) -> bool:
    if message.next_try_at is None or pause is None:
        assert message.next_try_at is None or pause is not None, "a next try where none is due"
        return False
    return pause[0] <= (message.next_try_at - home.now()).total_seconds() <= pause[1]


def sends(home: Home, channel: str, providers: Providers) -> int:
    if home.house.settings.channels.email.provider == "smtp" and channel == "email":
        return len(providers.relay.taken)
    return len({"email": providers.sendgrid, "sms": providers.twilio, "letter": providers.lob}[channel].sends)


def check_what_follows(home: Home, channel: str, providers: Providers, end: End) -> None:
    """A retry comes at its time and not before; nothing else is ever sent again."""
    made = sends(home, channel, providers)
    if end.pause is None:
        home.now.forward(minutes=40)
        home.dispatch()
        assert sends(home, channel, providers) == made
        return
    home.now.at = home.message(channel).next_try_at - timedelta(seconds=1)
    home.dispatch()
    assert sends(home, channel, providers) == made
    home.now.forward(seconds=1)
    home.dispatch()
    message = home.message(channel)
    assert (message.state, message.attempts) == ("accepted", 2), home.events(message.id)
    assert sends(home, channel, providers) == made + 1


@rows(SENDGRID)
def test_sendgrid_fault_leads_to_its_end(fault: Said, end: End, home: Home, providers: Providers) -> None:
    providers.sendgrid.script = [fault]
    home.dispatch()
    check(home, "email", end)
    check_what_follows(home, "email", providers, end)


@rows(TWILIO)
def test_twilio_fault_leads_to_its_end(fault: Said, end: End, home: Home, providers: Providers) -> None:
    providers.twilio.script = [fault]
    home.dispatch()
    check(home, "sms", end)
    check_what_follows(home, "sms", providers, end)


@rows(LOB)
def test_lob_fault_leads_to_its_end(fault: Said, end: End, home: Home, providers: Providers) -> None:
    providers.lob.script = [fault]
    home.dispatch()
    check(home, "letter", end)
    check_what_follows(home, "letter", providers, end)
    keys = {call.headers["idempotency-key"] for call in providers.lob.sends}
    assert keys == {home.message("letter").id}


def test_lob_address_that_knows_no_letters_stops_the_channel(home: Home, providers: Providers) -> None:
    providers.lob.always = Said(status=404, body=NO_JSON)
    home.dispatch()
    check(home, "letter", stopped("404"))


@rows(SMTP)
def test_smtp_fault_leads_to_its_end(fault: str, end: End, open_home: OpenHome, providers: Providers) -> None:
    home = open_home("smtp")
    providers.relay.script = [fault]
    home.dispatch()
    check(home, "email", end)
    check_what_follows(home, "email", providers, end)


def test_smtp_log_in_that_fails_stops_the_channel(open_home: OpenHome, providers: Providers) -> None:
    home = open_home("smtp")
    providers.relay.log_ins_fail = True
    home.dispatch()
    message = home.message("email")
    assert (message.state, home.stopped()) == ("queued", ["channel email"])
    assert providers.relay.taken == []


@pytest.mark.parametrize("channel", ["email", "sms", "letter"])
def test_nobody_listening_is_tried_again_because_nothing_was_written(
    channel: str, open_home: OpenHome, providers: Providers
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
        home = open_home(channels={channel: {"base_url": nowhere}})
        home.dispatch()
    check(home, channel, later(""))


def test_lost_letter_is_asked_again_under_its_key_and_made_once(home: Home, providers: Providers) -> None:
    providers.lob.script = [Said(lose=True), Said(lose=True)]
    home.dispatch()
    for _ in range(2):
        home.now.at = home.message("letter").next_try_at
        home.dispatch()
    letter = home.message("letter")
    assert (letter.state, home.ends(letter.id)) == ("accepted", ["unknown", "unknown", "accepted"])
    assert len(providers.lob.sends) == 3
    assert list(providers.lob.made) == [letter.id]
    assert home.events(letter.id).count("accepted") == 1
