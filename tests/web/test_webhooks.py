"""What providers send: only with the right signature, only once, always answered, never trusted blindly."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from httpx import Response
from sqlalchemy import func, select

from dispatcher.database.tables.delivery import provider_events, tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.portfolio import contact_points
from tests.channels.test_incoming import written
from tests.web.house import Web

PUBLIC = "https://dispatch.example"
TOKEN, SECRET = "twilio-token", "lob-secret"
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()


@pytest.fixture
def hooked(open_web: Callable[..., Web]) -> Web:
    """The site with every provider's secret set, behind a public address."""
    channels = {
        "email": {"webhook_key": PUBLIC_KEY},
        "sms": {"auth_token": TOKEN},
        "letter": {"webhook_secret": SECRET},
    }
    return open_web(public_url=PUBLIC, channels=channels)


def sendgrid(
    web: Web,
    events: object,
    *,
    late: timedelta = timedelta(0),
    key: ec.EllipticCurvePrivateKey = KEY,
    **headers: str,
) -> Response:
    body = json.dumps(events).encode() + b"\r\n"
    stamp = str(int((web.house.now() - late).timestamp()))
    signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    signed = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }
    return web.visitor().post("/webhooks/sendgrid", content=body, headers=signed | headers)


def sendgrid_mail(
    web: Web, mail: bytes, *, key: ec.EllipticCurvePrivateKey = KEY, name: str = "email"
) -> Response:
    """One mail as inbound parse posts it raw."""
    part = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
    body = part + mail + b"\r\n--b--\r\n"
    stamp = str(int(web.house.now().timestamp()))
    signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        "Content-Type": "multipart/form-data; boundary=b",
    }
    return web.visitor().post("/webhooks/sendgrid/inbound", content=body, headers=headers)


def twilio(web: Web, path: str, form: dict[str, str], *, token: str = TOKEN) -> Response:
    text = f"{PUBLIC}{path}" + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return web.visitor().post(path, content=urlencode(form), headers=headers)


def lob(web: Web, event: dict[str, Any], *, secret: str = SECRET, late: timedelta = timedelta(0)) -> Response:
    body = json.dumps(event)
    stamp = str(int((web.house.now() - late).timestamp() * 1000))
    signature = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return web.visitor().post(
        "/webhooks/lob", content=body, headers={"Lob-Signature": signature, "Lob-Signature-Timestamp": stamp}
    )


def sent(web: Web, channel: str) -> Any:
    with web.house.database.reading() as connection:
        query = (
            select(messages)
            .where(messages.c.channel == channel, messages.c.state == "accepted")
            .order_by(messages.c.id)
        )
        return connection.execute(query).first()


def event_of(message: Any, word: str, key: str = "e1", **more: Any) -> dict[str, Any]:
    return {
        "event": word,
        "sg_event_id": key,
        "message_id": message.id,
        "email": message.address,
        "timestamp": 1_794_852_000,
        **more,
    }


def count(web: Web, table: Any) -> int:
    with web.house.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_delivery_is_recorded_once_however_often_it_comes(hooked: Web) -> None:
    message = sent(hooked, "email")

    assert [sendgrid(hooked, [event_of(message, "delivered")]).status_code for _ in range(3)] == [
        204,
        204,
        204,
    ]

    with hooked.house.database.reading() as connection:
        assert connection.scalar(select(messages.c.state).where(messages.c.id == message.id)) == "delivered"
        entries = select(func.count()).where(
            log_entries.c.message_id == message.id, log_entries.c.event == "delivered"
        )
        assert connection.scalar(entries) == 1


def test_a_late_bounce_counts_and_a_late_sent_does_not_go_back(hooked: Web) -> None:
    message = sent(hooked, "email")
    sendgrid(hooked, [event_of(message, "delivered", "e1"), event_of(message, "processed", "e2")])
    sendgrid(
        hooked, [event_of(message, "bounce", "e3", type="bounce", status="5.1.1", reason="unknown user")]
    )

    with hooked.house.database.reading() as connection:
        assert connection.scalar(select(messages.c.state).where(messages.c.id == message.id)) == "bounced"
        closed = select(contact_points.c.closed_at).where(contact_points.c.address == message.address)
        assert connection.scalar(closed) is not None


def test_an_event_of_a_message_that_is_not_ours_is_answered_and_logged(hooked: Web) -> None:
    events = [
        {
            "event": "delivered",
            "sg_event_id": "e9",
            "message_id": "somebody-elses",
            "timestamp": 1_794_852_000,
        },
        "no object",
        {"event": "new-word", "sg_event_id": "e10"},
    ]

    assert sendgrid(hooked, events).status_code == 204

    assert "unmatched event" in hooked.signed_in("auditor").page("/log?event=unmatched_event")


@pytest.mark.parametrize("late", [timedelta(minutes=11), timedelta(minutes=-11), timedelta(days=400)])
def test_an_old_or_future_request_is_refused(hooked: Web, late: timedelta) -> None:
    assert sendgrid(hooked, [], late=late).status_code == 403
    assert lob(hooked, {"id": "evt_1"}, late=late).status_code == 403


