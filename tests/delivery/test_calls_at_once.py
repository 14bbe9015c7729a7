"""Several calls at once: what is marked before it, what is judged meanwhile, and what a stop leaves."""

import itertools
import threading
from pathlib import Path

import pytest

from channels.kind import ChannelKind
from dispatcher.database.engine import Database
from dispatcher.delivery.call_marks import Called, CallMarks, MarkFiles
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.domain.call_pace import CallPace
from dispatcher.delivery.make_calls import FRESH_FOR
from tests.delivery.builders import (
    a_channel_delivery,
    allow_all,
    attempt_rows,
    events,
    hand_out,
    message,
    queued,
    states,
)
from tests.doubles.fake_channel import FakeChannel


@pytest.fixture
def marks(tmp_path: Path):
    file = MarkFiles(tmp_path / "provider-calls", boot=lambda: "a-boot").open("an-instance", "test")
    assert file is not None
    yield file
    file.close()
    assert list((tmp_path / "provider-calls").iterdir()) == []  # every chunk has been settled


def a_pace(seconds: float, hands: int = 4) -> CallPace:
    return CallPace(hands=hands, may_begin_more=True, seconds=seconds)


class Watching(FakeChannel):
    """Notes how many calls are made at once, and what has begun meanwhile."""

    def __init__(self, database: Database) -> None:
        super().__init__(ChannelKind.EMAIL, repeat_is_safe=False)
        self.database, self.begun, self.at_once, self._now = database, [0], [0], 0

    def send(self, outbound, *, now):
        with self._lock:
            self._now += 1
            self.at_once.append(self._now)
        self.begun.append(states(self.database).get("sending", 0))
        with self._lock:
            self._now -= 1
        return super().send(outbound, now=now)


def test_with_marks_a_chunk_is_larger_than_the_hands_and_the_calls_at_once_are_not(
    database: Database, marks: CallMarks
) -> None:
    ids = queued(database, 40)
    channel = Watching(database)
    # 16 of a quarter of a second; the measured pace then decides anew, and no chunk is larger than what is left.
    delivery = a_channel_delivery(database, channel, pace=a_pace(0.0625), marks=marks)
    deliver_messages(delivery, hand_out(database, ids), ids)
    assert states(database) == {"accepted": 40}
    assert max(channel.begun) > 4 >= max(channel.at_once)
    assert sorted(channel.sent) == ids


def test_without_room_for_marks_no_more_begins_than_is_called_at_once(
    database: Database, marks: CallMarks
) -> None:
    ids = queued(database, 12)
    taken = []
    while marks.has_room:
        taken.append(marks.list_calls(_claimed(database, ids[:1])))
    channel = Watching(database)
    delivery = a_channel_delivery(database, channel, pace=a_pace(0.001), marks=marks)
    deliver_messages(delivery, hand_out(database, ids), ids)
    assert (states(database), max(channel.begun)) == ({"accepted": 12}, 4)
    for listed in taken:
        listed.forget()


def _claimed(database: Database, ids):
    from dispatcher.messages.storage import outbox

    with database.reading() as connection:
        return outbox.read(connection, ids)


def test_a_stop_of_the_worker_leaves_what_it_has_begun_and_not_called_to_the_next_at_once(
    database: Database, marks: CallMarks
) -> None:
    ids = queued(database, 10)
    channel = FakeChannel(ChannelKind.EMAIL, repeat_is_safe=False)
    delivery = a_channel_delivery(
        database,
        channel,
        pace=a_pace(0.001, hands=1),
        marks=marks,
        stopping=lambda: len(channel.attempts) >= 4,
    )
    delivered = deliver_messages(delivery, hand_out(database, ids), ids)
    assert delivered.states == {"accepted": 4, "queued": 6}
    rest = [message(database, key) for key in ids if message(database, key).state == "queued"]
    assert {(row.next_try_at, row.lease_owner, row.sent_at) for row in rest} == {(None, None, None)}
    assert {attempt_rows(database, row.id)[0].outcome for row in rest} == {"not_made"}
    again = [row.id for row in rest]
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, again), again)
    assert (sorted(channel.sent), len(channel.attempts)) == (ids, 10)


def test_what_was_judged_too_long_ago_is_judged_again_before_its_call(
    database: Database, marks: CallMarks
) -> None:
    """A provider that became slow in the middle of a chunk, or a machine that slept."""
    ids = queued(database, 3)
    clock, judged = [0.0], []

    class Slow(FakeChannel):
        def send(self, outbound, *, now):
            clock[0] += FRESH_FOR + 1
            return super().send(outbound, now=now)

    def judge(connection, waiting, bodies, now):
        judged.extend(m.id for m in waiting)
        return allow_all(connection, waiting, bodies, now)

    channel = Slow(ChannelKind.EMAIL, repeat_is_safe=False)
    delivery = a_channel_delivery(
        database,
        channel,
        pace=a_pace(0.001, hands=1),
        marks=marks,
        judge=judge,
        monotonic=lambda: clock[0],
    )
    deliver_messages(delivery, hand_out(database, ids), ids)
    assert (len(channel.sent), states(database)) == (1, {"accepted": 1, "queued": 2})
    rest = [key for key in ids if key not in channel.sent]
    deliver_messages(delivery, hand_out(database, rest), rest)
    assert [judged.count(key) for key in rest] == [2, 2]


