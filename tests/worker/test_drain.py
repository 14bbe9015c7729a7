"""From the outbox through the queue to the provider until nothing is due."""

import itertools
import threading
from datetime import timedelta

import pytest

from channels.kind import ChannelKind
from channels.outcome import TryLater
from dispatcher.database.engine import Database
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.domain.verdict import Verdict, VerdictKind
from dispatcher.delivery.storage import stops
from dispatcher.worker.channel_deliveries import Throttle
from dispatcher.worker.drain import STALLED_AFTER, Drain
from tests.delivery.builders import ALLOW, NOW, a_run, hand_out, message, queued, states
from tests.doubles.fake_channel import FakeChannel
from tests.worker.processes_at_work import a_process, fakes


def test_everything_due_is_delivered_on_its_channel_once(database: Database) -> None:
    channels = fakes()
    wanted = {kind: queued(database, 30, channel=kind.value) for kind in ChannelKind}
    process = a_process(database, channels)
    with process.working():
        assert process.drain() == 90
    assert {kind: sorted(channel.sent) for kind, channel in channels.items()} == wanted
    assert sum(len(channel.attempts) for channel in channels.values()) == 90
    assert states(database) == {"accepted": 90}


def test_the_same_actors_run_on_redis(database: Database, redis_url: str) -> None:
    channels = fakes()
    ids = queued(database, 250)
    process = a_process(database, channels, redis_url)
    with process.working():
        process.drain()
    assert sorted(channels[ChannelKind.EMAIL].sent) == ids
    assert states(database) == {"accepted": 250}


def test_what_a_slow_rate_holds_up_is_waited_for(database: Database) -> None:
    channels = fakes()
    ids = queued(database, 75)
    process = a_process(database, channels, throttles={kind: Throttle(rate=50) for kind in ChannelKind})
    with process.working():
        assert process.drain() == 75
    assert sorted(channels[ChannelKind.EMAIL].sent) == ids


def test_what_is_not_due_waits(database: Database) -> None:
    channels = fakes()
    queued(database, not_before=NOW + timedelta(hours=1), state="deferred")
    queued(database, next_try_at=NOW + timedelta(minutes=1))
    queued(database, state="held")
    due = queued(database, not_before=NOW, state="deferred")
    process = a_process(database, channels)
    with process.working():
        process.drain()
    assert sorted(channels[ChannelKind.EMAIL].sent) == due


@pytest.mark.parametrize(
    "stop",
    [
        Stop(scope="creditor", name="acme"),
        Stop(scope="pack", name="us-regf"),
        Stop(scope="template", name="first-reminder"),
        Stop(scope="all"),
    ],
    ids=str,
)
def test_what_is_stopped_is_not_handed_out(database: Database, stop: Stop) -> None:
    channels = fakes()
    queued(database, 3, rule_packs=["us-regf@2/ab"])
    other = queued(database, 2, creditor="other", rule_packs=["us-regf-b@2/ab"], template="other")
    with database.writing() as connection:
        stops.add(connection, stop, why="x", by="ana", at=NOW)
    process = a_process(database, channels)
    with process.working():
        process.drain()
    assert sorted(channels[ChannelKind.EMAIL].sent) == ([] if stop.scope == "all" else other)


def test_a_small_run_is_not_stuck_behind_a_big_one(sqlite_database: Database) -> None:
    channels = fakes()
    big, small = a_run(sqlite_database), a_run(sqlite_database)
    queued(sqlite_database, 400, run_id=big)
    few = set(queued(sqlite_database, 20, run_id=small))
    process = a_process(sqlite_database, channels, window=80, threads=1)
    with process.working():
        process.drain()
    order = [outbound.message_id for outbound in channels[ChannelKind.EMAIL].attempts]
    assert len(order) == 420
    assert max(order.index(key) for key in few) < 80


def test_texts_that_became_outdated_are_made_again_and_then_sent(sqlite_database: Database) -> None:
    channels = fakes()
    (key,) = queued(sqlite_database)
    sha256 = message(sqlite_database, key).content_sha256
    verdicts = iter([Verdict(kind=VerdictKind.PREPARE)])

    def prepare() -> int:
        if message(sqlite_database, key).state != "planned":
            return 0
        with sqlite_database.writing() as connection:
            from dispatcher.messages.storage import outbox

            outbox.change(connection, [{"id": key, "state": "queued", "content_sha256": sha256}])
        return 1

    process = a_process(
        sqlite_database,
        channels,
        judge=lambda c, waiting, bodies, now: {m.id: next(verdicts, ALLOW) for m in waiting},
    )
    with process.working():
        process.drain(prepare=prepare)
    assert message(sqlite_database, key).state == "accepted"


