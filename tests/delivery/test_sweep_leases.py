"""What a dead worker held is freed, asked again or listed; never sent blindly a second time."""

from datetime import timedelta
from pathlib import Path

import pytest

from channels.kind import ChannelKind
from channels.outcome import Accepted, Rejected, Scope, TryLater
from dispatcher.database import instance
from dispatcher.database.engine import Database
from dispatcher.database.instance import Instance
from dispatcher.delivery.begin_attempts import begin_attempts
from dispatcher.delivery.call_marks import MarkFiles
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.domain.attempt import Ended
from dispatcher.delivery.record_outcomes import record_outcomes
from dispatcher.delivery.settle_killed_calls import NOT_CALLED, remove_marks, settle_killed_calls
from dispatcher.delivery.sweep_leases import LOST, sweep_leases
from tests.delivery.builders import (
    NOW,
    a_channel_delivery,
    attempt_rows,
    events,
    hand_out,
    message,
    queued,
    states,
)
from tests.doubles.fake_channel import FakeChannel

LATER = NOW + timedelta(minutes=5)


def begin(database, channel, ids, owner="dead"):
    """What a worker leaves behind that is killed between intent and outcome."""
    delivery = a_channel_delivery(database, channel)
    hand_out(database, ids, owner)
    with database.writing() as connection:
        return delivery, begin_attempts(connection, delivery, owner, ids).begun


def sweep(database, channel, *, real_now=LATER, is_dead=lambda owner: False):
    return sweep_leases(database, lambda kind, name: channel, now=NOW, real_now=real_now, is_dead=is_dead)


def test_what_was_handed_out_and_not_begun_is_free_again(database: Database) -> None:
    ids = queued(database, 3)
    hand_out(database, ids)
    assert sweep(database, FakeChannel(ChannelKind.EMAIL)).freed == 3
    assert {message(database, key).lease_owner for key in ids} == {None}
    assert states(database) == {"queued": 3}


def test_a_lease_that_lives_is_left_alone(database: Database) -> None:
    ids = queued(database, 2)
    hand_out(database, ids)
    assert sweep(database, FakeChannel(ChannelKind.EMAIL), real_now=NOW).total == 0


def test_a_lease_of_a_process_known_to_be_dead_ends_before_its_time(database: Database) -> None:
    ids = queued(database, 2)
    hand_out(database, ids, "dead")
    assert (
        sweep(
            database, FakeChannel(ChannelKind.EMAIL), real_now=NOW, is_dead=lambda owner: owner == "dead"
        ).freed
        == 2
    )


def test_a_begun_attempt_becomes_unknown_where_a_repeat_could_reach_the_debtor_twice(
    database: Database,
) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    begin(database, channel, [key])
    assert sweep(database, channel).unknown == 1
    row = message(database, key)
    assert (row.state, row.sent_at, row.lease_owner) == ("unknown", NOW, None)
    assert events(database, key) == ["attempting", "unknown"]
    assert attempt_rows(database, key)[0].outcome == "unknown"


def test_a_begun_attempt_is_made_again_where_the_provider_takes_the_same_id_harmlessly(
    database: Database,
) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.EMAIL)
    begin(database, channel, [key])
    assert sweep(database, channel).asked_again == 1
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, [key]), [key])
    assert message(database, key).state == "accepted"
    assert [row.outcome for row in attempt_rows(database, key)] == ["unknown", "accepted"]


def test_an_answer_that_comes_after_the_sweep_still_counts(database: Database) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    delivery, (begun,) = begin(database, channel, [key])
    sweep(database, channel)
    late = Ended(message=begun.message, end=Accepted(provider_id="late"), at=LATER)
    for _ in range(2):  # recorded twice it is the same
        with database.writing() as connection:
            record_outcomes(connection, delivery, [late])
    row = message(database, key)
    assert (row.state, row.provider_id) == ("accepted", "late")
    assert events(database, key) == ["attempting", "unknown", "accepted"]


@pytest.fixture
def marks(database: Database, tmp_path: Path) -> MarkFiles:
    with database.writing() as connection:
        instance.write(connection, Instance(id="an-instance", place=""))
    return MarkFiles(tmp_path / "provider-calls", boot=lambda: "a-boot")


def die(database, channel, ids, marks, *, called=(), ended=()):
    """A worker is killed that had begun `ids`, called some of them, and knew the ends of some of those."""
    file = marks.open("an-instance", "test")
    _, begun = begin(database, channel, ids)
    listed = file.list_calls([b.message for b in begun])
    by_id = {b.message.id: b.message for b in begun}
    for key in [*called, *(key for key, _ in ended)]:
        listed.call(by_id[key])
    for key, end in ended:
        listed.end(Ended(message=by_id[key], end=end, at=NOW))
    file.close()  # something is open: the file stays


def settle(database, channel, marks, *, is_dead=lambda owner: True, real_now=NOW):
    """What the marks tell; then the leases are over."""
    settled = settle_killed_calls(
        database, lambda kind, name: channel, marks, now=NOW, real_now=real_now, is_dead=is_dead
    )
    return settled, sweep(database, channel)


