"""Delivery of a batch: intents before calls, outcomes after, nothing lost and nothing twice."""

from datetime import timedelta

import pytest

from channels.kind import ChannelKind
from channels.outcome import Rejected, Scope, TryLater, Unknown
from dispatcher.database.engine import Database
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.domain.verdict import Verdict, VerdictKind
from dispatcher.delivery.storage import stops
from dispatcher.gate.decision import Outcome, own_reason, reasons_json
from tests.delivery.builders import (
    NOW,
    a_channel_delivery,
    allow_all,
    attempt_rows,
    events,
    hand_out,
    message,
    queued,
    states,
    verdict_for_all,
)
from tests.doubles.fake_channel import FakeChannel


def test_every_message_of_a_batch_is_accepted_once_and_logged_as_begun_and_accepted(
    database: Database,
) -> None:
    ids = queued(database, 10)
    delivery = a_channel_delivery(database)
    delivered = deliver_messages(delivery, hand_out(database, ids), ids)
    assert delivered.states == {"accepted": 10}
    assert sorted(delivery.channel.sent) == ids
    assert states(database) == {"accepted": 10}
    assert all(events(database, key) == ["attempting", "accepted"] for key in ids)
    row = message(database, ids[0])
    assert (row.attempts, row.sent_at, row.provider_id, row.lease_owner) == (1, NOW, f"fake-{ids[0]}", None)


def test_intents_are_committed_before_the_provider_is_called(database: Database) -> None:
    ids = queued(database, 3)
    seen = []

    class Looking(FakeChannel):
        def send(self, outbound, *, now):
            row = message(database, outbound.message_id)
            seen.append((row.state, row.attempts, attempt_rows(database, outbound.message_id)[0].outcome))
            return super().send(outbound, now=now)

    deliver_messages(a_channel_delivery(database, Looking(ChannelKind.EMAIL)), hand_out(database, ids), ids)
    assert seen == [("sending", 1, None)] * 3


def test_no_more_than_a_chunk_is_begun_at_a_time(database: Database) -> None:
    ids = queued(database, 10)
    begun = []

    class Counting(FakeChannel):
        def send(self, outbound, *, now):
            begun.append(states(database).get("sending", 0))
            return super().send(outbound, now=now)

    deliver_messages(
        a_channel_delivery(database, Counting(ChannelKind.EMAIL), chunk=4), hand_out(database, ids), ids
    )
    assert max(begun) <= 4


def test_a_batch_that_another_worker_took_over_is_left_alone(database: Database) -> None:
    ids = queued(database, 2)
    hand_out(database, ids, "other")
    delivery = a_channel_delivery(database)
    assert deliver_messages(delivery, "mine", ids).states == {}
    assert delivery.channel.sent == {}


@pytest.mark.parametrize(
    ("verdict", "state", "event"),
    [
        (Verdict(kind=VerdictKind.DEFER, not_before=NOW + timedelta(hours=2)), "deferred", "deferred"),
        (
            Verdict(kind=VerdictKind.HOLD, reasons=(own_reason("test", "holds", Outcome.HOLD, "", "no"),)),
            "held",
            "held",
        ),
        (
            Verdict(
                kind=VerdictKind.CANCEL, reasons=(own_reason("test", "settled", Outcome.BLOCK, "", "no"),)
            ),
            "cancelled",
            "cancelled",
        ),
        (Verdict(kind=VerdictKind.PREPARE), "planned", "outdated"),
    ],
)
def test_what_the_second_gate_refuses_is_not_sent(
    database: Database, verdict: Verdict, state: str, event: str
) -> None:
    (key,) = queued(database)
    delivery = a_channel_delivery(database, judge=verdict_for_all(verdict))
    deliver_messages(delivery, hand_out(database, [key]), [key])
    assert delivery.channel.attempts == []
    row = message(database, key)
    assert (row.state, row.lease_owner, row.reasons) == (
        state,
        None,
        reasons_json(verdict.reasons),
    )
    assert row.not_before == verdict.not_before
    assert events(database, key) == [event]


def test_a_message_past_its_validity_expires_instead_of_going_out_late(database: Database) -> None:
    (key,) = queued(database, expires_at=NOW)
    delivery = a_channel_delivery(database)
    deliver_messages(delivery, hand_out(database, [key]), [key])
    assert (delivery.channel.attempts, message(database, key).state) == ([], "expired")


def test_the_window_is_looked_at_again_right_before_the_call(database: Database) -> None:
    (key,) = queued(database)
    instants = iter([NOW, NOW + timedelta(seconds=30), NOW + timedelta(seconds=30)])
    verdict = Verdict(kind=VerdictKind.SEND, not_after=NOW + timedelta(seconds=30))
    delivery = a_channel_delivery(
        database, judge=verdict_for_all(verdict), clock=lambda: next(instants, NOW + timedelta(minutes=1))
    )
    deliver_messages(delivery, hand_out(database, [key]), [key])
    assert delivery.channel.attempts == []
    row = message(database, key)
    assert (row.state, row.sent_at) == ("queued", None)
    assert attempt_rows(database, key)[0].outcome == "not_made"


def test_try_later_waits_for_what_the_provider_asked_and_counts_as_no_contact(database: Database) -> None:
    (key,) = queued(database)
    channel = FakeChannel(
        ChannelKind.EMAIL, [TryLater(reason="busy", after=timedelta(minutes=7), code="429")]
    )
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, [key]), [key])
    row = message(database, key)
    assert (row.state, row.next_try_at, row.sent_at) == ("queued", NOW + timedelta(minutes=7), None)
    assert events(database, key) == ["attempting", "retry"]


