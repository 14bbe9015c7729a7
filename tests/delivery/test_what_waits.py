"""What an operator reads when nothing is due now: what waits, why, and the next command."""

from datetime import timedelta

import pytest

from dispatcher.database.engine import Database
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.stop_delivery import (
    StopError,
    resume_all,
    resume_delivery,
    stop_delivery,
    stops_in_force,
)
from dispatcher.delivery.what_waits import what_waits
from tests.delivery.builders import NOW, a_run, queued


def lines(database: Database) -> list[str]:
    return [str(each) for each in what_waits(database, now=NOW, real_now=NOW)]


def stop(database: Database, scope: str, name: str = "", why: str = "wrong text") -> None:
    stop_delivery(database, Stop(scope=scope, name=name), why=why, by="ana", now=NOW)


def test_where_nothing_waits_nothing_is_said(database: Database) -> None:
    queued(database, 3, state="accepted")
    assert lines(database) == []


def test_a_stop_that_keeps_messages_is_named_with_its_reason_and_its_end(database: Database) -> None:
    queued(database, 33)
    stop(database, "channel", "email")
    (line,) = lines(database)
    assert line.startswith("33 are kept by the stop of channel email since 2026-03-04 15:00Z (wrong text)")
    assert "dispatcher resume --channel email" in line


def test_messages_that_wait_for_their_hour_are_told_with_the_first_of_them(database: Database) -> None:
    queued(database, 2, state="deferred", not_before=NOW + timedelta(hours=3))
    queued(database, 1, state="deferred", not_before=NOW + timedelta(hours=2))
    assert lines(database) == [
        "3 wait for their hour, the first of them for 2026-03-04 17:00Z: dispatcher dispatch, then"
    ]


def test_an_unreleased_plan_what_is_handed_out_held_and_unknown_are_told(database: Database) -> None:
    queued(database, 2, run_id=a_run(database, state="planned"))
    queued(database, 3, lease_owner="queue", lease_until=NOW + timedelta(minutes=5))
    queued(database, 4, state="held")
    queued(database, 5, state="unknown")
    assert [line.split(":")[0] for line in lines(database)] == [
        "2 stand in a plan that nobody has released",
        "3 are handed out to workers",
        "4 are held and need a person",
        "5 have an unknown end",
    ]


def test_resuming_all_ends_every_stop_and_resuming_the_stop_of_all_only_that(database: Database) -> None:
    for scope, name in (("all", ""), ("channel", "sms"), ("template", "due-soon")):
        stop(database, scope, name)
    resume_delivery(database, Stop(scope="all"), why="looked", by="ana", now=NOW)
    assert [str(row.stop) for row in stops_in_force(database)] == ["channel sms", "template due-soon"]
    assert len(resume_all(database, why="mended", by="ana", now=NOW)) == 2
    assert stops_in_force(database) == []
    with pytest.raises(StopError, match="nothing is stopped"):
        resume_all(database, why="again", by="ana", now=NOW)
