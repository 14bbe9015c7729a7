"""What a dead worker held is freed, asked again or listed; never sent blindly a second time."""

from datetime import timedelta

from channels.kind import ChannelKind
from channels.outcome import Accepted
from dispatcher.database.engine import Database
from dispatcher.delivery.begin_attempts import begin_attempts
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.domain.attempt import Ended
from dispatcher.delivery.record_outcomes import record_outcomes
from dispatcher.delivery.sweep_leases import sweep_leases
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
