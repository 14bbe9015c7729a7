"""What people write back by SMS: stop, start and everything else, from the webhook to the next message."""

from typing import Any

import pytest

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import contacts
from dispatcher.delivery.work_on_tasks import finish_tasks
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.recording import Said
from tests.outside_channels.conftest import OpenHome
from tests.outside_channels.home import SMS_ONLY, Home, Providers
from tests.outside_channels.hooks import SIGNED, Hooks
from tests.outside_channels.mock_providers import as_json

PHONE = "+12125550106"
SON = SMS_ONLY.replace("S-1", "S-2").replace("Sam Phone", "Sue Phone").replace("D-S1", "D-S2")
LATE = SMS_ONLY.replace("S-1", "S-9").replace("Sam Phone", "Nick Newcomer").replace("D-S1", "D-S9")


@pytest.fixture
def home(open_home: OpenHome) -> Home:
    """Two people at one number; both have had their first reminder."""
    home = open_home(rows=(SMS_ONLY, SON), **SIGNED)
    home.run()
    return home


@pytest.fixture
def hooks(home: Home) -> Hooks:
    return Hooks(home)


def texts(providers: Providers) -> list[str]:
    return [call.form()["Body"] for call in providers.twilio.sends]


def confirmations(home: Home) -> list[Any]:
    return [row for row in home.rows(messages) if row.kind == "optout_confirmation"]


def later(home: Home, days: int) -> Any:
    home.now.forward(days=days)
    return home.now.at.date()


@pytest.mark.parametrize("text", ["STOP", "stop.", " Alto ", "ALTO", "Unsubscribe", "please stop texting me"])
def test_a_stop_binds_everybody_at_the_number_and_is_confirmed_once(
    text: str, home: Home, hooks: Hooks, providers: Providers
) -> None:
    assert len(texts(providers)) == 2
    assert hooks.inbound(PHONE, text).status_code == 200
    home.dispatch()
    [confirmation] = confirmations(home)
    assert confirmation.state == "accepted"
    assert len(texts(providers)) == 3
    assert "Acme" in texts(providers)[-1]
    home.run(later(home, 12))
    assert len(texts(providers)) == 3


def test_the_same_stop_delivered_twice_and_a_second_stop_are_not_confirmed_again(
    home: Home, hooks: Hooks, providers: Providers
) -> None:
    for _ in range(3):
        hooks.inbound(PHONE, "STOP", sid="SM" + "a" * 32)
    home.dispatch()
    hooks.inbound(PHONE, "STOP!!")
    hooks.inbound(PHONE, "alto")
    home.dispatch()
    assert len(confirmations(home)) == 1
    assert len(texts(providers)) == 3
    assert len([row for row in home.rows(contacts) if row.direction == "inbound"]) == 3 * 2


def test_a_stop_reaches_a_message_that_waits(open_home: OpenHome, providers: Providers) -> None:
    home = open_home(**SIGNED)
    Hooks(home).inbound(PHONE, "STOP")
    home.dispatch()
    reminder = home.rows(messages, channel="sms", kind="collection")[0]
    assert reminder.state == "cancelled"
    assert [call.form()["To"] for call in providers.twilio.sends] == [PHONE]
    assert confirmations(home)[0].state == "accepted"


def test_a_stop_binds_people_who_come_to_the_number_later(
    home: Home, hooks: Hooks, providers: Providers
) -> None:
    hooks.inbound(PHONE, "STOP")
    home.dispatch()
    home.take_in(SMS_ONLY, SON, LATE)
    home.run(later(home, 1))
    assert len(texts(providers)) == 3


def test_a_stop_from_a_number_nobody_knows_is_kept_without_an_answer(
    home: Home, hooks: Hooks, providers: Providers
) -> None:
    assert hooks.inbound("+12125550188", "STOP").status_code == 200
    home.dispatch()
    assert len(texts(providers)) == 2
    home.take_in(SMS_ONLY, SON, LATE.replace(PHONE, "+12125550188"))
    home.run(later(home, 1))
    assert len(texts(providers)) == 2


