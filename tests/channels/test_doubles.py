"""The doubles sign and report the way the providers do: our own readers take what they post."""

import json
from datetime import UTC, datetime

import pytest

from channels.email.sendgrid_events import parse_sendgrid_events
from channels.event import EventKind
from channels.letter.lob_events import parse_lob_event
from channels.sms.twilio_events import parse_twilio_inbound, parse_twilio_status
from tests.channels.conftest import TOKEN
from tests.doubles.http_server import Request
from tests.doubles.lob import LobDouble
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.twilio import TwilioDouble
from tests.doubles.webhooks import Hook, Kept, Webhooks

PUBLIC = "http://127.0.0.1:8000"


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.mark.parametrize(
    ("to", "kinds"),
    [
        ("zoe@debtors.example", [EventKind.QUEUED, EventKind.DELIVERED]),
        ("bounce@debtors.example", [EventKind.QUEUED, EventKind.BOUNCED]),
    ],
)
def test_sendgrid_double_posts_events_that_we_take(to: str, kinds: list[EventKind], kept: Kept):
    double = SendGridDouble(kept, "seed")
    said = {"personalizations": [{"to": [{"email": to}], "custom_args": {"message_id": "m-1"}}]}
    double.handle(Request("POST", "/v3/mail/send", {"authorization": "Bearer x"}, json.dumps(said).encode()))
    now = datetime.now(UTC)
    events = [
        event
        for hook in kept.hooks
        for event in parse_sendgrid_events(hook.body, hook.headers, double.public_key, now)
    ]
    assert [event.kind for event in events] == kinds
    assert {event.message_id for event in events} == {"m-1"}


def test_sendgrid_double_keeps_its_key_over_a_restart(kept: Kept):
    assert SendGridDouble(kept, "seed").public_key == SendGridDouble(kept, "seed").public_key
    assert SendGridDouble(kept, "seed").public_key != SendGridDouble(kept, "other").public_key


def test_twilio_double_posts_statuses_that_we_take(kept: Kept):
    double = TwilioDouble(kept, TOKEN)
    target = "/webhooks/twilio/status?message_id=m-1"
    form = f"To=%2B14155550123&Body=x&StatusCallback={PUBLIC}{target.replace('?', '%3F').replace('=', '%3D')}"
    path = "/2010-04-01/Accounts/AC1/Messages.json"
    double.handle(Request("POST", path, {"authorization": "Basic x"}, form.encode()))
    now = datetime.now(UTC)
    login = {"auth_token": TOKEN, "public_url": PUBLIC, "now": now}
    events = [parse_twilio_status(hook.body, hook.headers, target=target, **login) for hook in kept.hooks]
    assert [event.kind for event in events] == [EventKind.SENT, EventKind.DELIVERED]
    assert {event.message_id for event in events} == {"m-1"}
    hook = double.inbound(f"{PUBLIC}/webhooks/twilio/inbound", "+14155550123", "+15005550006", "STOP")
    assert (
        parse_twilio_inbound(hook.body, hook.headers, target="/webhooks/twilio/inbound", **login).text
        == "STOP"
    )


def test_lob_double_posts_events_that_we_take_once_a_letter(kept: Kept):
    double = LobDouble(kept, "secret")
    body = b'--b\r\nContent-Disposition: form-data; name="to[name]"\r\n\r\nZoe\r\n'
    body += b'--b\r\nContent-Disposition: form-data; name="metadata[message_id]"\r\n\r\nm-1\r\n--b--\r\n'
    headers = {
        "authorization": "Basic x",
        "content-type": "multipart/form-data; boundary=b",
        "idempotency-key": "m-1",
    }
    for _ in range(2):
        double.handle(Request("POST", "/v1/letters", headers, body))
    now = datetime.now(UTC)
    events = [parse_lob_event(hook.body, hook.headers, "secret", now) for hook in kept.hooks]
    assert [event.kind for event in events] == [EventKind.MAILED, EventKind.DELIVERED]
    assert {event.message_id for event in events} == {"m-1"}


def test_webhooks_out_of_order_lose_none_and_repeat_some():
    sent: list[str] = []
    webhooks = Webhooks(PUBLIC, disorder=True)
    webhooks._send = lambda hook: sent.append(hook.path) or 200
    for number in range(30):
        webhooks.post([Hook(path=f"{number}-{step}", body=b"", headers={}) for step in "abc"])
    webhooks.drain()
    assert len(set(sent)) == 90
    assert len(sent) > 90
    assert sorted(sent) != sent
