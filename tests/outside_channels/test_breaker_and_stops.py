"""Providers that fail for longer: the channel pauses, stops or expires its messages, and everybody can see it."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.stop_delivery import resume_delivery
from dispatcher.runs.run_day import DayRequest, run_day
from dispatcher.web.site.app import build_app
from dispatcher.worker.daily_run import day_ports, open_delivery_process
from tests.outside_channels.conftest import OpenHome, Say
from tests.outside_channels.home import AS_OF, EMAIL_ONLY, Home, Providers
from tests.outside_channels.mock_providers import Said, as_json

FAILURES_BEFORE_A_PAUSE = 5
DOWN = Said(status=503)
KEY_REFUSED = as_json(
    401, {"errors": [{"message": "The provided authorization grant is invalid", "field": None}]}
)


def people(count: int) -> tuple[str, ...]:
    return tuple(
        EMAIL_ONLY.replace("E-1", f"E-{n}").replace("D-E1", f"D-E{n}").replace("ellen@", f"ellen{n}@")
        for n in range(count)
    )


@pytest.fixture
def crowd(open_home: OpenHome, providers: Providers) -> Home:
    """Forty e-mails wait."""
    home = open_home(rows=people(40), channels={"email": {"concurrency": 4}})
    home.run(wait=False)
    return home


def ready(home: Home) -> dict[str, Any]:
    answer = TestClient(build_app(home.house)).get("/readyz")
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


def states(home: Home) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in home.rows(messages):
        found[row.state] = found.get(row.state, 0) + 1
    return found


def test_a_failing_provider_pauses_its_channel_instead_of_burning_messages(
    crowd: Home, providers: Providers
) -> None:
    providers.sendgrid.always = DOWN
    crowd.dispatch()
    asked = len(providers.sendgrid.sends)
    assert FAILURES_BEFORE_A_PAUSE <= asked <= FAILURES_BEFORE_A_PAUSE + 2 * 4
    assert states(crowd) == {"queued": 40}
    assert set(ready(crowd)["breaker"]) == {"email"}
    [paused] = crowd.rows(log_entries, event="channel_paused")
    assert (paused.channel, json.loads(paused.entry)["provider"]) == ("email", "sendgrid")
    crowd.again().dispatch()
    assert len(providers.sendgrid.sends) == asked


def test_a_paused_channel_begins_with_one_message_and_recovers(crowd: Home, providers: Providers) -> None:
    providers.sendgrid.always = DOWN
    crowd.dispatch()
    asked = len(providers.sendgrid.sends)
    providers.sendgrid.always = None
    for clock in (crowd.now, crowd.real):
        clock.forward(seconds=90)
    crowd.again().dispatch()
    assert states(crowd) == {"accepted": 40}
    assert len(providers.sendgrid.sends) == asked + 40
    assert ready(crowd)["breaker"] == {}
    ids = [
        call.json()["personalizations"][0]["custom_args"]["message_id"]
        for call in providers.sendgrid.sends[asked:]
    ]
    assert len(set(ids)) == 40


def test_answers_that_stay_away_pause_the_channel_and_leave_few_in_doubt(
    crowd: Home, providers: Providers
) -> None:
    providers.sendgrid.always = Said(lose=True)
    crowd.dispatch()
    in_doubt = states(crowd)["unknown"]
    assert FAILURES_BEFORE_A_PAUSE <= in_doubt <= FAILURES_BEFORE_A_PAUSE + 2 * 4
    assert set(ready(crowd)["breaker"]) == {"email"}
    providers.sendgrid.always = None
    for clock in (crowd.now, crowd.real):
        clock.forward(seconds=90)
    crowd.again().dispatch()
    assert states(crowd) == {"unknown": in_doubt, "accepted": 40 - in_doubt}
    ids = [
        call.json()["personalizations"][0]["custom_args"]["message_id"] for call in providers.sendgrid.sends
    ]
    assert len(set(ids)) == len(ids) == 40


def test_refusals_of_single_messages_pause_nothing(crowd: Home, providers: Providers) -> None:
    providers.sendgrid.always = as_json(
        400, {"errors": [{"message": "no", "field": "personalizations.0.to.0.email"}]}
    )
    crowd.dispatch()
    assert states(crowd) == {"failed": 40}
    assert ready(crowd)["breaker"] == {}
    assert ready(crowd)["stops"] == []


def test_a_refused_key_stops_the_channel_until_a_person_resumes_it(crowd: Home, providers: Providers) -> None:
    providers.sendgrid.always = KEY_REFUSED
    crowd.dispatch()
    asked = len(providers.sendgrid.sends)
    assert asked <= 2 * 4
    assert states(crowd) == {"queued": 40}
    assert crowd.stopped() == ["channel email"]
    assert ready(crowd)["stops"] == ["channel email"]
    assert len(crowd.rows(log_entries, event="stopped")) == 1
    providers.sendgrid.always = None
    for clock in (crowd.now, crowd.real):
        clock.forward(minutes=5)
    crowd.again().dispatch()
    assert len(providers.sendgrid.sends) == asked
    resume_delivery(
        crowd.house.database, Stop(scope="channel", name="email"), why="new key", by="test", now=crowd.now()
    )
    crowd.again().dispatch()
    assert states(crowd) == {"accepted": 40}


def test_a_stopped_channel_keeps_no_other_back(open_home: OpenHome, providers: Providers) -> None:
    home = open_home()
    providers.sendgrid.always = KEY_REFUSED
    home.dispatch()
    assert {c: home.message(c).state for c in ("email", "sms", "letter")} == {
        "email": "queued",
        "sms": "accepted",
        "letter": "accepted",
    }


# ---- retries stay inside what is allowed


def retried(home: Home, providers: Providers, seconds: int) -> Any:
    providers.twilio.script = [
        as_json(429, {"code": 20429, "message": "slow down"}, Retry_After=str(seconds))
    ]
    home.dispatch()
    return home.message("sms")


def test_a_retry_that_falls_into_the_night_waits_for_the_morning(home: Home, providers: Providers) -> None:
    message = retried(home, providers, 11 * 3600)  # 23:00 in New York
    home.now.at = message.next_try_at + timedelta(seconds=1)
    home.dispatch()
    waiting = home.message("sms")
    assert (waiting.state, len(providers.twilio.sends)) == ("deferred", 1)
    assert waiting.not_before == home.now.at.replace(day=17, hour=12, minute=0, second=0, microsecond=0)
    home.now.at = waiting.not_before - timedelta(seconds=1)
    home.dispatch()
    assert len(providers.twilio.sends) == 1
    home.now.at = waiting.not_before
    home.dispatch()
    assert home.message("sms").state == "accepted"


def test_a_message_whose_retries_do_not_fit_its_validity_expires(home: Home, providers: Providers) -> None:
    while (message := retried(home, providers, 86_400)).next_try_at is not None:
        assert message.next_try_at < message.expires_at
        home.now.at = max(message.next_try_at, message.next_try_at.replace(hour=17))
    assert message.state == "expired"
    asked = len(providers.twilio.sends)
    home.now.forward(hours=30)
    home.dispatch()
    assert len(providers.twilio.sends) == asked


def test_a_message_in_doubt_never_expires_as_if_it_had_not_been_sent(
    home: Home, providers: Providers
) -> None:
    providers.lob.script = [Said(lose=True)]
    home.dispatch()
    message = home.message("letter")
    home.now.at = message.expires_at + timedelta(hours=1)
    home.dispatch()
    assert home.message("letter").state == "unknown"
    assert len(providers.lob.sends) == 1


# ---- by the commands


def test_check_and_run_name_a_stopped_channel(open_home: OpenHome, providers: Providers, say: Say) -> None:
    home = open_home()
    providers.sendgrid.always = KEY_REFUSED
    home.dispatch()
    home.close()
    code, said = say(home, "check", "--json")
    wrong = {one["subject"]: one["detail"] for one in json.loads(said) if one["level"] == "wrong"}
    assert code == 1
    assert "channel email" in wrong["stops"]
    assert "dispatcher resume --channel email" in wrong["stops"]
    assert "refused without DISPATCHER_CHANNELS__EMAIL__WEBHOOK_KEY" in said
    assert "channel email" in say(home, "run", "--as-of", "2026-11-16", "--now", "2026-11-16T17:10:00Z")[1]
    assert say(home, "resume", "--channel", "email", "--why", "new key")[0] == 0
    assert say(home, "check")[0] == 0
    providers.sendgrid.always = None
    say(home, "dispatch", "--now", "2026-11-16T17:20:00Z")
    assert len(providers.sendgrid.sends) == 2


def test_a_run_that_dies_before_its_guards_have_looked_lets_nothing_go(
    open_home: OpenHome, providers: Providers
) -> None:
    home = open_home(rows=people(3))

    def die(_run_id: int) -> str:
        raise KeyboardInterrupt

    with open_delivery_process(home.house) as process:
        ports = replace(day_ports(home.house, process, actor="test"), hold_duplicates=die)
        with pytest.raises(KeyboardInterrupt):
            run_day(ports, DayRequest(as_of=AS_OF))
    assert states(home) == {"queued": 3}  # written out, and a relay that runs beside finds them
    assert home.dispatch() == {}
    assert providers.sendgrid.sends == []
    home.run()
    assert states(home) == {"accepted": 3}
    assert len(providers.sendgrid.sends) == 3
