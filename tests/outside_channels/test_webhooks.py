"""What providers report, over HTTP: who is believed, what is recorded, and what the next run does about it."""

import json
import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dispatcher.database.tables.delivery import provider_events
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.people.record_contact import record_contact
from dispatcher.people.recording import Said
from dispatcher.planning.explain_debtor import explain_debtor
from tests.outside_channels.conftest import OpenHome
from tests.outside_channels.home import EMAIL_ONLY, LETTER_ONLY, SMS_ONLY, Home, Providers
from tests.outside_channels.hooks import PUBLIC, SIGNED, Hooks, lob_headers, statuses
from tests.shared import ROOT, shared_folder

BOTH = EMAIL_ONLY.replace("ellen@debtors.example,,,", "ellen@debtors.example,+12125550107,mobile,2026-01-05")


@pytest.fixture
def sent(open_home: OpenHome, providers: Providers) -> Home:
    """E-mail, SMS and letter have been accepted."""
    home = open_home(**SIGNED)
    assert home.dispatch() == {"accepted": 3}
    return home


@pytest.fixture
def hooks(sent: Home) -> Hooks:
    return Hooks(sent)


def vectors(name: str) -> Any:
    return json.loads((shared_folder() / "webhooks" / name).read_text(encoding="utf-8"))


def clock_at(home: Home, seconds: float) -> None:
    home.now.at = datetime.fromtimestamp(seconds, home.now.at.tzinfo)


# ---- who is believed


def test_sendgrid_vectors_are_believed_or_refused_as_published(open_home: OpenHome) -> None:
    found = {}
    cases = vectors("sendgrid_signature_vectors.json")["vectors"]
    for case in cases:
        home = open_home(channels={"email": {"webhook_key": case["public_key"]}})
        clock_at(home, 1_600_112_502)
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": case["signature"],
            "X-Twilio-Email-Event-Webhook-Timestamp": case["timestamp"],
        }
        answer = Hooks(home).client.post(
            "/webhooks/sendgrid", content=case["payload"].encode(), headers=headers
        )
        found[case["name"]] = answer.status_code
        assert len(home.rows(provider_events)) == (1 if case["valid"] else 0)
    assert found == {case["name"]: 204 if case["valid"] else 403 for case in cases}


def test_lob_vectors_are_believed_or_refused_as_published(open_home: OpenHome) -> None:
    given = vectors("lob_events.json")
    home = open_home(channels={"letter": {"webhook_secret": given["signature"]["secret"]}})
    client, found = Hooks(home).client, {}
    for case in given["vectors"]:
        clock_at(home, int(case["Lob-Signature-Timestamp"]) / 1000)
        headers = {name: case[name] for name in ("Lob-Signature", "Lob-Signature-Timestamp")}
        found[case["event"]] = client.post(
            "/webhooks/lob", content=case["body"].encode(), headers=headers
        ).status_code
    assert found == {case["event"]: 204 if case["valid"] else 403 for case in given["vectors"]}
    believed = {json.loads(case["body"])["id"] for case in given["vectors"] if case["valid"]}
    assert {row.event_id for row in home.rows(provider_events)} == believed


def test_sendgrid_example_events_are_all_answered_and_kept_raw(hooks: Hooks, sent: Home) -> None:
    given = vectors("sendgrid_events.json")["events"]
    assert hooks.sendgrid_raw(json.dumps(given).encode()).status_code == 204
    assert [row.kind for row in sent.rows(provider_events)].count(
        "unknown"
    ) == 2  # resubscribed, account changed
    assert len(sent.rows(provider_events)) == len({event["sg_event_id"] for event in given})


@pytest.mark.parametrize("late", [timedelta(minutes=9, seconds=59), timedelta(minutes=-9, seconds=-59)])
def test_signed_times_within_ten_minutes_are_believed(late: timedelta, hooks: Hooks) -> None:
    assert hooks.sendgrid({"event": "processed"}, late=late).status_code == 204
    assert hooks.lob("letter.mailed", {"id": "ltr_1"}, late=late).status_code == 204


