"""The kill switch waits for nobody: in force while a writer holds the database, in the log once it is free."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from dispatcher.database.engine import Database, DatabaseBusyError
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.stop_delivery import (
    resume_delivery,
    stop_delivery,
    stops_in_force,
    take_in_urgent_stops,
)
from dispatcher.delivery.stop_watch import StopWatch
from dispatcher.delivery.storage import urgent_stops
from tests.delivery.builders import NOW, a_channel_delivery, hand_out, message, queued
from tests.many.conftest import MakeHome

ALL, EMAIL = Stop(scope="all"), Stop(scope="channel", name="email")


@contextmanager
def somebody_writes(file: Path) -> Iterator[None]:
    """A writer of another process that does not let go."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def file_of(database: Database) -> Path:
    return Path(str(database.writer.url.database))


def log_of(database: Database, event: str) -> list[tuple[str, str]]:
    import json

    from sqlalchemy import select

    from dispatcher.database.tables.log import log_entries as log

    with database.reading() as connection:
        entries = connection.scalars(select(log.c.entry).where(log.c.event == event).order_by(log.c.id))
        return [(entry["actor"], entry["details"]["why"]) for entry in map(json.loads, entries)]


def test_a_stop_is_in_force_while_another_writes_and_in_the_log_afterwards(sqlite_database: Database) -> None:
    database = sqlite_database
    with somebody_writes(file_of(database)):
        assert stop_delivery(database, ALL, why="wrong text", by="cli:ines", now=NOW)
        assert not stop_delivery(database, ALL, why="again", by="cli:max", now=NOW)
        assert [row.stop for row in stops_in_force(database)] == [ALL]
        assert log_of(database, "stopped") == []

    take_in_urgent_stops(database)
    take_in_urgent_stops(database)

    assert log_of(database, "stopped") == [("cli:ines", "wrong text")]
    (row,) = stops_in_force(database)
    assert (row.id > 0, row.stopped_by, row.stopped_at) == (True, "cli:ines", NOW)
    assert list(Path(f"{file_of(database)}-stops").iterdir()) == []


def test_a_stop_without_anybody_in_the_way_stands_in_the_log_at_once(database: Database) -> None:
    assert stop_delivery(database, EMAIL, why="x", by="cli:ines", now=NOW)
    assert not stop_delivery(database, EMAIL, why="x", by="cli:ines", now=NOW)

    assert log_of(database, "stopped") == [("cli:ines", "x")]
    assert [row.id > 0 for row in stops_in_force(database)] == [True]


def test_whoever_resumes_knows_of_the_stop_that_nobody_has_written_down(sqlite_database: Database) -> None:
    with somebody_writes(file_of(sqlite_database)):
        stop_delivery(sqlite_database, EMAIL, why="x", by="cli:ines", now=NOW)

    resume_delivery(sqlite_database, EMAIL, why="y", by="cli:max", now=NOW)

    assert stops_in_force(sqlite_database) == []
    assert (log_of(sqlite_database, "stopped"), log_of(sqlite_database, "resumed")) == (
        [("cli:ines", "x")],
        [("cli:max", "y")],
    )
    take_in_urgent_stops(sqlite_database)
    assert stops_in_force(sqlite_database) == []


def test_killed_between_the_log_and_the_file_it_is_still_stopped_and_told_once(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dispatcher.delivery.storage import urgent_stops

    with monkeypatch.context() as patch:
        patch.setattr(urgent_stops, "forget", lambda _stops: None)
        stop_delivery(sqlite_database, ALL, why="x", by="cli:ines", now=NOW)
    assert [row.stop for row in stops_in_force(sqlite_database)] == [ALL]

    take_in_urgent_stops(sqlite_database)

    assert log_of(sqlite_database, "stopped") == [("cli:ines", "x")]


def test_a_file_that_cannot_be_read_stops_everything(sqlite_database: Database) -> None:
    folder = Path(f"{file_of(sqlite_database)}-stops")
    folder.mkdir()
    (folder / "torn.stop.json").write_text("{")

    assert [row.stop for row in stops_in_force(sqlite_database)] == [ALL]


def test_what_was_begun_and_not_called_stays_here(database: Database) -> None:
    ids = queued(database, 3)
    owner = hand_out(database, ids)
    watched = StopWatch(database)

    def stop_before_the_first_call(message_: object) -> Stop | None:
        stop_delivery(database, EMAIL, why="wrong text", by="cli:ines", now=NOW)
        return watched.stop_of(message_)

    delivery = a_channel_delivery(database, stop_of=stop_before_the_first_call)
    deliver_messages(delivery, owner, ids)

    assert {message(database, key).state for key in ids} == {"queued"}
    assert delivery.channel.sent == {}


def test_a_stop_that_is_taken_in_while_somebody_looks_is_seen(sqlite_database: Database) -> None:
    """Neither between the rows, read before it came, and the files, read after it had gone."""
    database = sqlite_database
    urgent_stops.put(
        urgent_stops.folder_beside(database.writer.url), EMAIL, why="wrong text", by="ines", at=NOW
    )

    looked = []

    def take_in(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM stops" in statement and not looked:
            looked.append(statement)
            take_in_urgent_stops(database)

    event.listen(database.reader, "after_cursor_execute", take_in)
    assert [row.stop for row in stops_in_force(database)] == [EMAIL]
    assert [row.id for row in stops_in_force(database)] == [1]  # and by now it is a row


def test_when_it_cannot_be_seen_what_is_stopped_nothing_is_called(database: Database) -> None:
    def away(_message: object) -> Stop | None:
        raise ConnectionError

    ids = queued(database, 2)
    owner = hand_out(database, ids)
    delivery = a_channel_delivery(database, stop_of=away)
    deliver_messages(delivery, owner, ids)

    assert {message(database, key).state for key in ids} == {"queued"}


def test_a_watch_looks_again_after_half_a_second(database: Database) -> None:
    (key,) = queued(database, 1)
    times = iter([0.0, 0.0, 0.4, 0.6, 0.6])
    watch = StopWatch(database, monotonic=lambda: next(times))
    with database.reading() as connection:
        from dispatcher.messages.storage import outbox

        (one,) = outbox.read(connection, [key])
    assert watch.stop_of(one) is None
    stop_delivery(database, ALL, why="x", by="cli", now=NOW)
    assert watch.stop_of(one) is None
    assert watch.stop_of(one) == ALL


def test_a_writer_that_must_not_wait_says_so_and_leaves_the_connection_as_it_was(
    sqlite_database: Database,
) -> None:
    with (
        somebody_writes(file_of(sqlite_database)),
        pytest.raises(DatabaseBusyError),
        sqlite_database.writing(patience=0.05),
    ):
        raise AssertionError("somebody else writes")
    with sqlite_database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_the_command_returns_while_another_process_writes(make_home: MakeHome) -> None:
    home = make_home()
    home.take_in(2)
    with somebody_writes(home.folder / "dispatcher.db"):
        done = home("stop", "--all", "--why", "wrong text")
        listed = home("resume", "--json")

        assert (done.code, "stopped: all" in done.out) == (0, True), done.err
        assert [row["why"] for row in listed.json] == ["wrong text"]

    assert home.run().json["sent"] == 0
    assert home("log", "search", "--event", "stopped", "--json").json
    assert home("log", "verify").code == 0
