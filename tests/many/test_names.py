"""Two of a kind in one second never share a file: names carry an id, and nothing is written over."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.durable_file import move_aside, whole_file
from channels.kind import ChannelKind
from dispatcher.runs.notify_day import Notice, NoticePorts, tell
from tests.doubles.fake_channel import FakeChannel
from tests.many.conftest import MakeHome

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def test_two_notices_in_one_second_are_two_mails(sqlite_database) -> None:
    channel = FakeChannel(ChannelKind.EMAIL)
    ports = NoticePorts(
        database=sqlite_database, request=lambda *_: 200, email=channel, email_to="desk@acme.example"
    )
    for subject in ("NO REMINDER RUN", "Reminders"):
        tell(ports, Notice(subject=subject, text="x"), now=NOW)
    assert len({message.message_id for message in channel.attempts}) == 2


def test_files_of_one_name_are_put_aside_beside_each_other(tmp_path: Path) -> None:
    for folder, text in (("a", "one"), ("b", "two"), ("c", "three")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ledger.csv").write_text(text)
        move_aside(tmp_path / folder / "ledger.csv", tmp_path / "done")
    assert {path.name: path.read_text() for path in (tmp_path / "done").iterdir()} == {
        "ledger.csv": "one",
        "ledger.2.csv": "two",
        "ledger.3.csv": "three",
    }


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "evidence-1.zip"
    path.write_bytes(b"first")
    with pytest.raises(FileExistsError), whole_file(path, is_new=True) as file:
        file.write(b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_backup_never_takes_the_place_of_another(make_home: MakeHome, tmp_path: Path) -> None:
    home = make_home()
    home.take_in(1)
    target = tmp_path / "b" / "dispatcher.db"
    assert home("backup", "--out", target).code == 0
    first = target.read_bytes()
    again = home("backup", "--out", target)
    assert (again.code, "is there already" in again.err) == (2, True)
    assert target.read_bytes() == first