@pytest.mark.parametrize("late", [timedelta(minutes=10, seconds=1), timedelta(minutes=-10, seconds=-1)])
def test_signed_times_further_away_are_refused_as_replays(late: timedelta, hooks: Hooks, sent: Home) -> None:
    assert hooks.sendgrid({"event": "processed"}, late=late).status_code == 403
    assert hooks.lob("letter.mailed", {"id": "ltr_1"}, late=late).status_code == 403
    assert sent.rows(provider_events) == []


def test_nothing_is_believed_where_no_key_is_set(open_home: OpenHome) -> None:
    home = open_home(channels={"sms": {"auth_token": ""}, "letter": {"webhook_secret": ""}})
    hooks = Hooks(home)
    unsigned = hooks.client.post("/webhooks/sendgrid", content=b"[]")
    empty = lob_headers(b"{}", str(int(home.now().timestamp() * 1000)), secret="")
    answers = [
        unsigned,
        hooks.sendgrid({"event": "bounce"}),
        hooks.twilio("/webhooks/twilio/status?message_id=x", {"MessageSid": "SM1"}, token=""),
        hooks.twilio(
            "/webhooks/twilio/inbound", {"MessageSid": "SM1", "From": "+1", "Body": "STOP"}, token=""
        ),
        hooks.client.post("/webhooks/lob", content=b"{}", headers=empty),
    ]
    assert statuses(answers) == [403] * 5
    assert home.rows(provider_events) == []


def test_another_key_of_sendgrid_is_refused(hooks: Hooks) -> None:
    assert hooks.sendgrid_raw(b"[]", key=ec.generate_private_key(ec.SECP256R1())).status_code == 403


def test_twilio_signs_the_public_address_whatever_the_proxy_made_of_it(hooks: Hooks, sent: Home) -> None:
    target, form = "/webhooks/twilio/inbound", {"MessageSid": "SM1", "From": "+12125550199", "Body": "hello"}
    assert hooks.twilio(target, form, url="http://10.0.0.5:8000" + target).status_code == 403
    assert hooks.twilio(target, form, url=f"{PUBLIC}:443{target}").status_code == 200
    assert hooks.twilio(target, {**form, "Body": "é ü 👍 a+b&c=d", "MessageSid": "SM2"}).status_code == 200
    assert hooks.twilio(target, form, token="another").status_code == 403
    assert [row.event_id for row in sent.rows(provider_events)] == ["SM1", "SM2"]


def test_status_of_one_message_cannot_be_turned_to_another(hooks: Hooks, sent: Home) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    target = f"/webhooks/twilio/status?message_id={sent.message('sms').id}"
    assert (
        hooks.twilio(target, form, url=f"{PUBLIC}/webhooks/twilio/status?message_id=other").status_code == 403
    )
    assert sent.message("sms").state == "accepted"


@pytest.mark.parametrize("path", ["sendgrid", "lob", "twilio/status", "twilio/inbound"])
def test_a_body_that_is_too_large_is_refused_also_when_it_does_not_say_so(path: str, hooks: Hooks) -> None:
    def pieces() -> Any:
        for _ in range(6):
            yield b"x" * 1_000_000

    assert hooks.client.post(f"/webhooks/{path}", content=b"x" * 6_000_000).status_code == 413
    assert hooks.client.post(f"/webhooks/{path}", content=pieces()).status_code == 413


# ---- what is recorded


def test_events_of_messages_that_are_not_ours_are_answered_and_logged(hooks: Hooks, sent: Home) -> None:
    answers = [
        hooks.sendgrid({"event": "delivered", "message_id": "01a1e54d-0000-7000-8000-000000000000"}),
        hooks.sendgrid({"event": "bounce", "type": "bounce", "email": "ellen@debtors.example"}),
        hooks.twilio_status("nobody", "delivered", sid="SM" + "9" * 32),
        hooks.lob("letter.returned_to_sender", {"id": "ltr_x", "metadata": {}}),
    ]
    assert statuses(answers) == [204] * 4
    assert len(sent.rows(log_entries, event="unmatched_event")) == 4
    assert sent.closed_addresses() == []