def test_a_text_that_is_outdated_for_ever_does_not_go_round_for_ever(sqlite_database: Database) -> None:
    (key,) = queued(sqlite_database)
    sha256 = message(sqlite_database, key).content_sha256

    def prepare() -> int:
        with sqlite_database.writing() as connection:
            from dispatcher.messages.storage import outbox

            outbox.change(connection, [{"id": key, "state": "queued", "content_sha256": sha256}])
        return 1

    always = Verdict(kind=VerdictKind.PREPARE)
    process = a_process(
        sqlite_database, fakes(), judge=lambda c, waiting, bodies, now: {m.id: always for m in waiting}
    )
    with process.working():
        process.drain(prepare=prepare)
    assert message(sqlite_database, key).state == "planned"  # the next drain writes it anew; nothing went out


def test_a_failing_gate_is_told_to_whoever_waits(sqlite_database: Database) -> None:
    def judge(connection, waiting, bodies, now):
        raise RuntimeError("rule pack unreadable")

    queued(sqlite_database, 3)
    process = a_process(sqlite_database, fakes(), judge=judge)
    with process.working(), pytest.raises(RuntimeError, match="unreadable"):
        process.drain()
    assert states(sqlite_database) == {"queued": 3}


def test_a_provider_that_keeps_failing_pauses_its_channel(database: Database) -> None:
    channels = fakes()
    channels[ChannelKind.SMS] = FakeChannel(ChannelKind.SMS, [TryLater(reason="down")] * 200)
    queued(database, 100, channel="sms")
    mails = queued(database, 20)
    process = a_process(database, channels, threads=1)
    with process.working():
        process.drain()
    assert sorted(channels[ChannelKind.EMAIL].sent) == mails
    assert len(channels[ChannelKind.SMS].attempts) < 20  # the breaker opened instead of burning all of them


def test_what_a_dead_process_held_is_delivered_by_the_next(sqlite_database: Database) -> None:
    ids = queued(sqlite_database, 5)
    from dispatcher.database.holders import this_process

    place, pid, _ = this_process().split(":")
    hand_out(sqlite_database, ids, f"{place}:{pid}:1#gone")  # this process id, but started at another time
    channels = fakes()
    process = a_process(sqlite_database, channels)
    with process.working():
        process.drain()
    assert sorted(channels[ChannelKind.EMAIL].sent) == ids


def test_stopping_a_busy_station_leaves_nothing_unknown(database: Database, redis_url: str) -> None:
    """A worker asked to end finishes what it has begun and gives back the rest."""
    begun, go = threading.Event(), threading.Event()

    class Slow(FakeChannel):
        def send(self, outbound, *, now):
            begun.set()
            assert go.wait(20)
            return super().send(outbound, now=now)

    channels = fakes() | {ChannelKind.EMAIL: Slow(ChannelKind.EMAIL, repeat_is_safe=False)}
    queued(database, 300)
    process = a_process(database, channels, redis_url)
    with process.working():
        process.relay.tick()
        assert begun.wait(20)
        process.deliveries.stop()
        go.set()
    sent = len(channels[ChannelKind.EMAIL].sent)
    assert 0 < sent <= 8
    assert states(database) == {"accepted": sent, "queued": 300 - sent}
    with database.reading() as connection:
        from sqlalchemy import func, select

        from dispatcher.database.tables.messages import messages

        begun_leases = select(func.count()).where(
            messages.c.lease_owner.is_not(None), messages.c.state != "queued"
        )
        assert connection.scalar(begun_leases) == 0


def test_waiting_on_a_queue_that_nobody_works_at_is_told(database: Database, redis_url: str, caplog) -> None:
    queued(database, 3)
    process = a_process(database, fakes(), redis_url)
    looks = itertools.count(step=STALLED_AFTER / 2)
    drain = Drain(
        relay=process.relay,
        deliveries=None,
        prepare=lambda: 0,
        sweep=lambda: 0,
        stopping=lambda: bool(caplog.records),
        monotonic=lambda: next(looks),
    )
    assert drain.until_empty() == 3
    assert "3 messages are handed out and none has moved for 30 seconds" in caplog.text


@pytest.mark.parametrize(("is_shared", "sizes"), [(False, [504, 96]), (True, [256, 256, 88])])
def test_batches_are_larger_where_no_other_worker_waits_for_its_share(
    database: Database, redis_url: str, is_shared: bool, sizes: list[int]
) -> None:
    """Between two batches nothing is judged while the provider is waited for."""
    queued(database, 600)
    process = a_process(database, fakes(), redis_url if is_shared else "memory://")
    handed: list[int] = []
    process.relay.enqueue = lambda kind, owner, ids: handed.append(len(ids))
    process.relay.tick()
    assert handed == sizes
