"""Somebody is told: by webhook, by e-mail, by a ping; and alarmed when no run has finished."""

import json
from datetime import timedelta

import pytest

from channels.kind import ChannelKind
from dispatcher.database.engine import Database
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.stop_delivery import stop_delivery
from dispatcher.planning.storage import plans
from dispatcher.runs.notify_day import (
    NobodyToldError,
    NoticePorts,
    day_notice,
    nobody_ran_notice,
    ping,
    tell,
)
from dispatcher.runs.storage import fires
from tests.delivery.builders import NOW, TODAY, a_channel_delivery, a_run, hand_out, queued
from tests.doubles.fake_channel import FakeChannel

DAY = timedelta(days=1)


class Web:
    """Remembers calls, answers as told."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.calls: list[tuple[str, str, bytes]] = []

    def __call__(self, method: str, url: str, body: bytes) -> int:
        self.calls.append((method, url, body))
        if not self.status:
            raise OSError("nobody answers")
        return self.status


def a_day(database: Database) -> None:
    ids = queued(database, 3)
    deliver_messages(a_channel_delivery(database), hand_out(database, ids), ids)
    queued(database, state="held")
    stop_delivery(database, Stop(scope="channel", name="sms"), why="wrong text", by="ana", now=NOW)


def test_the_summary_says_what_went_out_what_waits_for_a_person_and_what_is_stopped(
    database: Database,
) -> None:
    a_day(database)
    notice = day_notice(database, TODAY, now=NOW)
    assert notice.subject == f"Reminders on {TODAY}: 3 sent, 1 for a person, STOPPED"
    assert "Sent: 3 email" in notice.text
    assert "Stopped: channel sms: wrong text" in notice.text
    assert notice.values["needs_a_person"] == {"held messages": 1}


def a_fire(database: Database, schedule: str, ago: timedelta, state: str, note: str = "") -> None:
    with database.writing() as connection:
        at = NOW - ago
        fires.claim(connection, schedule, at, owner="a", now=at, state="running")
        fires.finish(connection, schedule, at, state=state, now=at, note=note)


def test_the_summary_and_the_alarm_say_which_job_failed_and_who_was_refused(database: Database) -> None:
    a_fire(
        database, "import-portfolio", timedelta(hours=5), "failed", "ledger.csv, line 1: no column due_date"
    )
    a_fire(database, "seal", timedelta(hours=5), "failed", "no room")
    a_fire(database, "seal", timedelta(hours=4), "done")
    run_id = a_run(database)
    with database.writing() as connection:
        summary = {"day": {"refused_creditors": {"acme": "its ledger is 40 hours old"}}}
        plans.update_run(connection, run_id, summary=summary)
    notice = day_notice(database, TODAY, now=NOW)
    assert notice.subject.endswith("0 for a person, TROUBLE")
    assert "Failed: import-portfolio: ledger.csv, line 1: no column due_date" in notice.text
    assert "Refused: acme: its ledger is 40 hours old" in notice.text
    assert "no room" not in notice.text
    assert "no column due_date" in nobody_ran_notice(database, TODAY + DAY, "09:00", now=NOW).text


def test_what_goes_out_after_a_days_summary_stands_in_the_next(database: Database) -> None:
    a_day(database)
    tomorrow = NOW + DAY
    told = [day_notice(database, at.date(), now=at).values["sent"] for at in (tomorrow - DAY / 24, tomorrow)]
    assert told == [{"email": 3}, {}]


def test_a_notice_goes_to_webhook_and_mailbox(database: Database) -> None:
    web, mail = Web(), FakeChannel(ChannelKind.EMAIL)
    ports = NoticePorts(
        database=database, request=web, email=mail, email_to="desk@example.com", webhook_url="http://hook"
    )
    assert tell(ports, day_notice(database, TODAY, now=NOW), now=NOW) == ["webhook", "e-mail"]
    ((method, url, body),) = web.calls
    assert (method, url, json.loads(body)["day"]) == ("POST", "http://hook", TODAY.isoformat())
    assert b"desk@example.com" in mail.attempts[0].body


def test_a_notice_that_reaches_nobody_is_an_error_and_one_that_nobody_wants_is_not(
    database: Database,
) -> None:
    notice = day_notice(database, TODAY, now=NOW)
    with pytest.raises(NobodyToldError, match="webhook: HTTP 500"):
        tell(NoticePorts(database=database, request=Web(500), webhook_url="http://hook"), notice, now=NOW)
    assert tell(NoticePorts(database=database, request=Web()), notice, now=NOW) == []


def test_an_alarm_is_raised_only_on_a_day_without_a_run(database: Database) -> None:
    assert nobody_ran_notice(database, TODAY, "09:00", now=NOW).subject == f"NO REMINDER RUN on {TODAY}"
    run_id = a_run(database)
    from sqlalchemy import update

    from dispatcher.database.tables.planning import runs

    with database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(state="finished"))
    assert nobody_ran_notice(database, TODAY, "09:00", now=NOW) is None
    assert nobody_ran_notice(database, TODAY + timedelta(days=1), "09:00", now=NOW) is not None


def test_the_dead_mans_switch_is_pinged_where_one_is_set(database: Database) -> None:
    web = Web()
    assert ping(NoticePorts(database=database, request=web, ping_url="http://ping"))
    assert [call[:2] for call in web.calls] == [("GET", "http://ping")]
    assert not ping(NoticePorts(database=database, request=web))
    assert not ping(NoticePorts(database=database, request=Web(0), ping_url="http://ping"))