def test_a_wrong_or_missing_signature_is_refused_and_changes_nothing(hooked: Web) -> None:
    message = sent(hooked, "email")
    other = ec.generate_private_key(ec.SECP256R1())
    visitor = hooked.visitor()

    assert sendgrid(hooked, [event_of(message, "bounce")], key=other).status_code == 403
    assert (
        sendgrid(
            hooked, [event_of(message, "bounce")], **{"X-Twilio-Email-Event-Webhook-Signature": "AAAA"}
        ).status_code
        == 403
    )
    assert (
        twilio(
            hooked,
            "/webhooks/twilio/inbound",
            {"MessageSid": "SM1", "From": "+12125550101", "Body": "STOP"},
            token="wrong",
        ).status_code
        == 403
    )
    assert lob(hooked, {"id": "evt_1"}, secret="wrong").status_code == 403
    for path in (
        "/webhooks/sendgrid",
        "/webhooks/twilio/status",
        "/webhooks/twilio/inbound",
        "/webhooks/lob",
    ):
        assert visitor.post(path, content=b"[]").status_code == 403
        assert visitor.get(path).status_code == 405

    assert count(hooked, provider_events) == 0
    assert count(hooked, opt_outs) == 0


def test_without_a_key_set_nothing_is_believed(web: Web) -> None:
    assert sendgrid(web, []).status_code == 403
    assert twilio(web, "/webhooks/twilio/status", {"MessageSid": "SM1"}, token="").status_code == 403
    assert lob(web, {"id": "evt_1"}, secret="").status_code == 403


def test_rightly_signed_nonsense_is_a_bad_request(hooked: Web) -> None:
    assert sendgrid(hooked, {"not": "a list"}).status_code == 400
    assert twilio(hooked, "/webhooks/twilio/status", {"Nothing": "here"}).status_code == 400


def test_twilio_status_finds_its_message_by_the_query_it_was_given(hooked: Web) -> None:
    message = sent(hooked, "sms")
    path = f"/webhooks/twilio/status?message_id={message.id}"

    answer = twilio(hooked, path, {"MessageSid": "SM77", "MessageStatus": "delivered", "To": message.address})

    assert answer.status_code == 204
    with hooked.house.database.reading() as connection:
        assert connection.scalar(select(messages.c.state).where(messages.c.id == message.id)) == "delivered"


@pytest.mark.parametrize("word", ["STOP", "ALTO", "stop please", "Baja"])
def test_a_stop_is_recorded_at_once_and_confirmed_once(hooked: Web, word: str) -> None:
    form = {"MessageSid": "SM1", "From": "+12125550101", "To": "+12125550000", "Body": word}

    for _ in range(2):
        answer = twilio(hooked, "/webhooks/twilio/inbound", form)
        assert answer.status_code == 200
        assert answer.text.endswith("<Response/>")

    with hooked.house.database.reading() as connection:
        assert connection.scalars(select(opt_outs.c.address)).all() == ["+12125550101"]
        confirmations = select(func.count()).where(messages.c.template == "opt-out-confirmation")
        assert connection.scalar(confirmations) == 1


def test_other_words_become_a_task_and_quiet_the_number(hooked: Web) -> None:
    form = {"MessageSid": "SM2", "From": "+12125550101", "To": "+12125550000", "Body": "I lost my job"}

    assert twilio(hooked, "/webhooks/twilio/inbound", form).status_code == 200

    with hooked.house.database.reading() as connection:
        assert connection.scalars(select(tasks.c.kind)).all() == ["unclear_reply"]


def test_a_letter_that_came_back_closes_the_address(hooked: Web) -> None:
    message = sent(hooked, "letter")
    event = {
        "id": "evt_1",
        "event_type": {"id": "letter.returned_to_sender", "resource": "letters"},
        "date_created": "2026-11-16T17:00:00.000Z",
        "body": {"id": "ltr_1", "metadata": {"message_id": message.id}},
    }

    assert lob(hooked, event).status_code == 204

    with hooked.house.database.reading() as connection:
        assert connection.scalar(select(messages.c.state).where(messages.c.id == message.id)) == "returned"


def test_the_published_vectors_hold_over_http(open_web: Callable[..., Web], shared: Path) -> None:
    """SendGrid's own: under its clock the right ones pass, the tampered ones do not."""
    from datetime import UTC, datetime

    from dispatcher.bootstrap import clock_from

    vectors = json.loads((shared / "webhooks" / "sendgrid_signature_vectors.json").read_text())["vectors"]
    assert {vector["valid"] for vector in vectors} == {True, False}
    for vector in vectors:
        web = open_web(channels={"email": {"webhook_key": vector["public_key"]}})
        stamp = vector["timestamp"]
        web.house.now = (
            clock_from(datetime.fromtimestamp(int(stamp), UTC)) if str(stamp).isdecimal() else web.house.now
        )
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": vector["signature"],
            "X-Twilio-Email-Event-Webhook-Timestamp": str(stamp),
        }
        answer = web.visitor().post("/webhooks/sendgrid", content=vector["payload"].encode(), headers=headers)
        assert (answer.status_code == 204) == vector["valid"], (vector["name"], answer.text)


def test_a_mail_that_sendgrid_brings_is_heard_once_and_only_signed(hooked: Web) -> None:
    mail = written("I can pay on Friday é", From="ana@debtors.example", Subject="Re: Your account")
    mail += (b" " * 70 + b"\r\n") * 17_000  # more than other forms may hold

    assert sendgrid_mail(hooked, mail, key=ec.generate_private_key(ec.SECP256R1())).status_code == 403
    assert sendgrid_mail(hooked, mail, name="text").status_code == 400
    assert [sendgrid_mail(hooked, mail).status_code for _ in range(2)] == [204, 204]

    with hooked.house.database.reading() as connection:
        found = connection.execute(select(tasks.c.details).where(tasks.c.kind == "unclear_reply"))
        [details] = [row.details for row in found if row.details.get("channel") == "email"]
    assert (details["address"], details["text"]) == ("ana@debtors.example", "I can pay on Friday é")
