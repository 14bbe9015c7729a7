"""Messages whose end nobody knows: what receipts, look-ups and people make of them, and what the ladder does then."""

import pytest

from dispatcher.database.tables.messages import messages
from dispatcher.delivery.resolve_message import resolve_message
from dispatcher.worker.upkeep import reconcile
from tests.outside_channels.conftest import OpenHome, Say
from tests.outside_channels.home import EMAIL_ONLY, SMS_ONLY, Home, Providers
from tests.outside_channels.hooks import SIGNED, Hooks
from tests.outside_channels.mock_providers import Said

pytestmark = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS"
)  # the relay is on loopback

NOON = "2026-11-16T17:20:00Z"


def lost(home: Home, providers: Providers, channel: str) -> str:
    """A message of which no answer came; its id."""
    provider = {"email": providers.sendgrid, "sms": providers.twilio}[channel]
    provider.script = [Said(lose=True)]
    home.dispatch()
    message = home.message(channel)
    assert message.state == "unknown"
    return str(message.id)


def steps(home: Home) -> list[tuple[str, str]]:
    return [(row.step, row.state) for row in home.rows(messages)]


def later(home: Home, days: int) -> None:
    home.now.forward(days=days)
    home.run(home.now.at.date())


@pytest.fixture
def mail_home(open_home: OpenHome) -> Home:
    home = open_home(rows=(EMAIL_ONLY,), **SIGNED)
    home.run(wait=False)
    return home


@pytest.fixture
def sms_home(open_home: OpenHome) -> Home:
    home = open_home(rows=(SMS_ONLY,), **SIGNED)
    home.run(wait=False)
    return home


def test_a_lost_answer_counts_as_a_contact_and_its_step_as_done(
    mail_home: Home, providers: Providers
) -> None:
    lost(mail_home, providers, "email")
    later(mail_home, 1)
    assert steps(mail_home) == [("first-reminder", "unknown")]
    later(mail_home, 8)
    assert len(providers.sendgrid.sends) == 2
    assert steps(mail_home) == [("first-reminder", "unknown"), ("second-reminder", "accepted")]


def test_a_receipt_says_what_became_of_a_lost_answer(mail_home: Home, providers: Providers) -> None:
    key = lost(mail_home, providers, "email")
    Hooks(mail_home).sendgrid({"event": "processed", "message_id": key, "sg_message_id": "abc.filter1.2"})
    message = mail_home.message("email")
    assert (message.state, message.provider_id) == ("accepted", "abc")
    assert mail_home.open_tasks() == []


def test_twilio_is_asked_for_the_one_message_with_that_number_text_and_time(
    sms_home: Home, providers: Providers
) -> None:
    key = lost(sms_home, providers, "sms")
    for made in providers.twilio.made.values():
        made["date_created"] = "Mon, 16 Nov 2026 17:00:01 +0000"
    found = reconcile(sms_home.house)
    assert (found.accepted, found.left) == (1, ())
    message = sms_home.message("sms")
    assert (message.state, message.provider_id) == ("accepted", next(iter(providers.twilio.made)))
    assert sms_home.events(key).count("accepted") == 1


def test_reconcile_leaves_to_a_person_what_nobody_can_say(
    mail_home: Home, providers: Providers, say: Say
) -> None:
    key = lost(mail_home, providers, "email")
    mail_home.close()
    for _ in range(2):
        code, said = say(mail_home, "reconcile", "--now", NOON)
        assert code == 1
        assert f"dispatcher messages resolve {key}" in said
    mail_home.open()
    assert mail_home.open_tasks() == ["unknown_end"]
    assert len(providers.sendgrid.sends) == 1


def test_what_a_person_found_sent_is_done_and_the_ladder_goes_on(
    mail_home: Home, providers: Providers, say: Say
) -> None:
    key = lost(mail_home, providers, "email")
    mail_home.close()
    assert say(mail_home, "messages", "resolve", key, "--sent")[0] == 2  # --why is missing
    assert say(mail_home, "messages", "resolve", key, "--sent", "--why", "in SendGrid's activity")[0] == 0
    assert say(mail_home, "messages", "resolve", key, "--not-sent", "--why", "no")[0] != 0
    mail_home.open()
    assert mail_home.message("email").state == "accepted"
    assert mail_home.open_tasks() == []
    later(mail_home, 9)
    assert steps(mail_home) == [("first-reminder", "accepted"), ("second-reminder", "accepted")]
    assert len(providers.sendgrid.sends) == 2


def test_what_a_person_found_unsent_goes_out_while_it_is_valid(
    mail_home: Home, providers: Providers, say: Say
) -> None:
    key = lost(mail_home, providers, "email")
    mail_home.close()
    code, said = say(
        mail_home,
        "messages",
        "resolve",
        key,
        "--not-sent",
        "--why",
        "not in SendGrid's activity",
        "--now",
        NOON,
    )
    assert (code, "queued" in said) == (0, True)
    mail_home.open()
    mail_home.now.forward(minutes=30)
    mail_home.dispatch()
    assert steps(mail_home) == [("first-reminder", "accepted")]
    ids = {
        call.json()["personalizations"][0]["custom_args"]["message_id"] for call in providers.sendgrid.sends
    }
    assert ids == {key}
    assert len(providers.sendgrid.sends) == 2


def test_what_a_person_found_unsent_too_late_is_planned_anew(mail_home: Home, providers: Providers) -> None:
    key = lost(mail_home, providers, "email")
    mail_home.now.forward(days=4)
    state = resolve_message(
        mail_home.house.database, key, sent=False, why="never arrived", actor="test", now=mail_home.now()
    )
    assert state == "expired"
    mail_home.run(mail_home.now.at.date())
    assert steps(mail_home) == [("first-reminder", "expired"), ("first-reminder", "accepted")]


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_nothing_sends_an_unknown_message_again(
    channel: str, open_home: OpenHome, providers: Providers
) -> None:
    home = open_home()
    lost(home, providers, channel)
    sends = {"email": providers.sendgrid, "sms": providers.twilio}[channel]
    for hours in (1, 24, 48, 72):
        home.now.forward(hours=hours)
        home.real.forward(hours=hours)
        home.again().dispatch()
    assert len(sends.sends) == 1
    assert home.message(channel).state == "unknown"


def test_a_lost_mail_to_the_relay_stays_unknown(open_home: OpenHome, providers: Providers) -> None:
    home = open_home("smtp")
    providers.relay.script = ["lost"]
    home.dispatch()
    for _ in range(2):
        home.now.forward(hours=30)
        home.again().dispatch()
    assert (home.message("email").state, len(providers.relay.taken)) == ("unknown", 1)
