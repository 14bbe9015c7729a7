"""What providers report: every right signature is taken, every tampered one refused, every word understood."""

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from channels.email.sendgrid_events import parse_sendgrid_events
from channels.event import DeliveryEvent, EventKind
from channels.letter.lob_events import parse_lob_event
from channels.letter.receipts import ReceiptsError, read_receipts
from channels.sms.twilio_events import (
    parse_twilio_inbound,
    parse_twilio_status,
    verify_twilio_body_signature,
    verify_twilio_signature,
)
from channels.webhook import (
    BadSignatureError,
    MalformedWebhookError,
    StaleTimestampError,
    WebhookRefusedError,
)
from tests.channels.conftest import NOW, TOKEN
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.twilio import signed
from tests.doubles.webhooks import Webhooks
from tests.shared import shared_folder

PUBLIC = "https://pay.acme.example/dispatcher"


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_folder() / "webhooks" / name).read_text())
    return found


def _signed_headers(vector: dict[str, str]) -> dict[str, str]:
    return {
        "x-twilio-email-event-webhook-signature": vector["signature"],
        "X-TWILIO-EMAIL-EVENT-WEBHOOK-TIMESTAMP": vector["timestamp"],
    }


def _is_taken(parse: Callable[[], object]) -> bool:
    try:
        parse()
    except WebhookRefusedError:
        return False
    return True


def test_sendgrid_vectors_right_ones_are_taken_and_tampered_ones_refused():
    vectors = _read("sendgrid_signature_vectors.json")["vectors"]
    assert {vector["valid"] for vector in vectors} == {True, False}
    for vector in vectors:
        body, key = vector["payload"].encode(), vector["public_key"]
        at = datetime.fromtimestamp(1600112502, UTC)
        headers = _signed_headers(vector)
        taken = _is_taken(
            lambda body=body, headers=headers, key=key, at=at: parse_sendgrid_events(body, headers, key, at)
        )
        assert taken is vector["valid"], vector["name"]


def test_sendgrid_key_is_also_read_as_pem():
    vector = _read("sendgrid_signature_vectors.json")["vectors"][0]
    pem = f"-----BEGIN PUBLIC KEY-----\n{vector['public_key'][:64]}\n{vector['public_key'][64:]}\n-----END PUBLIC KEY-----\n"
    at = datetime.fromtimestamp(1600112502, UTC)
    assert parse_sendgrid_events(vector["payload"].encode(), _signed_headers(vector), pem, at)


@pytest.mark.parametrize("key", ["", "%%%", "AAAA"])
def test_sendgrid_unusable_key_refuses_everything(key: str):
    vector = _read("sendgrid_signature_vectors.json")["vectors"][0]
    with pytest.raises(BadSignatureError):
        parse_sendgrid_events(vector["payload"].encode(), _signed_headers(vector), key, NOW)


@pytest.mark.parametrize(
    ("late", "taken"),
    [
        (timedelta(minutes=10), True),
        (timedelta(minutes=10, seconds=1), False),
        (-timedelta(minutes=11), False),
    ],
)
def test_sendgrid_window_is_kept_on_both_sides(late: timedelta, taken: bool):
    vector = _read("sendgrid_signature_vectors.json")["vectors"][0]
    body, headers = vector["payload"].encode(), _signed_headers(vector)
    now = datetime.fromtimestamp(1600112502, UTC) + late
    assert _is_taken(lambda: parse_sendgrid_events(body, headers, vector["public_key"], now)) is taken
    with_any_time = parse_sendgrid_events(body, headers, vector["public_key"], now, tolerance=None)
    assert len(with_any_time) == 1
    if not taken:
        with pytest.raises(StaleTimestampError):
            parse_sendgrid_events(body, headers, vector["public_key"], now)


def _sendgrid_events(*said: object) -> list[DeliveryEvent]:
    double = SendGridDouble(Webhooks())
    headers, body = double.signed(json.dumps(said).encode(), 1_772_474_400)
    return parse_sendgrid_events(body, headers, double.public_key, NOW)


