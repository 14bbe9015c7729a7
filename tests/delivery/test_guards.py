"""Guards against accidents: unusual volume, repeated texts, clocks and databases that went back."""

from datetime import timedelta

import pytest

from dispatcher.database.engine import Database
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.stop_delivery import resume_delivery, stops_in_force
from dispatcher.delivery.storage.due import due_groups
from dispatcher.messages.storage import contents, outbox
from dispatcher.runs.domain.volume import VolumeLimits, usual_at_most
from dispatcher.runs.guard_clock import guard_clock
from dispatcher.runs.guard_volume import guard_volume
from dispatcher.runs.hold_duplicates import hold_duplicates
from tests.delivery.builders import NOW, a_run, events, message, queued, states

LIMITS = VolumeLimits(factor=3.0, minimum=10, history=3)


def history(database: Database, *volumes: int) -> None:
    for days, volume in enumerate(volumes, start=1):
        run_id = a_run(database, as_of=NOW.date() - timedelta(days=days))
        if volume:
            queued(database, volume, run_id=run_id, state="accepted")


@pytest.mark.parametrize(
    ("earlier", "limit"),
    [([], None), ([5, 5], None), ([5, 5, 0, 0], None), ([5, 5, 5], 15), ([1, 1, 1], 10), ([4, 10, 100], 30)],
)
def test_usual_is_judged_by_enough_busy_days_and_never_below_the_minimum(
    earlier: list[int], limit: int | None
) -> None:
    assert usual_at_most(earlier, LIMITS) == limit


def test_what_is_above_the_usual_volume_is_held_with_the_reason(database: Database) -> None:
    history(database, 5, 5, 5)
    run_id = a_run(database)
    ids = queued(database, 20, run_id=run_id)
    said = guard_volume(database, run_id, LIMITS, confirmed=False, now=NOW, actor="ana")
    assert "20 messages are planned where the last weeks' days had at most 15" in said
    assert [message(database, key).state for key in ids] == ["queued"] * 15 + ["held"] * 5
    assert message(database, ids[-1]).reasons[0]["rule"] == "volume"


def test_a_confirmed_volume_goes_and_the_log_says_who_let_it(database: Database) -> None:
    history(database, 5, 5, 5)
    run_id = a_run(database)
    queued(database, 20, run_id=run_id)
    assert guard_volume(database, run_id, LIMITS, confirmed=True, now=NOW, actor="ana") == ""
    assert states(database) == {"accepted": 15, "queued": 20}
    assert "volume_confirmed" in events(database)


def test_confirming_lets_go_what_the_guard_held_before_and_nothing_else(database: Database) -> None:
    history(database, 5, 5, 5)
    run_id = a_run(database)
    ids = queued(database, 20, run_id=run_id)
    guard_volume(database, run_id, LIMITS, confirmed=False, now=NOW, actor="ana")
    (other,) = queued(database, state="held", reasons=[{"pack": "content", "rule": "threat"}])
    assert guard_volume(database, a_run(database), LIMITS, confirmed=True, now=NOW, actor="ana") == ""
    assert {message(database, key).state for key in ids} == {"queued"}
    assert message(database, other).state == "held"
    assert events(database).count("released") == 5


def test_nothing_of_a_plan_that_nobody_released_is_handed_out(database: Database) -> None:
    looked_at, released = a_run(database, state="planned"), a_run(database)
    queued(database, 2, run_id=looked_at)
    queued(database, 3, run_id=released)
    confirmation = queued(database, 1)
    with database.writing() as connection:
        outbox.change(connection, [{"id": confirmation[0], "run_id": None}])
        found = due_groups(connection, now=NOW, real_now=NOW)
    assert {group.run_id: number for group, number in found.items()} == {released: 3, None: 1}


def test_a_first_week_and_a_replay_are_not_guarded(database: Database) -> None:
    run_id = a_run(database)
    queued(database, 50, run_id=run_id)
    assert guard_volume(database, run_id, LIMITS, confirmed=False, now=NOW, actor="ana") == ""
    history(database, 5, 5, 5)
    replayed = a_run(database, mode="simulated")
    queued(database, 50, run_id=replayed)
    assert guard_volume(database, replayed, LIMITS, confirmed=False, now=NOW, actor="ana") == ""


def test_the_same_text_to_the_same_person_on_the_same_day_is_held(database: Database) -> None:
    run_id = a_run(database)
    first, second = queued(database, 2, people=1, run_id=run_id, address="ana@debtors.example")
    other_text = queued(database, 1, run_id=run_id, body=b"Another text")[0]
    with database.writing() as connection:
        # The bytes differ (each mail has its own id and date), the text that is read is the same.
        again = contents.Content.of(b"Message-ID: 2\n\nHello", "message/rfc822", "Hello")
        contents.keep(connection, [again], now=NOW)
        outbox.change(connection, [{"id": second, "content_sha256": again.sha256}])
    assert "1 messages repeat another" in hold_duplicates(database, run_id, now=NOW)
    assert [message(database, key).state for key in (first, second, other_text)] == [
        "queued",
        "held",
        "queued",
    ]
    assert first in message(database, second).reasons[0]["detail"]


def sent_live(database: Database, at) -> str:
    (key,) = queued(database, state="accepted", provider="smtp", sent_at=at)
    return key


def test_a_clock_behind_the_newest_live_send_stops_everything_until_a_person_resumes(
    database: Database,
) -> None:
    sent_live(database, NOW)
    assert guard_clock(database, now=NOW - timedelta(minutes=1)) == ""
    assert "set the clock" in guard_clock(database, now=NOW - timedelta(days=1))
    assert [row.stop for row in stops_in_force(database)] == [Stop(scope="all")]
    resume_delivery(database, Stop(scope="all"), why="clock is right", by="ana", now=NOW)
    assert guard_clock(database, now=NOW + timedelta(days=1)) == ""


def test_sends_into_a_folder_are_no_live_sends(database: Database) -> None:
    queued(database, state="accepted", provider="folder", sent_at=NOW)
    assert guard_clock(database, now=NOW - timedelta(days=100)) == ""


def test_a_message_of_a_replay_is_never_sent_afterwards(database: Database) -> None:
    from dispatcher.delivery.deliver_messages import deliver_messages
    from tests.delivery.builders import a_channel_delivery, hand_out

    (key,) = queued(database, run_id=a_run(database, mode="simulated"))
    delivery = a_channel_delivery(database)
    deliver_messages(delivery, hand_out(database, [key]), [key])
    assert (delivery.channel.attempts, message(database, key).state) == ([], "cancelled")