def test_a_confirmation_is_no_reminder_to_any_count(home: Home, hooks: Hooks, providers: Providers) -> None:
    hooks.inbound(PHONE, "STOP")
    home.dispatch()
    hooks.inbound(PHONE, "START")
    home.run(later(home, 9))
    steps = [(row.step, row.state) for row in home.rows(messages) if row.kind == "collection"]
    assert steps == [("first-reminder", "accepted")] * 2 + [("second-reminder", "accepted")] * 2


def test_a_start_opens_what_the_stop_closed_and_nothing_else(
    home: Home, hooks: Hooks, providers: Providers
) -> None:
    said = Said(now=home.now(), actor="test", source="telephone")
    record_opt_out(home.house.database, "acme/S-2", said, medium="sms", raw="no more texts")
    hooks.inbound(PHONE, "STOP")
    home.dispatch()
    hooks.inbound(PHONE, "START")
    home.run(later(home, 9))
    second = [row.recipient_id for row in home.rows(messages, step="second-reminder")]
    assert second == [home.debtor_of("S-1")]
    assert home.opted_out() == [("", "sms")]


def test_a_start_opens_the_number_also_where_the_provider_refused_the_confirmation(
    home: Home, hooks: Hooks, providers: Providers
) -> None:
    """Twilio itself keeps a number that wrote STOP, answers it, and refuses what we send until START."""
    hooks.inbound(PHONE, "STOP")
    providers.twilio.script = [as_json(400, {"code": 21610, "message": "unsubscribed", "status": 400})]
    home.dispatch()
    assert confirmations(home)[0].state == "failed"
    hooks.inbound(PHONE, "START")
    assert home.opted_out() == []
    home.run(later(home, 9))
    assert len(home.rows(messages, step="second-reminder", state="accepted")) == 2


def test_a_stop_after_a_start_is_confirmed_anew(home: Home, hooks: Hooks, providers: Providers) -> None:
    for word in ("STOP", "START", "STOP"):
        hooks.inbound(PHONE, word)
        home.dispatch()
        home.now.forward(minutes=1)
    assert [row.state for row in confirmations(home)] == ["accepted", "accepted"]


def test_a_confirmation_that_comes_late_is_not_sent(home: Home, hooks: Hooks, providers: Providers) -> None:
    hooks.inbound(PHONE, "STOP")
    home.now.forward(minutes=6)
    home.dispatch()
    assert confirmations(home)[0].state in {"expired", "cancelled"}
    assert len(texts(providers)) == 2


@pytest.mark.parametrize("text", ["I lost my job, can we talk?", "how do I stop this", "", "👍"])
def test_an_unclear_text_is_a_task_and_the_people_are_left_alone(
    text: str, home: Home, hooks: Hooks, providers: Providers
) -> None:
    hooks.inbound(PHONE, text)
    home.dispatch()
    assert home.opted_out() == []
    assert home.open_tasks() == ["unclear_reply"] * 2
    home.run(later(home, 9))
    assert len(texts(providers)) == 2


def test_a_message_that_waits_is_kept_back_until_somebody_has_read_the_text(
    open_home: OpenHome, providers: Providers
) -> None:
    home = open_home(**SIGNED)
    Hooks(home).inbound(PHONE, "who is this?")
    home.dispatch()
    assert home.message("sms").state == "cancelled"
    assert providers.twilio.sends == []
    [task] = home.rows(tasks)
    finish_tasks(
        home.house.database, [task.id], outcome="wrote back", release_quiet=True, actor="test", now=home.now()
    )
    home.run()
    assert [call.form()["To"] for call in providers.twilio.sends] == [PHONE]


def test_the_answer_to_a_text_is_empty_so_that_the_provider_writes_nothing(hooks: Hooks) -> None:
    answer = hooks.inbound(PHONE, "STOP")
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text.endswith("<Response/>")


def test_what_was_written_stands_in_the_record_but_not_in_what_is_sealed(home: Home, hooks: Hooks) -> None:
    hooks.inbound(PHONE, "STOP it, signed Sam Phone of Sample Lane")
    home.house.seal()
    sealed = [
        row.entry for row in home.rows(log_entries) if row.event in {"inbound", "opted_out", "hold_recorded"}
    ]
    assert sealed
    assert not [entry for entry in sealed if "Sample Lane" in entry or PHONE in entry]