def test_a_call_that_cannot_be_marked_is_not_made(database: Database, marks: CallMarks, monkeypatch) -> None:
    ids = queued(database, 6)

    def full(*_):
        raise ValueError("mmap closed")

    monkeypatch.setattr(CallMarks, "set_state", full)
    delivery = a_channel_delivery(database, pace=a_pace(0.001), marks=marks)
    deliver_messages(delivery, hand_out(database, ids), ids)
    assert (delivery.channel.attempts, states(database)) == ([], {"queued": 6})
    assert {attempt_rows(database, key)[0].outcome for key in ids} == {"not_made"}


def test_every_call_is_marked_before_it_is_made(database: Database, tmp_path: Path) -> None:
    folder = MarkFiles(tmp_path, boot=lambda: "a-boot")
    file = folder.open("an-instance", "test")
    ids, seen = queued(database, 6), []

    class Looking(FakeChannel):
        def send(self, outbound, *, now):
            seen.append(_state_in(file, outbound.message_id))
            return super().send(outbound, now=now)

    channel = Looking(ChannelKind.EMAIL, repeat_is_safe=False)
    delivery = a_channel_delivery(database, channel, pace=a_pace(0.001), marks=file)
    deliver_messages(delivery, hand_out(database, ids), ids)
    assert seen == [Called.CALLED] * 6
    file.close()


def _state_in(file: CallMarks, key: str) -> Called:
    """What a reader of the same bytes would find."""
    from dispatcher.delivery import call_marks

    return call_marks._marks(bytes(file._map))[key, 1].called


class Overlapping(FakeChannel):
    """Every call of a chunk waits until the gate has been asked about the next one, `chunks` times in all."""

    def __init__(self, database: Database, chunks: int) -> None:
        super().__init__(ChannelKind.EMAIL, repeat_is_safe=False)
        self.judged = [threading.Event() for _ in range(chunks)]
        self.numbers = itertools.count()
        self.chunk_of: dict[str, int] = {}
        self.begun: list[int] = []
        self.database = database

    def judge(self, connection, waiting, bodies, now):
        number = next(self.numbers)
        self.chunk_of |= {m.id: number for m in waiting}
        if number:
            self.judged[number - 1].set()
        return allow_all(connection, waiting, bodies, now)

    def send(self, outbound, *, now):
        number = self.chunk_of[outbound.message_id]
        if number < len(self.judged) - 1:
            assert self.judged[number].wait(20)
        self.begun.append(states(self.database).get("sending", 0))
        return super().send(outbound, now=now)


def test_where_the_provider_is_slow_the_next_chunk_is_judged_while_this_one_is_called(
    database: Database, marks: CallMarks
) -> None:
    ids = queued(database, 12)
    channel = Overlapping(database, 3)
    delivery = a_channel_delivery(database, channel, pace=Unmoved(4), marks=marks, judge=channel.judge)
    deliver_messages(delivery, hand_out(database, ids), ids)
    assert (states(database), sorted(channel.sent)) == ({"accepted": 12}, ids)
    assert max(channel.begun) <= 8  # two chunks
    assert all(events(database, key) == ["attempting", "accepted"] for key in ids)


def test_the_next_batch_is_judged_while_the_last_calls_of_the_one_before_are_made(
    database: Database, marks: CallMarks
) -> None:
    ids = queued(database, 12)
    first, *others = [
        (hand_out(database, ids[start : start + 4], owner=f"batch {start}"), ids[start : start + 4])
        for start in (0, 4, 8)
    ]
    channel = Overlapping(database, 3)
    delivery = a_channel_delivery(database, channel, pace=Unmoved(4), marks=marks, judge=channel.judge)
    assert deliver_messages(delivery, *first, then=iter(others)).states == {"accepted": 12}
    assert (states(database), sorted(channel.sent)) == ({"accepted": 12}, ids)
    assert max(channel.begun) <= 8  # two chunks, of whatever batches


class Unmoved(CallPace):
    """Chunks of the hands, the next of which overlaps, whatever is measured."""

    overlaps = True

    def __init__(self, hands: int) -> None:
        super().__init__(hands=hands)

    def note(self, seconds: float, calls: int) -> None:
        """Nothing."""


def test_a_gate_that_fails_while_a_chunk_is_called_takes_back_its_own_chunk_alone(
    database: Database, marks: CallMarks
) -> None:
    ids = queued(database, 12)
    channel = Overlapping(database, 2)

    def judge(connection, waiting, bodies, now):
        verdicts = channel.judge(connection, waiting, bodies, now)
        if len(channel.chunk_of) == 8:
            raise RuntimeError("rule pack unreadable")
        return verdicts

    delivery = a_channel_delivery(database, channel, pace=Unmoved(4), marks=marks, judge=judge)
    with pytest.raises(RuntimeError, match="unreadable"):
        deliver_messages(delivery, hand_out(database, ids), ids)
    assert (states(database), len(channel.sent)) == ({"accepted": 4, "queued": 8}, 4)


def test_a_worker_that_was_paused_before_a_mark_no_longer_calls(database: Database, marks: CallMarks) -> None:
    """Else a sweeper that has read the call as not made would let it be made twice."""
    (key,) = queued(database)
    clock = [0.0]

    class Paused(CallPace):
        def note(self, seconds: float, calls: int) -> None:
            assert (seconds, calls) == (0, 0)

    plain = marks.set_state

    def paused_just_before(*place):
        clock[0] += FRESH_FOR + 1
        plain(*place)

    marks.set_state = paused_just_before
    delivery = a_channel_delivery(database, pace=Paused(hands=1), marks=marks, monotonic=lambda: clock[0])
    deliver_messages(delivery, hand_out(database, [key]), [key])
    assert (delivery.channel.attempts, message(database, key).state) == ([], "queued")
