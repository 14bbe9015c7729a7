"""The marks of calls: believed of a dead process on this start of this machine alone, and never as more than they say."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.outcome import Accepted, Rejected, Scope, TryLater, Unknown
from dispatcher.delivery.call_marks import SECTIONS, SLOTS, Called, MarkFiles
from dispatcher.delivery.domain.attempt import Ended, NotMade
from dispatcher.delivery.domain.call_pace import LASTS, MOST, CallPace
from dispatcher.delivery.domain.written_end import read_end, write_end
from dispatcher.messages.domain.message import Message
from tests.delivery.builders import NOW, a_message

WORKER, INSTANCE = "host.1:77:1234", "an-instance"


def files(folder: Path, boot: str = "a-boot") -> MarkFiles:
    return MarkFiles(folder, boot=lambda: boot)


def attempt(number: int) -> Message:
    """As it was claimed, its first attempt about to begin."""
    return a_message(id=f"0193-{number:012d}")


def accepted(message: Message) -> Ended:
    return Ended(message=message, end=Accepted(provider_id="his", note="queued"), at=NOW)


def left_by_a_dead_process(folder: Path) -> dict[str, Message]:
    """Three attempts, of which one was not called, one was being called, one had ended."""
    marks = files(folder).open(INSTANCE, WORKER)
    assert marks is not None
    messages = {name: attempt(i) for i, name in enumerate(("waiting", "called", "ended"))}
    listed = marks.list_calls(list(messages.values()))
    assert listed is not None
    listed.call(messages["called"])
    listed.call(messages["ended"])
    listed.end(accepted(messages["ended"]))
    marks.close()  # with something open the file stays, as it does when the process is killed
    return messages


def test_a_dead_process_tells_what_it_had_not_called_and_what_had_ended(tmp_path: Path) -> None:
    messages = left_by_a_dead_process(tmp_path)
    found = files(tmp_path).read(WORKER, INSTANCE)
    told = {name: found[message.id, 1] for name, message in messages.items()}
    assert {name: mark.called for name, mark in told.items()} == {
        "waiting": Called.NOT_YET,
        "called": Called.CALLED,
        "ended": Called.ENDED,
    }
    assert (told["ended"].end, told["ended"].ended_at) == (Accepted(provider_id="his", note="queued"), NOW)
    assert {mark.end for name, mark in told.items() if name != "ended"} == {None}


@pytest.mark.parametrize(
    ("boot", "instance", "worker"),
    [
        ("another", INSTANCE, WORKER),
        ("", INSTANCE, WORKER),
        ("a-boot", "another", WORKER),
        ("a-boot", "", WORKER),
        ("a-boot", INSTANCE, "host.1:77:9999"),
    ],
)
def test_marks_of_another_start_database_or_process_say_nothing(
    tmp_path: Path, boot: str, instance: str, worker: str
) -> None:
    left_by_a_dead_process(tmp_path)
    (file,) = tmp_path.iterdir()
    file.rename(file.with_name(f"{worker.replace(':', '-')}.marks"))
    assert files(tmp_path, boot).read(worker, instance) == {}


def test_a_process_that_lives_is_not_spoken_for(tmp_path: Path) -> None:
    """It may be about to call what it has not called yet."""
    marks = files(tmp_path).open(INSTANCE, WORKER)
    assert marks is not None
    marks.list_calls([attempt(1)])
    assert files(tmp_path).read(WORKER, INSTANCE) == {}
    assert files(tmp_path).left_behind() == []
    marks.close()
    assert list(files(tmp_path).read(WORKER, INSTANCE)) == [(attempt(1).id, 1)]
    assert files(tmp_path).left_behind() == [WORKER]


@given(data=st.data())
def test_no_byte_that_falls_over_makes_a_call_unmade(tmp_path_factory, data) -> None:
    folder = tmp_path_factory.mktemp("marks")
    messages = left_by_a_dead_process(folder)
    (file,) = folder.iterdir()
    content = bytearray(file.read_bytes())
    used = [i for i, byte in enumerate(content) if byte and i >= 4096]
    place = data.draw(st.sampled_from(used))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(bytes(content))
    found = files(folder).read(WORKER, INSTANCE)
    keys = {name: (message.id, 1) for name, message in messages.items()}
    assert set(found) <= set(keys.values())
    for name in ("called", "ended"):
        mark = found.get(keys[name])
        assert mark is None or mark.called is not Called.NOT_YET
        assert mark is None or mark.end in {None, Accepted(provider_id="his", note="queued")}


def test_a_file_that_was_cut_off_says_nothing(tmp_path: Path) -> None:
    left_by_a_dead_process(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert files(tmp_path).read(WORKER, INSTANCE) == {}


def test_an_attempt_that_is_listed_twice_is_in_doubt(tmp_path: Path) -> None:
    marks = files(tmp_path).open(INSTANCE, WORKER)
    assert marks is not None
    for _ in range(2):
        marks.list_calls([attempt(1)])
    marks.close()
    assert files(tmp_path).read(WORKER, INSTANCE)[attempt(1).id, 1].called is Called.CALLED


def test_an_end_that_finds_no_room_stays_in_doubt(tmp_path: Path) -> None:
    marks = files(tmp_path).open(INSTANCE, WORKER)
    assert marks is not None
    listed = marks.list_calls([attempt(1)])
    assert listed is not None
    listed.call(attempt(1))
    listed.end(Ended(message=attempt(1), end=Unknown(why="long " * 300), at=NOW))
    marks.close()
    assert files(tmp_path).read(WORKER, INSTANCE)[attempt(1).id, 1].called is Called.CALLED


def test_what_the_database_knows_leaves_the_file_and_a_settled_file_goes(tmp_path: Path) -> None:
    marks = files(tmp_path).open(INSTANCE, WORKER)
    assert marks is not None
    listed = marks.list_calls([attempt(1)])
    assert listed is not None
    listed.end(accepted(attempt(1)))
    (file,) = tmp_path.iterdir()
    assert (file.stat().st_mode & 0o777, b"queued" in file.read_bytes()) == (0o600, True)
    listed.forget()
    assert b"queued" not in file.read_bytes()
    marks.close()
    assert list(tmp_path.iterdir()) == []


def test_no_more_chunks_are_listed_than_there_is_room_for(tmp_path: Path) -> None:
    marks = files(tmp_path).open(INSTANCE, WORKER)
    assert marks is not None
    assert marks.list_calls([attempt(i) for i in range(SLOTS + 1)]) is None
    listed = [marks.list_calls([attempt(i)]) for i in range(SECTIONS)]
    assert None not in listed
    assert (marks.has_room, marks.list_calls([attempt(99)])) == (False, None)
    assert listed[0] is not None
    listed[0].forget()
    assert marks.has_room
    marks.close()


def test_without_the_start_of_the_machine_or_a_place_there_are_no_marks(tmp_path: Path) -> None:
    assert files(tmp_path, boot="").open(INSTANCE, WORKER) is None
    (tmp_path / "a-file").write_text("")
    assert files(tmp_path / "a-file").open(INSTANCE, WORKER) is None


ENDS = st.one_of(
    st.builds(Accepted, provider_id=st.text(), note=st.text()),
    st.builds(
        Rejected, reason=st.text(), scope=st.sampled_from(Scope), code=st.text(), opted_out=st.booleans()
    ),
    st.builds(
        TryLater,
        reason=st.text(),
        after=st.none() | st.integers(0, 10**6).map(lambda s: timedelta(seconds=s)),
        code=st.text(),
        provider_failed=st.booleans(),
    ),
    st.builds(Unknown, why=st.text(), code=st.text()),
    st.builds(NotMade, why=st.text(), at_once=st.booleans()),
)


@given(end=ENDS)
def test_an_end_is_read_as_it_was_written(end) -> None:
    assert read_end(write_end(end, NOW)) == (end, NOW)


@pytest.mark.parametrize(
    "written",
    [b"", b"[]", b'["Sent",{},"2026-03-04T15:00:00"]', b'["Accepted",{"to":1},"2026-03-04"]', b"{}"],
)
def test_bytes_that_tell_of_no_end_are_refused(written: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its words depend on where the bytes stop making sense
        read_end(written)


@given(hands=st.integers(1, 256), seconds=st.none() | st.floats(0, 60), marked=st.booleans())
def test_a_chunk_lasts_a_quarter_of_a_second_and_grows_beyond_the_hands_only_with_marks(
    hands: int, seconds: float | None, marked: bool
) -> None:
    pace = CallPace(hands=hands, may_begin_more=marked, seconds=seconds)
    assert hands <= pace.chunk <= max(hands, MOST)
    assert 1 <= pace.hands_for(pace.chunk) <= hands
    if not marked or seconds is None:
        assert (pace.chunk, pace.overlaps) == (hands, False)
    elif pace.chunk > hands:
        assert pace.chunk * seconds / hands <= LASTS


def test_a_quick_provider_is_called_by_few_hands_and_a_slow_one_by_all() -> None:
    quick = CallPace(hands=32, may_begin_more=True, seconds=0.0003)
    slow = CallPace(hands=32, may_begin_more=True, seconds=0.1)
    assert (quick.chunk, quick.hands_for(quick.chunk), quick.overlaps) == (128, 2, False)
    assert (slow.chunk, slow.hands_for(slow.chunk), slow.overlaps) == (64, 32, True)


def test_the_pace_follows_what_is_measured() -> None:
    pace = CallPace(hands=4, may_begin_more=True)
    pace.note(0.0, 0)
    assert pace.seconds is None
    pace.note(0.8, 8)
    assert pace.seconds == pytest.approx(0.1)
    pace.note(2.4, 8)
    assert pace.seconds == pytest.approx(0.2)
