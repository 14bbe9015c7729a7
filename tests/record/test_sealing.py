"""Sealing misses no entry, whoever writes and whatever dies meanwhile."""

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import text

from dispatcher.database.engine import open_database
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.record import seal_log as sealing
from dispatcher.record.seal_log import SealsLostError, seal_log
from dispatcher.record.storage import seals
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import KeyProblemError, SealingKeys
from dispatcher.record.verify.verify_log import verify_log
from tests.record.histories import NOW, Log

WRITERS, CHUNKS = 8, 10


def entry(name: str) -> LogEntry:
    return LogEntry(event="planned", at=NOW, actor=name)


def write(log: Log, *names: str) -> None:
    with log.database.writing() as connection:
        delivery_log.append(connection, [entry(name) for name in names])


def seal(log: Log, **options: bool):
    return seal_log(log.database, log.keys, log.journal, now=NOW, **options)


def findings(log: Log) -> list[str]:
    return [str(finding) for finding in verify_log(log.database, log.keys, log.journal).findings]


def sealed_names(log: Log) -> list[str]:
    with log.database.reading() as connection:
        rows = connection.scalars(
            text("SELECT entry FROM log_entries JOIN sealed_entries ON entry_id = id ORDER BY position")
        )
        return [json.loads(row)["actor"] for row in rows]


def write_much(url: str, writer: int) -> None:
    database = open_database(url)
    for chunk in range(CHUNKS):
        with database.writing() as connection:
            for part in range(3):  # several statements a transaction: ids of different writers interleave
                delivery_log.append(connection, [entry(f"{writer}-{chunk}-{part}-{n}") for n in range(3)])
    database.close()


def test_sealing_gives_positions_in_order_of_writing(log: Log) -> None:
    write(log, "a", "b")
    write(log, "c")
    report = seal(log)
    assert (report.entries, report.last_number, report.last_position) == (3, 1, 3)
    assert sealed_names(log) == ["a", "b", "c"]


def test_sealing_with_nothing_new_adds_no_seal(log: Log) -> None:
    write(log, "a")
    seal(log)
    assert (seal(log).seals, len(log.journal.lines())) == (0, 1)