def test_sendgrid_official_batch_is_read_in_our_words():
    batch = _read("sendgrid_signature_vectors.json")["own_test_key"]
    signed_batch = batch["signed_batch_of_every_event_type"]
    events = parse_sendgrid_events(
        signed_batch["payload"].encode(),
        _signed_headers(signed_batch),
        batch["public_key"],
        datetime.fromtimestamp(int(signed_batch["timestamp"]), UTC),
    )
    by_word = {(event.raw["event"], event.raw.get("type")): event for event in events}
    assert {key: event.kind.value for key, event in by_word.items()} == {
        ("processed", None): "queued",
        ("deferred", None): "deferred",
        ("delivered", None): "delivered",
        ("dropped", None): "rejected",
        ("bounce", "bounce"): "bounced",
        ("bounce", "blocked"): "bounced",
        ("open", None): "opened",
        ("click", None): "clicked",
        ("spamreport", None): "complained",
        ("unsubscribe", None): "unsubscribed",
        ("group_unsubscribe", None): "unsubscribed",
        ("group_resubscribe", None): "unknown",
        ("account_status_change", "compliance_suspend"): "unknown",
    }
    assert {key for key, event in by_word.items() if event.permanent} == {
        ("bounce", "bounce"),
        ("dropped", None),
    }
    assert {key[0] for key, event in by_word.items() if event.opted_out} == {
        "unsubscribe",
        "group_unsubscribe",
    }
    assert len({event.event_id for event in events}) == len(events)


def test_sendgrid_anymail_cases_are_read_as_anymail_reads_them():
    for case in _read("sendgrid_events.json")["django_anymail"]["cases"]:
        (event,) = _sendgrid_events(*case["raw"])
        expected = case["expected"]
        if "event_type" in expected:
            assert event.kind.value == expected["event_type"], case["test"]
        if "event_id" in expected:
            assert event.event_id == expected["event_id"]
        if "recipient" in expected:
            assert event.address == expected["recipient"]
        assert event.opted_out is (expected.get("reject_reason") == "unsubscribed"), case["test"]


def test_sendgrid_edge_cases_keep_their_batch_whole():
    edges = [case["event"] for case in _read("sendgrid_events.json")["edge_cases_made_up_in_documented_form"]]
    events = _sendgrid_events(
        *edges, "no object", {"event": "delivered", "timestamp": "x", "message_id": "m-9"}
    )
    assert [event.kind.value for event in events] == [
        "bounced",
        "unknown",
        "delivered",
        "delivered",
        "unknown",
        "delivered",
    ]
    assert events[0].permanent
    assert events[1].raw["event"] == "something_new"
    assert events[2].at == datetime.fromtimestamp(1513299569, UTC)
    assert events[-1].message_id == "m-9"
    assert events[-1].at == NOW
    assert all(event.event_id for event in events)


def test_sendgrid_event_carries_our_id_and_the_provider_id_of_the_answer():
    (event,) = _sendgrid_events(
        {
            "event": "delivered",
            "timestamp": 1_772_474_400,
            "message_id": "m-1",
            "sg_event_id": "e-1",
            "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
            "email": "zoe@debtors.example",
        }
    )
    assert (event.message_id, event.event_id, event.provider_id) == ("m-1", "e-1", "14c5d75ce93.dfd.64b469")


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[", b"\xff", b"[" * 100_000 + b"]" * 100_000, b"[" + b"9" * 5000 + b"]"],
    ids=["empty", "no list", "half", "no text", "deeper than anybody reads", "longer than any number"],
)
def test_sendgrid_signed_nonsense_is_malformed(body: bytes):
    double = SendGridDouble(Webhooks())
    headers, signed_body = double.signed(body, int(NOW.timestamp()))
    with pytest.raises(MalformedWebhookError):
        parse_sendgrid_events(signed_body, headers, double.public_key, NOW)


def test_twilio_vectors_right_ones_are_taken_and_tampered_ones_refused():
    vectors = _read("twilio_signature_vectors.json")["vectors"]
    assert {vector["valid"] for vector in vectors} == {True, False}
    for vector in vectors:
        assert _is_taken(lambda vector=vector: _verify(vector)) is vector["valid"], vector["name"]


def _verify(vector: dict[str, Any]) -> None:
    login = {"signature": vector["signature"], "auth_token": vector["auth_token"]}
    if vector["body"] is not None:
        verify_twilio_body_signature(vector["url"], vector["body"].encode(), **login)
        return
    pairs = vector["param_pairs"] or list(vector["params"].items())
    verify_twilio_signature(vector["url"], [tuple(pair) for pair in pairs], **login)


def test_twilio_without_a_token_refuses_everything():
    with pytest.raises(BadSignatureError):
        verify_twilio_signature(PUBLIC, (), signature="", auth_token="")
    with pytest.raises(BadSignatureError):
        verify_twilio_signature(
            PUBLIC, (), signature=signed(PUBLIC, {}, "")["X-Twilio-Signature"], auth_token=""
        )