def test_a_try_that_would_come_after_the_validity_expires_the_message(database: Database) -> None:
    (key,) = queued(database, expires_at=NOW + timedelta(minutes=5))
    channel = FakeChannel(ChannelKind.EMAIL, [TryLater(reason="busy", after=timedelta(minutes=7))])
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, [key]), [key])
    assert message(database, key).state == "expired"


def test_a_lost_answer_is_unknown_and_not_sent_again_where_a_repeat_is_not_safe(database: Database) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.EMAIL, [Unknown(why="no answer")], repeat_is_safe=False)
    delivery = a_channel_delivery(database, channel)
    deliver_messages(delivery, hand_out(database, [key]), [key])
    deliver_messages(delivery, hand_out(database, [key]), [key])
    row = message(database, key)
    assert (row.state, row.sent_at, len(channel.attempts)) == ("unknown", NOW, 1)


def test_a_lost_answer_is_asked_again_where_a_repeat_is_safe(database: Database) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.LETTER, [Unknown(why="no answer")], repeat_is_safe=True)
    delivery = a_channel_delivery(database, channel)
    deliver_messages(delivery, hand_out(database, [key]), [key])
    row = message(database, key)
    assert (row.state, row.sent_at) == ("queued", NOW)  # in doubt: it counts as a contact meanwhile
    deliver_messages(delivery, hand_out(database, [key]), [key])
    assert message(database, key).state == "accepted"
    assert events(database, key) == ["attempting", "retry", "attempting", "accepted"]


def test_a_doubtful_attempt_that_may_not_be_repeated_is_unknown_not_cancelled(database: Database) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.LETTER, [Unknown(why="no answer")])
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, [key]), [key])
    paid = a_channel_delivery(database, channel, judge=verdict_for_all(Verdict(kind=VerdictKind.CANCEL)))
    deliver_messages(paid, hand_out(database, [key]), [key])
    assert (message(database, key).state, len(channel.attempts)) == ("unknown", 1)


def test_an_address_that_does_not_exist_fails_the_message_and_closes_the_address(database: Database) -> None:
    (key,) = queued(database)
    channel = FakeChannel(
        ChannelKind.EMAIL, [Rejected(reason="no such user", scope=Scope.ADDRESS, code="5.1.1")]
    )
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, [key]), [key])
    row = message(database, key)
    assert (row.state, row.sent_at) == ("failed", None)
    assert events(database, key) == ["attempting", "rejected", "address_closed"]


def test_a_refused_channel_is_stopped_and_the_message_waits(database: Database) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.EMAIL, [Rejected(reason="wrong key", scope=Scope.CHANNEL, code="401")])
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, [key]), [key])
    assert message(database, key).state == "queued"
    with database.reading() as connection:
        (row,) = stops.in_force(connection)
    assert (row.stop, row.stopped_by) == (Stop(scope="channel", name="email"), "dispatcher")
    assert "stopped" in events(database)


@pytest.mark.parametrize(
    "stop",
    [
        Stop(scope="all"),
        Stop(scope="creditor", name="acme"),
        Stop(scope="channel", name="email"),
        Stop(scope="template", name="first-reminder"),
        Stop(scope="pack", name="us-regf"),
        Stop(scope="pack", name="US-REGF"),  # as `rules list` writes it
    ],
    ids=lambda stop: f"{stop.scope} {stop.name}",
)
def test_a_stop_takes_effect_at_the_next_claim(database: Database, stop: Stop) -> None:
    (key,) = queued(database, rule_packs=["us-regf@3/abc", "default@1/def"])
    owner = hand_out(database, [key])
    with database.writing() as connection:
        stops.add(connection, stop, why="wrong text", by="ana", at=NOW)
    delivery = a_channel_delivery(database)
    deliver_messages(delivery, owner, [key])
    row = message(database, key)
    assert (delivery.channel.attempts, row.state, row.lease_owner) == ([], "queued", None)


def test_a_worker_that_is_asked_to_stop_finishes_its_chunk_and_gives_back_the_rest(
    database: Database,
) -> None:
    ids = queued(database, 10)
    channel = FakeChannel(ChannelKind.EMAIL)
    delivery = a_channel_delivery(database, channel, stopping=lambda: len(channel.attempts) >= 4)
    delivered = deliver_messages(delivery, hand_out(database, ids), ids)
    assert (delivered.states, delivered.given_back) == ({"accepted": 4}, 6)
    assert states(database) == {"accepted": 4, "queued": 6}
    assert {message(database, key).lease_owner for key in ids} == {None}


def test_an_adapter_that_raises_leaves_its_message_unknown(database: Database) -> None:
    class Broken(FakeChannel):
        def send(self, outbound, *, now):
            raise RuntimeError("broken")

    (key,) = queued(database)
    deliver_messages(
        a_channel_delivery(database, Broken(ChannelKind.EMAIL, repeat_is_safe=False)),
        hand_out(database, [key]),
        [key],
    )
    assert message(database, key).state == "unknown"


def test_a_gate_that_fails_loses_no_outcome_of_the_chunk_before(database: Database) -> None:
    ids = queued(database, 8)
    calls = []

    def judge(connection, waiting, bodies, now):
        calls.append(len(waiting))
        if len(calls) == 2:
            raise RuntimeError("rule pack unreadable")
        return allow_all(connection, waiting, bodies, now)

    delivery = a_channel_delivery(database, judge=judge)
    with pytest.raises(RuntimeError, match="unreadable"):
        deliver_messages(delivery, hand_out(database, ids), ids)
    assert states(database) == {"accepted": 4, "queued": 4}
    assert len(delivery.channel.sent) == 4