def test_what_no_database_takes_loses_neither_a_stop_nor_a_bounce(
    open_home: OpenHome, postgres_url: str
) -> None:
    home = open_home(rows=(EMAIL_ONLY, SMS_ONLY, LETTER_ONLY), database_url=postgres_url, **SIGNED)
    home.run()
    hooks = Hooks(home)
    ids = {kind: home.message(kind).id for kind in ("email", "sms", "letter")}
    answers = [
        hooks.inbound("+12125550106", "STOP\x00", sid="S" * 400),
        hooks.inbound("+12125550199", "\x00", sid="SM\x00"),
        hooks.sendgrid(
            {
                "event": "deferred",
                "sg_event_id": "e" * 400,
                "message_id": ids["email"],
                "response": float("nan"),
            },
            {"event": "bounce", "type": "bounce", "reason": "a\x00b \ud800 c", "message_id": ids["email"]},
        ),
        hooks.twilio_status(ids["sms"], "un\x00known", ErrorCode="9" * 5000),
        hooks.lob("letter.mailed", {"metadata": {"message_id": ids["letter"]}}, key="evt\x00"),
    ]
    assert [answer.is_success for answer in answers] == [True] * 5
    assert home.opted_out() == [("+12125550106", "")]
    assert home.closed_addresses() == ["ellen@debtors.example"]
    assert "mailed" in home.events(ids["letter"])


def test_an_event_is_recorded_once_however_often_and_in_whatever_batch_it_comes(
    hooks: Hooks, sent: Home
) -> None:
    mail, letter = sent.message("email"), sent.message("letter")
    delivered = {"event": "delivered", "message_id": mail.id, "sg_event_id": "same"}
    assert statuses([hooks.sendgrid(delivered, delivered), hooks.sendgrid(delivered)]) == [204, 204]
    assert statuses([hooks.twilio_status(sent.message("sms").id, "delivered") for _ in range(3)]) == [204] * 3
    mailed = {"id": letter.provider_id, "metadata": {"message_id": letter.id}}
    assert statuses([hooks.lob("letter.mailed", mailed, key="evt_same") for _ in range(2)]) == [204, 204]
    assert sent.events(mail.id).count("delivered") == 1
    assert sent.events(sent.message("sms").id).count("delivered") == 1
    assert sent.events(letter.id).count("mailed") == 1


def test_a_late_sent_does_not_go_back_and_a_late_bounce_counts(hooks: Hooks, sent: Home) -> None:
    sms, mail = sent.message("sms"), sent.message("email")
    for status in ("delivered", "sent", "queued"):
        hooks.twilio_status(sms.id, status)
    assert sent.message("sms").state == "delivered"
    hooks.twilio_status(sms.id, "undelivered", ErrorCode="30005")
    assert sent.message("sms").state == "bounced"
    for event in (
        {"event": "delivered"},
        {"event": "bounce", "type": "bounce", "status": "5.1.1"},
        {"event": "processed"},
    ):
        hooks.sendgrid({"message_id": mail.id, **event})
    assert sent.message("email").state == "bounced"
    assert sorted(sent.closed_addresses()) == ["+12125550106", "ellen@debtors.example"]


def test_a_soft_bounce_closes_nothing(hooks: Hooks, sent: Home) -> None:
    hooks.sendgrid(
        {"message_id": sent.message("email").id, "event": "bounce", "type": "blocked", "status": "4.0.0"}
    )
    hooks.sendgrid({"message_id": sent.message("email").id, "event": "deferred", "response": "450 later"})
    hooks.twilio_status(sent.message("sms").id, "undelivered", ErrorCode="30003")
    assert sent.closed_addresses() == []


def test_our_id_is_found_by_the_providers_own_where_it_does_not_come_back(hooks: Hooks, sent: Home) -> None:
    letter = sent.message("letter")
    hooks.lob("letter.mailed", {"id": letter.provider_id, "metadata": {}})
    assert "mailed" in sent.events(letter.id)