def _status(target: str = "/webhooks/twilio/status?message_id=m-1", **form: str) -> DeliveryEvent:
    fields = {"MessageSid": "SM1", "To": "+14155550123", **form}
    headers = signed(PUBLIC + target, fields, TOKEN)
    body = urlencode(fields).encode()
    return parse_twilio_status(
        body, headers, auth_token=TOKEN, public_url=PUBLIC + "/", target=target, now=NOW
    )


@pytest.mark.parametrize(
    ("form", "kind", "permanent", "opted_out"),
    [
        ({"MessageStatus": "queued"}, EventKind.QUEUED, False, False),
        ({"MessageStatus": "sent"}, EventKind.SENT, False, False),
        ({"MessageStatus": "delivered"}, EventKind.DELIVERED, False, False),
        ({"MessageStatus": "undelivered", "ErrorCode": "30003"}, EventKind.BOUNCED, False, False),
        ({"MessageStatus": "undelivered", "ErrorCode": "30005"}, EventKind.BOUNCED, True, False),
        ({"MessageStatus": "failed", "ErrorCode": "21614"}, EventKind.FAILED, True, False),
        ({"MessageStatus": "failed", "ErrorCode": "21610"}, EventKind.REJECTED, False, True),
        ({"MessageStatus": "failed", "ErrorCode": "30036"}, EventKind.FAILED, False, False),
        ({"MessageStatus": "something_new"}, EventKind.UNKNOWN, False, False),
        ({"MessageStatus": "failed", "ErrorCode": "odd"}, EventKind.FAILED, False, False),
    ],
)
def test_twilio_status_is_read_in_our_words(
    form: dict[str, str], kind: EventKind, permanent: bool, opted_out: bool
):
    event = _status(**form)
    assert (event.kind, event.permanent, event.opted_out) == (kind, permanent, opted_out)
    assert (event.message_id, event.provider_id) == ("m-1", "SM1")


def test_twilio_status_repeated_has_the_same_event_id_and_another_status_another():
    assert (
        _status(MessageStatus="sent").event_id
        == _status(MessageStatus="sent", RawDlrDoneDate="2611231800").event_id
    )
    assert _status(MessageStatus="sent").event_id != _status(MessageStatus="delivered").event_id


def test_twilio_status_under_another_message_id_is_refused():
    target = "/webhooks/twilio/status?message_id=m-1"
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    headers = signed(PUBLIC + target, fields, TOKEN)
    with pytest.raises(BadSignatureError):
        parse_twilio_status(
            urlencode(fields).encode(),
            headers,
            auth_token=TOKEN,
            public_url=PUBLIC,
            target=target.replace("m-1", "m-2"),
            now=NOW,
        )


def test_twilio_status_without_a_sid_is_malformed():
    with pytest.raises(MalformedWebhookError):
        _status(MessageSid="", MessageStatus="sent")


def test_twilio_inbound_keeps_the_text_as_it_was_written():
    target = "/webhooks/twilio/inbound"
    fields = {
        "MessageSid": "SM2",
        "From": "+14155550123",
        "To": "+15005550006",
        "Body": " Alto ¡ya! 👋 ",
        "NumMedia": "0",
    }
    inbound = parse_twilio_inbound(
        urlencode(fields).encode(),
        signed(PUBLIC + target, fields, TOKEN),
        auth_token=TOKEN,
        public_url=PUBLIC,
        target=target,
        now=NOW,
    )
    assert (inbound.event_id, inbound.sender, inbound.to) == ("SM2", "+14155550123", "+15005550006")
    assert inbound.text == " Alto ¡ya! 👋 "


def test_lob_vectors_right_ones_are_taken_and_tampered_ones_refused():
    said = _read("lob_events.json")
    assert {vector["valid"] for vector in said["vectors"]} == {True, False}
    for vector in said["vectors"]:
        body = vector["body"].encode()
        headers = {name: vector[name] for name in ("Lob-Signature", "Lob-Signature-Timestamp")}
        at = datetime.fromtimestamp(int(vector["Lob-Signature-Timestamp"]) / 1000, UTC)
        taken = _is_taken(
            lambda body=body, headers=headers, at=at: parse_lob_event(
                body, headers, said["signature"]["secret"], at
            )
        )
        assert taken is vector["valid"], vector["event"]


