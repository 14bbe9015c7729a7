"""A restore is practised on the newest backup: it passes, or says what one would have found on the worst day."""

import os
import sqlite3
import subprocess
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.cli.drill import FINDING
from dispatcher.database.backup import BackupProblemError
from dispatcher.record.backup_database import backup_database
from dispatcher.record.drill_restore import Drilled, drill_restore, newest_backup
from dispatcher.record.storage import drill_counts
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.runs.notify_day import day_notice
from dispatcher.settings import load_settings
from dispatcher.worker.daily_run import run_today
from dispatcher.worker.jobs import RestoreDrillError, jobs_of
from tests.command import dispatcher as command
from tests.made_once import made_once
from tests.servers import postgresql_program
from tests.web.house import AS_OF, NOW, build_home, copy_home, import_sample, open_home


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "finished_home", build_home)


@pytest.fixture
def house(finished: Path, tmp_path: Path):
    program = open_home(copy_home(finished, tmp_path / "home"), backup_folder=tmp_path / "backups")
    yield program
    program.close()


def back_up(house: Dispatcher, name: str = "monday") -> Path:
    house.seal()
    target = house.settings.backup_folder / name / "dispatcher.db"
    journal = SealJournal(house.home / "seals.jsonl")
    backup_database(house.database, SealingKeys(house.keys), journal, target, now=house.real_now())
    return target


def drill(house: Dispatcher, later: timedelta = timedelta(0)) -> Drilled:
    folder, scratch = house.settings.backup_folder, house.home / "drill"
    now = house.real_now() + later
    return drill_restore(house.database, house.keys, folder, scratch, now=now, actor="test")


def kept(house: Dispatcher) -> dict:
    with house.database.reading() as connection:
        return drill_counts.newest_drill(connection)["details"]


def test_the_newest_backup_is_restored_verified_counted_and_thrown_away(house: Dispatcher) -> None:
    older, newer = back_up(house), back_up(house, "tuesday")
    os.utime(older, (1, 1))
    with house.database.reading() as connection:
        before = drill_counts.counts(connection)

    drilled = drill(house)

    assert (drilled.file, drilled.findings) == (newer, ())
    assert drilled.entries > 0
    assert drilled.counts["messages"] == before["messages"] > 0
    assert list((house.home / "drill").iterdir()) == []
    assert (kept(house)["passed"], kept(house)["file"]) == (True, "dispatcher.db")
    notice = day_notice(house.database, house.now().date(), now=house.now())
    assert "Newest restore drill: dispatcher.db of " in notice.text
    assert "restored and verified" in notice.text


def test_a_desk_that_never_practised_is_told_so(house: Dispatcher) -> None:
    notice = day_notice(house.database, house.now().date(), now=house.now())
    assert "Newest restore drill: none" in notice.text
    assert notice.values["restore_drill"] is None


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20_000])


def an_entry_changed(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE log_entries SET entry = replace(entry, 'acme', 'akme') WHERE id = 3")
        connection.commit()


def emptied(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM debt_parties")
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM debtors")
        connection.commit()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (cut_short, "damaged"),
        (an_entry_changed, "entry at position"),
        (emptied, "points at no row of debtors"),
    ],
)
def test_a_copy_that_would_not_serve_is_found_out(house: Dispatcher, spoil, says: str) -> None:
    spoil(back_up(house))

    drilled = drill(house)

    assert not drilled.passed
    assert says in "; ".join(drilled.findings)
    assert kept(house)["passed"] is False
    notice = day_notice(house.database, house.now().date(), now=house.now())
    assert "WOULD NOT SERVE" in notice.text


def test_another_desks_copy_and_an_old_one_are_findings(house: Dispatcher, tmp_path: Path) -> None:
    stranger_home = tmp_path / "stranger"
    build_home(stranger_home)
    stranger = open_home(stranger_home, backup_folder=house.settings.backup_folder)
    back_up(stranger, "stranger")
    stranger.close()
    house.seal()

    assert any("another desk's" in finding for finding in drill(house).findings)
    back_up(house, "ours")
    assert "would be lost" in "; ".join(drill(house, later=timedelta(days=3)).findings)


def test_the_schedules_job_fails_where_the_drill_does_and_says_where_no_folder_is_set(
    house: Dispatcher, finished: Path, tmp_path: Path
) -> None:
    cut_short(back_up(house))
    with pytest.raises(RestoreDrillError, match="damaged"):
        jobs_of(house, None)["drill"](house.now())
    without = open_home(copy_home(finished, tmp_path / "without"))
    assert "DISPATCHER_BACKUP_FOLDER" in jobs_of(without, None)["drill"](without.now())
    without.close()


@pytest.fixture
def on_postgresql(postgres_url: str, tmp_path: Path):
    """A day's run on PostgreSQL, and a dump of it."""
    backups = tmp_path / "backups"
    settings = load_settings(home=tmp_path / "home", database_url=postgres_url, backup_folder=backups)
    program = open_dispatcher(settings, now=NOW)
    import_sample(program)
    run_today(program, AS_OF, actor="test")
    program.seal()
    backups.mkdir()
    dump = [postgresql_program("pg_dump"), "--format=custom", "--file", backups / "a.dump", postgres_url]
    subprocess.run(dump, check=True, capture_output=True)
    yield program
    program.close()


def test_a_dump_is_restored_into_a_database_of_its_own_and_dropped(
    on_postgresql: Dispatcher, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = on_postgresql
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupProblemError, match="pg_restore is not here"):
        drill(house)
    monkeypatch.setenv("PATH", str(postgresql_program("pg_restore").parent))

    drilled = drill(house)

    assert (drilled.file.name, drilled.findings) == ("a.dump", ())
    assert drilled.counts["messages"] > 0
    assert drilled.entries > 0
    drilled.file.write_bytes(drilled.file.read_bytes()[:3_000])
    assert any("pg_restore" in finding for finding in drill(house).findings)
    with psycopg.connect(postgres_url) as connection:
        left = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'dispatcher_drill%'"
        ).fetchall()
    assert left == []


def test_without_a_backup_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BackupProblemError, match=r"dispatcher backup --out"):
        newest_backup(tmp_path)


def test_the_command_says_what_it_found(house: Dispatcher, tmp_path: Path) -> None:
    file = back_up(house)
    done = command("drill", "--folder", house.settings.backup_folder, home=house.home)
    assert (done.returncode, "restored and verified" in done.stdout) == (0, True), done.stdout + done.stderr
    cut_short(file)
    done = command("drill", "--folder", house.settings.backup_folder, "--json", home=house.home)
    assert (done.returncode, '"passed": false' in done.stdout) == (FINDING, True), done.stdout + done.stderr
    assert command("drill", home=house.home).returncode == 2