# ---- what the next run does about it


@pytest.fixture
def silent_config(tmp_path: Path) -> Path:
    """The shipped configuration without what it says of bounces."""
    folder = shutil.copytree(ROOT / "config", tmp_path / "config")
    strategy = folder / "strategies" / "consumer.yaml"
    text = strategy.read_text(encoding="utf-8")
    changed = text.replace(", next_channel_on_bounce: true}", "}")
    assert changed != text
    strategy.write_text(changed, encoding="utf-8")
    return folder


def next_day(home: Home, days: int = 1) -> date:
    home.now.forward(days=days)
    return home.now.at.date()


Report = Callable[[Hooks, str], object]
HARD_BOUNCES: dict[str, Report] = {
    "sendgrid": lambda hooks, key: hooks.sendgrid(
        {"event": "bounce", "type": "bounce", "status": "5.1.1", "message_id": key}
    ),
    "sendgrid dropped": lambda hooks, key: hooks.sendgrid(
        {"event": "dropped", "reason": "Bounced Address", "message_id": key}
    ),
}


@pytest.mark.parametrize("report", HARD_BOUNCES.values(), ids=HARD_BOUNCES.keys())
def test_a_hard_bounce_frees_the_next_channel_as_the_shipped_strategy_says(
    report: Report, open_home: OpenHome, providers: Providers
) -> None:
    home = open_home(rows=(BOTH,), **SIGNED)
    home.run()
    first = home.message("email")
    report(Hooks(home), first.id)
    assert home.closed_addresses() == ["ellen@debtors.example"]
    home.run(next_day(home))
    again = home.message("sms")
    assert (again.step, again.state, again.address) == ("first-reminder", "accepted", "+12125550107")
    assert len(providers.sendgrid.sends) == len(providers.twilio.sends) == 1


def test_a_hard_bounce_waits_for_the_next_step_where_the_strategy_says_nothing(
    open_home: OpenHome, silent_config: Path
) -> None:
    home = open_home(rows=(BOTH,), config_dir=silent_config, **SIGNED)
    home.run()
    HARD_BOUNCES["sendgrid"](Hooks(home), home.message("email").id)
    home.run(next_day(home))
    assert [row.step for row in home.rows(messages)] == ["first-reminder"]
    home.run(next_day(home, days=8))
    assert [(row.step, row.channel) for row in home.rows(messages)] == [
        ("first-reminder", "email"),
        ("first-reminder", "sms"),  # what came back was not said: it is said again, on the next step's day
    ]


@pytest.mark.parametrize(
    "event",
    [
        {"event": "spamreport"},
        {"event": "unsubscribe"},
        {"event": "group_unsubscribe", "asm_group_id": 10},
        {"event": "dropped", "reason": "Unsubscribed Address"},
        {"event": "dropped", "reason": "Spam Reporting Address"},
    ],
    ids=lambda event: " ".join(map(str, event.values())),
)
def test_a_complaint_or_an_unsubscribe_is_an_opt_out_that_the_next_step_respects(
    event: dict[str, Any], open_home: OpenHome, providers: Providers
) -> None:
    home = open_home(rows=(EMAIL_ONLY,), **SIGNED)
    home.run()
    Hooks(home).sendgrid({"message_id": home.message("email").id, **event})
    assert home.opted_out() == [("ellen@debtors.example", "email")]
    assert home.closed_addresses() == []
    home.run(next_day(home, days=9))
    assert len(providers.sendgrid.sends) == 1


def test_an_opt_out_that_the_carrier_reports_later_is_kept(open_home: OpenHome, providers: Providers) -> None:
    home = open_home(rows=(SMS_ONLY,), **SIGNED)
    home.run()
    Hooks(home).twilio_status(home.message("sms").id, "failed", ErrorCode="21610")
    assert home.opted_out() == [("+12125550106", "sms")]
    home.run(next_day(home, days=9))
    assert len(providers.twilio.sends) == 1