def test_of_a_killed_chunk_only_what_was_being_called_is_in_doubt(
    database: Database, marks: MarkFiles
) -> None:
    ids = queued(database, 128)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    done = [(key, Accepted(provider_id=f"his-{key}")) for key in ids[:60]]
    die(database, channel, ids, marks, called=ids[60:64], ended=done)
    settled, swept = settle(database, channel, marks)
    assert (settled.not_called, settled.ended, swept.unknown) == (64, 60, 4)
    assert states(database) == {"accepted": 60, "unknown": 4, "queued": 64}
    assert message(database, ids[0]).provider_id == f"his-{ids[0]}"
    rest = [key for key in ids if message(database, key).state == "queued"]
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, rest), rest)
    assert sorted(channel.sent) == ids[64:]  # what was not called, and nothing else, each once


def test_what_was_not_called_waits_for_nothing_and_counts_as_no_contact(
    database: Database, marks: MarkFiles
) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    die(database, channel, [key], marks)
    settle(database, channel, marks)
    row = message(database, key)
    assert (row.state, row.sent_at, row.next_try_at, row.lease_owner) == ("queued", None, None, None)
    assert events(database, key) == ["attempting", "retry"]
    attempt = attempt_rows(database, key)[0]
    assert (attempt.outcome, attempt.reason) == ("not_made", NOT_CALLED)


def test_a_doubt_from_before_outlives_an_attempt_that_was_not_made(
    database: Database, marks: MarkFiles
) -> None:
    before = NOW - timedelta(hours=1)
    (key,) = queued(database, sent_at=before, provider="fake")
    channel = FakeChannel(ChannelKind.EMAIL)
    die(database, channel, [key], marks)
    settle(database, channel, marks)
    assert (message(database, key).state, message(database, key).sent_at) == ("queued", before)


@pytest.mark.parametrize(
    ("end", "state", "event"),
    [
        (Rejected(reason="no such mailbox", scope=Scope.ADDRESS, code="5.1.1"), "failed", "rejected"),
        (TryLater(reason="full"), "queued", "retry"),
    ],
)
def test_an_end_that_a_dead_worker_knew_means_what_it_always_means(
    database: Database, marks: MarkFiles, end, state: str, event: str
) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    die(database, channel, [key], marks, ended=[(key, end)])
    assert settle(database, channel, marks)[0].ended == 1
    row = message(database, key)
    assert (row.state, row.sent_at, row.lease_owner) == (state, None, None)
    assert event in events(database, key)


def test_a_worker_whose_lease_is_over_but_that_lives_is_not_believed_to_be_done(
    database: Database, marks: MarkFiles
) -> None:
    """Paused for longer than its lease it may go on: what it has not called yet is in doubt."""
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    file = marks.open("an-instance", "test")
    _, begun = begin(database, channel, [key])
    file.list_calls([b.message for b in begun])
    settled, swept = settle(database, channel, marks, real_now=LATER)
    assert (settled.total, swept.unknown) == (0, 1)
    assert attempt_rows(database, key)[0].reason == LOST
    file.close()


@pytest.mark.parametrize(("real_now", "state"), [(NOW, "unknown"), (LATER, "queued")])
def test_a_worker_that_may_be_in_another_container_is_believed_once_its_lease_is_over(
    database: Database, marks: MarkFiles, real_now, state: str
) -> None:
    """Nobody else holds its marks, and what it has not called by then it never calls."""
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    die(database, channel, [key], marks)
    settle(database, channel, marks, is_dead=lambda owner: False, real_now=real_now)
    assert message(database, key).state == state


@pytest.mark.parametrize("missing", ["the file", "the instance", "the start of the machine", "the provider"])
def test_without_marks_that_can_be_believed_everything_begun_is_in_doubt(
    database: Database, marks: MarkFiles, missing: str
) -> None:
    ids = queued(database, 3)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    die(database, channel, ids, marks, ended=[(ids[0], Accepted(provider_id="his"))])
    if missing == "the file":
        marks.remove("test")
    elif missing == "the instance":
        with database.writing() as connection:
            instance.write(connection, Instance(id="another", place=""))
    elif missing == "the start of the machine":
        marks = MarkFiles(marks._folder, boot=lambda: "another-boot")
    else:
        channel.provider = "another"
    settled, swept = settle(database, channel, marks)
    assert (settled.total, swept.unknown) == (0, 3)
    assert states(database) == {"unknown": 3}


def test_the_marks_of_a_dead_worker_go_when_nothing_of_it_is_open(
    database: Database, marks: MarkFiles
) -> None:
    first, second = queued(database, 2)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    die(database, channel, [first], marks)
    begin(database, channel, [second], "another batch of the same worker")
    settle_killed_calls(
        database, lambda kind, name: channel, marks, now=NOW, real_now=NOW, is_dead=lambda owner: True
    )
    remove_marks(database, marks)
    assert (message(database, first).state, marks.left_behind()) == ("queued", ["test"])
    sweep(database, channel)
    remove_marks(database, marks)
    assert (message(database, second).state, marks.left_behind()) == ("unknown", [])
