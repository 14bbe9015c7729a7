"""Somebody is told: by webhook, by e-mail, by a ping; and alarmed when no run has finished."""

import json
from datetime import timedelta

import pytest

from channels.fake import FakeChannel
from channels.kind import ChannelKind
from dispatcher.domain.stop import Stop
from dispatcher.services.deliver_messages import deliver_messages
from dispatcher.services.notify_day import (
    NobodyToldError,
    NoticePorts,
    day_notice,
    nobody_ran_notice,
    ping,
    tell,
)
from dispatcher.services.stop_delivery import stop_delivery
from dispatcher.storage.engine import Database
from tests.delivery.builders import NOW, TODAY, a_run, an_outlet, hand_out, queued


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
    deliver_messages(an_outlet(database), hand_out(database, ids), ids)
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
    assert nobody_ran_notice(database, TODAY, "09:00").subject == f"NO REMINDER RUN on {TODAY}"
    run_id = a_run(database)
    from sqlalchemy import update

    from dispatcher.storage.tables import runs

    with database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(state="finished"))
    assert nobody_ran_notice(database, TODAY, "09:00") is None
    assert nobody_ran_notice(database, TODAY + timedelta(days=1), "09:00") is not None


def test_the_dead_mans_switch_is_pinged_where_one_is_set(database: Database) -> None:
    web = Web()
    assert ping(NoticePorts(database=database, request=web, ping_url="http://ping"))
    assert [call[:2] for call in web.calls] == [("GET", "http://ping")]
    assert not ping(NoticePorts(database=database, request=web))
    assert not ping(NoticePorts(database=database, request=Web(0), ping_url="http://ping"))