@pytest.fixture
def returned(open_home: OpenHome) -> Home:
    """The first letter came back."""
    home = open_home(rows=(LETTER_ONLY,), **SIGNED)
    home.run()
    letter = home.message("letter")
    Hooks(home).lob(
        "letter.returned_to_sender", {"id": letter.provider_id, "metadata": {"message_id": letter.id}}
    )
    return home


def test_a_returned_letter_closes_the_postal_address_and_the_next_letter_is_not_sent(
    returned: Home, providers: Providers
) -> None:
    assert returned.message("letter").state == "returned"
    assert len(returned.closed_addresses()) == 1
    call = Said(actor="test", now=returned.now())
    record_contact(returned.house.database, "acme/L-1", "call", call, read=returned.house.read_reply)
    returned.run(next_day(returned, days=9))
    assert len(providers.lob.sends) == 1
    returned.take_in(LETTER_ONLY.replace("7 Sample Lane", "8 Other Street"))
    returned.run(next_day(returned))
    assert [call.parts()["to[address_line1]"] for call in providers.lob.sends] == [
        b"7 Sample Lane",
        b"8 Other Street",
    ]


def test_a_first_letter_that_came_back_is_said_again_at_the_new_address_before_any_second(
    returned: Home, providers: Providers
) -> None:
    next_day(returned, days=9)
    returned.take_in(LETTER_ONLY.replace("7 Sample Lane", "8 Other Street"))
    assert returned.run(next_day(returned)) == {"sent": 1}
    assert [row.step for row in returned.rows(messages)] == ["first-reminder", "first-reminder"]
    assert [call.parts()["to[address_line1]"] for call in providers.lob.sends] == [
        b"7 Sample Lane",
        b"8 Other Street",
    ]


@pytest.mark.parametrize("word", ["certified.returned_to_sender"])
def test_a_certified_letter_comes_back_too(word: str, hooks: Hooks, sent: Home) -> None:
    letter = sent.message("letter")
    hooks.lob(f"letter.{word}", {"id": letter.provider_id, "metadata": {"message_id": letter.id}})
    assert sent.message("letter").state == "returned"


def test_a_return_envelope_on_its_way_says_nothing_of_the_letter(hooks: Hooks, sent: Home) -> None:
    letter = sent.message("letter")
    hooks.lob(
        "letter.return_envelope.returned_to_sender",
        {"id": letter.provider_id, "metadata": {"message_id": letter.id}},
    )
    assert sent.message("letter").state == "accepted"
    assert sent.closed_addresses() == []


def test_one_click_of_the_mail_program_stops_the_address(open_home: OpenHome, providers: Providers) -> None:
    home = open_home(rows=(EMAIL_ONLY,), **SIGNED)
    home.run()
    [call] = providers.sendgrid.sends
    link = call.json()["headers"]["List-Unsubscribe"].strip("<>")
    assert link.startswith(f"{PUBLIC}/u/")
    client = Hooks(home).client
    assert client.get(link.removeprefix(PUBLIC)).status_code == 200
    assert home.opted_out() == []
    answer = client.post(link.removeprefix(PUBLIC), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert home.opted_out() == [("ellen@debtors.example", "email")]
    home.run(next_day(home, days=9))
    assert len(providers.sendgrid.sends) == 1


def test_the_explanation_says_what_a_bounce_does_to_the_step(
    open_home: OpenHome, silent_config: Path
) -> None:
    said = {}
    for name, more in (("shipped", {}), ("silent", {"config_dir": silent_config})):
        home = open_home(rows=(BOTH,), **SIGNED, **more)
        home.run()
        HARD_BOUNCES["sendgrid"](Hooks(home), home.message("email").id)
        day = next_day(home)
        answer = explain_debtor(home.house.database, home.house.policy, "acme/E-1", as_of=day, now=home.now())
        said[name] = answer.debts[0].sentence
    assert "came back: that address is closed, and the step goes on" in said["shipped"]
    assert "goes by SMS to +12125550107" in said["shipped"]
    assert "came back; the step counts as done" in said["silent"]
    assert "SMS" not in said["silent"]
