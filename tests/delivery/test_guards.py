"""Guards against accidents: unusual volume, repeated texts, clocks and databases that went back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.messages import message_debts
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.expire_messages import expire_messages
from dispatcher.delivery.stop_delivery import resume_delivery, stops_in_force
from dispatcher.delivery.storage.due import due_groups
from dispatcher.messages.storage import contents, outbox
from dispatcher.runs.domain.volume import DayVolume, VolumeLimits, excesses, groups_of, usual_at_most
from dispatcher.runs.guard_clock import guard_clock
from dispatcher.runs.guard_volume import confirm_volume, guard_volume
from dispatcher.runs.hold_duplicates import hold_duplicates
from tests.delivery.builders import NOW, a_run, events, message, queued, states

LIMITS = VolumeLimits(factor=3.0, minimum=10, history=3)


def history(database: Database, *volumes: int, until: int = 1) -> None:
    for days, volume in enumerate(volumes, start=until):
        run_id = a_run(database, as_of=NOW.date() - timedelta(days=days))
        if volume:
            queued(database, volume, run_id=run_id, state="accepted")


TODAY = NOW.date()


def days(*counts: int, group: str = "all", last: date = TODAY) -> list[DayVolume]:
    return [
        DayVolume(day=last - timedelta(days=ago), planned={group: count})
        for ago, count in enumerate(counts, start=1)
    ]


@pytest.mark.parametrize(
    ("earlier", "limit"),
    [([], None), ([5, 5], None), ([5, 5, 0, 0], None), ([5, 5, 5], 15), ([1, 1, 1], 10), ([4, 10, 100], 30)],
)
def test_usual_is_judged_by_enough_busy_days_and_never_below_the_minimum(
    earlier: list[int], limit: int | None
) -> None:
    assert usual_at_most("all", days(*earlier), LIMITS, TODAY) == limit


def test_a_real_channel_has_a_limit_of_its_own_while_it_has_no_history() -> None:
    limits = VolumeLimits(minimum=10, history=3, first=100)
    assert usual_at_most("real channel email", days(5, 5), limits, TODAY) == 100
    assert usual_at_most("channel email", days(5, 5), limits, TODAY) is None
    assert groups_of({("acme", "email", "first-reminder"): 7}, ["email"]) == {
        "all": 7, "creditor acme": 7, "channel email": 7, "template first-reminder": 7, "real channel email": 7,
    }  # fmt: skip


def test_one_creditor_channel_or_template_may_be_unusual_where_the_whole_is_not() -> None:
    earlier = [
        DayVolume(day=TODAY - timedelta(days=ago), planned={"all": 100, "creditor acme": 5})
        for ago in range(1, 6)
    ]
    found = excesses({"all": 110, "creditor acme": 40, "creditor new": 9}, earlier, LIMITS, TODAY)
    assert [(excess.group, excess.planned, excess.usual) for excess in found] == [("creditor acme", 40, 15)]


def test_the_turn_of_a_month_is_compared_with_the_turns_before() -> None:
    turn = date(2026, 6, 30)
    earlier = [*days(5, 5, 5, 5, 5, last=turn), DayVolume(day=date(2026, 5, 31), planned={"all": 60})]
    assert usual_at_most("all", earlier, LIMITS, turn) == 90
    mid = date(2026, 6, 20)
    assert usual_at_most("all", [*days(5, 5, 5, last=mid), earlier[-1]], LIMITS, mid) == 15


def guard(
    database: Database, run_id: int, *, confirmed: bool = False, limits: VolumeLimits = LIMITS, **more
) -> str:
    return guard_volume(database, run_id, limits, confirmed=confirmed, now=NOW, actor="ana", **more)


def test_an_unusual_run_waits_whole_with_the_reason(database: Database) -> None:
    history(database, 5, 5, 5)
    run_id = a_run(database)
    ids = queued(database, 20, run_id=run_id)
    said = guard(database, run_id)
    assert "waits whole (20 messages): 20 in all, where 15 are usual at most" in said
    assert {message(database, key).state for key in ids} == {"held"}
    assert message(database, ids[-1]).reasons[0]["rule"] == "volume"


def test_a_confirmed_volume_goes_and_the_log_says_who_let_it(database: Database) -> None:
    history(database, 5, 5, 5)
    run_id = a_run(database)
    queued(database, 20, run_id=run_id)
    assert guard(database, run_id, confirmed=True) == ""
    assert states(database) == {"accepted": 15, "queued": 20}
    assert "volume_confirmed" in events(database)


def test_confirming_lets_go_what_the_guard_held_before_and_nothing_else(database: Database) -> None:
    history(database, 5, 5, 5)
    run_id = a_run(database)
    ids = queued(database, 20, run_id=run_id)
    guard(database, run_id)
    (other,) = queued(database, state="held", reasons=[{"pack": "content", "rule": "threat"}])
    assert guard(database, a_run(database), confirmed=True) == ""
    assert {message(database, key).state for key in ids} == {"queued"}
    assert message(database, other).state == "held"
    assert events(database).count("released") == 20
    assert events(database).count("volume_confirmed") == 1


def test_one_run_is_confirmed_and_another_keeps_waiting(database: Database) -> None:
    history(database, 5, 5, 5)
    first, second = a_run(database), a_run(database)
    kept = [queued(database, 20, run_id=run_id) for run_id in (first, second)]
    guard(database, first)
    guard(database, second)
    assert confirm_volume(database, now=NOW, actor="ana", run_id=first) == 20
    assert {message(database, key).state for key in kept[0]} == {"queued"}
    assert {message(database, key).state for key in kept[1]} == {"held"}


def test_what_was_held_back_never_becomes_usual(database: Database) -> None:
    history(database, 5, 5, 5, until=9)
    for ago in range(8, 3, -1):
        held = a_run(database, as_of=TODAY - timedelta(days=ago))
        queued(database, 20, run_id=held)
        assert "waits whole" in guard(database, held)
    again = a_run(database)
    queued(database, 20, run_id=again)
    assert "where 15 are usual" in guard(database, again)


def test_what_a_person_let_go_is_history(database: Database) -> None:
    for ago in (3, 2, 1):
        run_id = a_run(database, as_of=TODAY - timedelta(days=ago))
        queued(database, 20, run_id=run_id)
        guard(database, run_id, confirmed=True)
    run_id = a_run(database)
    queued(database, 50, run_id=run_id)
    assert guard(database, run_id) == ""


def test_a_hold_that_expired_comes_back_as_a_hold(database: Database) -> None:
    history(database, 5, 5, 5)
    run_id = a_run(database)
    ids = queued(database, 20, run_id=run_id)
    guard(database, run_id)
    with database.writing() as connection:
        outbox.change(connection, [{"id": key, "expires_at": NOW} for key in ids])
    expire_messages(database, now=NOW, real_now=NOW)
    assert {message(database, key).state for key in ids} == {"expired"}
    few = a_run(database)
    (anew,) = queued(database, 1, run_id=few)
    plain = queued(database, 2, run_id=few)
    _speaks_of_the_same(database, anew, ids[0])
    assert "1 messages are held again" in guard(database, few)
    assert message(database, anew).state == "held"
    assert {message(database, key).state for key in plain} == {"queued"}


def _speaks_of_the_same(database: Database, key: str, other: str) -> None:
    with database.writing() as connection:
        row = connection.execute(select(message_debts).where(message_debts.c.message_id == other)).one()
        connection.execute(
            update(message_debts)
            .where(message_debts.c.message_id == key)
            .values(debt_id=row.debt_id, recipient_id=row.recipient_id, occurrence=row.occurrence + 1)
        )


def test_a_first_run_towards_a_real_channel_has_its_own_limit(database: Database) -> None:
    limits = VolumeLimits(minimum=10, history=3, first=30)
    run_id = a_run(database)
    ids = queued(database, 31, run_id=run_id)
    assert guard(database, run_id, limits=limits) == ""  # folders and loopback
    assert "31 of real channel email, where 30 are usual" in guard(
        database, run_id, limits=limits, real_channels=["email"]
    )
    assert {message(database, key).state for key in ids} == {"held"}


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
    assert guard(database, run_id) == ""
    history(database, 5, 5, 5)
    replayed = a_run(database, mode="simulated")
    queued(database, 50, run_id=replayed)
    assert guard(database, replayed) == ""


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