def test_lob_words_are_read_in_ours():
    said = _read("lob_events.json")
    secret, meaning = said["signature"]["secret"], said["meaning"]
    kinds: dict[str, DeliveryEvent] = {}
    for vector in said["vectors"]:
        if vector["valid"]:
            headers = {name: vector[name] for name in ("Lob-Signature", "Lob-Signature-Timestamp")}
            kinds[vector["event"]] = parse_lob_event(
                vector["body"].encode(), headers, secret, NOW, tolerance=None
            )
    assert {name for name, event in kinds.items() if event.permanent} == set(meaning["bad_address"])
    assert {name for name, event in kinds.items() if event.kind is EventKind.RETURNED} == set(
        meaning["bad_address"]
    )
    delivered = {name.partition(" ")[0] for name in meaning["delivered"]} | {
        "letter.certified.processed_for_delivery"
    }
    assert {name for name, event in kinds.items() if event.kind is EventKind.DELIVERED} == delivered
    assert {kinds[name].kind for name in meaning["failed"]} == {EventKind.FAILED, EventKind.REJECTED}
    assert kinds["letter.mailed"].kind is EventKind.MAILED
    envelope = {event.kind for name, event in kinds.items() if "return_envelope" in name}
    assert envelope == {EventKind.UNKNOWN}


@pytest.mark.parametrize("stamp", ["9" * 30, "-5", "1e5", "²", ""])
def test_a_signed_time_that_is_no_instant_is_malformed(stamp: str):
    double = SendGridDouble(Webhooks())
    headers, body = double.signed(b"[]", int(NOW.timestamp()))
    signature = hmac.digest(b"secret", f"{stamp}.{{}}".encode(), "sha256").hex()
    with pytest.raises(MalformedWebhookError, match="timestamp is no instant"):
        parse_lob_event(b"{}", {"Lob-Signature": signature, "Lob-Signature-Timestamp": stamp}, "secret", NOW)
    with pytest.raises(BadSignatureError):  # SendGrid's is part of what is signed
        parse_sendgrid_events(
            body, headers | {"X-Twilio-Email-Event-Webhook-Timestamp": stamp}, double.public_key, NOW
        )


@pytest.mark.parametrize("date", ["2026-13-45", "0001-01-01T00:00:00+14:00", "", None])
def test_lob_event_without_a_usable_date_happened_when_it_came(date: str | None):
    body = json.dumps({"id": "evt_1", "date_created": date}).encode()
    stamp = str(int(NOW.timestamp() * 1000))
    signature = hmac.digest(b"secret", f"{stamp}.".encode() + body, "sha256").hex()
    headers = {"Lob-Signature": signature, "Lob-Signature-Timestamp": stamp}
    assert parse_lob_event(body, headers, "secret", NOW).at == NOW


def test_lob_window_is_kept():
    said = _read("lob_events.json")
    vector = said["vectors"][0]
    headers = {name: vector[name] for name in ("Lob-Signature", "Lob-Signature-Timestamp")}
    with pytest.raises(StaleTimestampError):
        parse_lob_event(vector["body"].encode(), headers, said["signature"]["secret"], NOW)


def test_lob_without_a_secret_refuses_everything():
    with pytest.raises(BadSignatureError):
        parse_lob_event(b"{}", {"Lob-Signature": "x", "Lob-Signature-Timestamp": "1"}, "", NOW)


def test_receipts_are_read_with_ids_that_stay_the_same(tmp_path: Path):
    file = tmp_path / "receipts.csv"
    file.write_text(
        "\ufeffpiece,event,at,reason\n"
        "m-1,mailed,2026-03-03T09:00:00+01:00,\n"
        'm-2,Returned,2026-03-09T09:00:00Z,"moved, no forwarding"\n'
        "m-3,shredded,2026-03-09T09:00:00Z,\n",
        encoding="utf-8",
    )
    events = list(read_receipts(file))
    assert [(event.message_id, event.kind, event.permanent) for event in events] == [
        ("m-1", EventKind.MAILED, False),
        ("m-2", EventKind.RETURNED, True),
        ("m-3", EventKind.UNKNOWN, False),
    ]
    assert events[0].at == datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert events[1].reason == "moved, no forwarding"
    assert [event.event_id for event in read_receipts(file)] == [event.event_id for event in events]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("piece,at\nm-1,2026-03-03T09:00:00Z\n", "line 1: no column event"),
        ("piece,event,at\nm-1,mailed,2026-03-03T09:00:00\n", "line 2: .* has no offset"),
        ("piece,event,at\nm-1,mailed,yesterday\n", "line 2: 'yesterday' is no instant"),
        ("piece,event,at\n,mailed,2026-03-03T09:00:00Z\n", "line 2: piece and event"),
    ],
)
def test_receipts_that_cannot_be_read_name_file_and_line(text: str, complaint: str, tmp_path: Path):
    file = tmp_path / "receipts.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ReceiptsError, match=complaint):
        list(read_receipts(file))