def test_sealing_misses_nothing_while_eight_processes_write(log: Log, database_url: str) -> None:
    processes = get_context("forkserver")
    processes.set_forkserver_preload([__name__])  # what all of them import is imported once
    with ProcessPoolExecutor(WRITERS, mp_context=processes) as pool:
        writers = [pool.submit(write_much, database_url, number) for number in range(WRITERS)]
        while not all(writer.done() for writer in writers):
            seal(log)
        for writer in writers:
            writer.result()
    seal(log)
    names = sealed_names(log)
    assert len(names) == len(set(names)) == WRITERS * CHUNKS * 9
    for number in range(WRITERS):
        own = [name for name in names if name.startswith(f"{number}-")]
        assert own == sorted(own, key=lambda name: [int(part) for part in name.split("-")])
    assert findings(log) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_sealing_takes_a_late_commit_into_the_next_seal(log: Log) -> None:
    with log.database.writing() as late:
        delivery_log.append(late, [entry("late")])
        write(log, "early")
        assert seal(log).entries == 1
    assert seal(log).entries == 1
    assert sealed_names(log) == ["early", "late"]
    assert findings(log) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_sealing_waits_for_no_number_that_a_writer_took_and_gave_up(log: Log) -> None:
    def settled() -> int:
        with log.database.reading() as connection:
            [*_, last] = seals.seals_after(connection, 0)
            return last.body.settled_id

    with suppress(ZeroDivisionError), log.database.writing() as doomed:
        delivery_log.append(doomed, [entry("never")])
        write(log, "second")
        seal(log)
        assert settled() == 0  # number 1 may come yet
        raise ZeroDivisionError
    write(log, "third")
    seal(log)
    assert (sealed_names(log), settled()) == (["second", "third"], 3)
    assert findings(log) == []
    with (
        log.database.writing() as connection
    ):  # with the number that was given up: nothing can come there now
        columns = "at, event, person, entry, facet"
        connection.execute(
            text(f"INSERT INTO log_entries (id, {columns}) SELECT 1, {columns} FROM log_entries WHERE id = 2")
        )
    assert findings(log) == ["entry id 1: it was inserted behind the seals: no seal covers it"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_sealing_does_not_wait_for_writers_nor_hold_them_up(log: Log) -> None:
    with log.database.writing() as open_writer:
        delivery_log.append(open_writer, [entry("open")])
        seal(log)
        with log.database.writing() as sealer:
            sealer.execute(text("SELECT pg_advisory_xact_lock(24225)"))  # a sealer at work
            delivery_log.append(open_writer, [entry("still writing")])
            write(log, "another")
    seal(log)
    assert sorted(sealed_names(log)) == ["another", "open", "still writing"]


def test_sealing_cuts_great_batches_into_several_seals(
    sqlite_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "MOST", 7)
    write(sqlite_log, *map(str, range(20)))
    assert seal(sqlite_log).seals == 3
    assert sealed_names(sqlite_log) == [str(n) for n in range(20)]
    assert findings(sqlite_log) == []


@pytest.mark.parametrize("after", [1, 3])
def test_sealing_goes_on_after_the_sealer_was_killed(log: Log, database_url: str, after: int) -> None:
    write(log, *map(str, range(300)))
    script = (
        "import sys; from pathlib import Path; from tests.record.test_sealing import *\n"
        "sealing.MOST = 10; home = Path(sys.argv[2])\n"
        "seal_log(open_database(sys.argv[1]), SealingKeys(home / 'keys'), SealJournal(home / 'seals.jsonl'), now=NOW)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, database_url, str(log.home)], cwd=Path(__file__).parents[2]
    ) as child:
        while child.poll() is None and len(log.journal.lines()) < after:
            pass
        child.kill()  # SIGKILL
    seal(log)
    assert len(sealed_names(log)) == 300
    assert findings(log) == []


def test_sealing_mends_a_journal_that_a_crash_cut_short(sqlite_log: Log) -> None:
    write(sqlite_log, "a")
    seal(sqlite_log)
    whole = sqlite_log.journal.path.read_bytes()
    write(sqlite_log, "b")
    seal(sqlite_log)
    sqlite_log.journal.path.write_bytes(whole + b'{"hash":"ab')
    seal(sqlite_log)
    assert [line.number for line in sqlite_log.journal.lines()] == [1, 2]
    assert findings(sqlite_log) == []


def test_sealing_refuses_a_database_older_than_its_seals_until_told(sqlite_log: Log, tmp_path: Path) -> None:
    write(sqlite_log, "a")
    seal(sqlite_log)
    line = sqlite_log.journal.lines()[0]
    sqlite_log.journal.add([replace(line, number=2, hash="ab" * 32)])
    with pytest.raises(SealsLostError, match="seal 2"):
        seal(sqlite_log)
    seal(sqlite_log, after_restore=True)
    assert seal(sqlite_log).seals == 0
    assert findings(sqlite_log) == []
    assert sealed_names(sqlite_log) == ["a", "sealer"]


def test_sealing_refuses_another_key_and_never_makes_one_for_a_begun_chain(
    sqlite_log: Log, tmp_path: Path
) -> None:
    write(sqlite_log, "a")
    seal(sqlite_log)
    write(sqlite_log, "b")
    elsewhere = SealingKeys(tmp_path / "elsewhere")
    with pytest.raises(KeyProblemError, match=r"put the right signing\.key back"):
        seal_log(sqlite_log.database, elsewhere, SealJournal(tmp_path / "none"), now=NOW)
    assert not elsewhere.folder.exists()


def test_sealing_key_is_for_its_owner_alone(sqlite_log: Log) -> None:
    write(sqlite_log, "a")
    seal(sqlite_log)
    assert (sqlite_log.keys.folder / "signing.key").stat().st_mode & 0o777 == 0o600


def test_sealing_key_gets_its_public_half_back_when_a_crash_came_between_the_two(sqlite_log: Log) -> None:
    write(sqlite_log, "one")
    seal(sqlite_log)
    (public,) = sqlite_log.keys.folder.glob("*.pub")
    before = public.read_bytes()
    public.unlink()
    write(sqlite_log, "two")
    seal(sqlite_log)
    assert public.read_bytes() == before
    assert findings(sqlite_log) == []


def test_sealing_key_that_finds_no_room_on_the_disk_is_made_at_the_next_try(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    code = (
        "import resource, sys; from pathlib import Path; from dispatcher.record.storage.sealing_keys import SealingKeys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40, resource.RLIM_INFINITY))\n"
        "SealingKeys(Path(sys.argv[1])).signing(None)"
    )
    cut_off = subprocess.run(
        [sys.executable, "-c", code, str(keys)], capture_output=True, text=True, check=False
    )
    assert "OSError" in cut_off.stderr
    assert list(keys.iterdir()) == []
    assert SealingKeys(keys).signing(None).key_id in SealingKeys(keys).public_keys()
