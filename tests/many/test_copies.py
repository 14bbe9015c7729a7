"""A copy of the database sends nothing until a person has said what happened; a restart is no copy."""

import shutil
from pathlib import Path

import pytest

from tests.many.conftest import MakeHome
from tests.many.homes import NEXT_DAY, NEXT_NOON, NOW, Home

COUNT = 6


def a_day_with_a_backup_in_its_middle(home: Home, backup: Path) -> None:
    """Everything is planned and written, then the backup is made, then everything goes out."""
    home.take_in(COUNT)
    assert home.run("2026-11-16", NOW, "--no-wait").code in {0, 1}
    assert home("backup", "--out", backup).code == 0
    assert home("dispatch", "--now", NOW).code == 0
    assert home.sent_files() == COUNT


@pytest.fixture
def lost(make_home: MakeHome, tmp_path: Path) -> Home:
    """The machine that goes on after its backup was made."""
    home = make_home("lost")
    a_day_with_a_backup_in_its_middle(home, tmp_path / "backup" / "dispatcher.db")
    return home


@pytest.fixture
def restored(lost: Home, make_home: MakeHome, tmp_path: Path) -> Home:
    """Its backup on an empty machine, with its keys."""
    home = make_home("restored")
    home.restore_from(tmp_path / "backup" / "dispatcher.db", lost)
    return home


@pytest.mark.parametrize("verb", [("run",), ("dispatch",)])
def test_a_backup_on_an_empty_machine_sends_nothing(restored: Home, verb: tuple[str, ...]) -> None:
    done = restored(*verb, "--now", NOW)
    assert done.code == 2
    assert "backup of" in done.err
    assert "dispatcher adopt --why" in done.err
    assert restored.sent_files() == 0


def test_check_finds_the_copy(restored: Home) -> None:
    done = restored("check", "--json")
    assert done.code == 1
    (finding,) = [f for f in done.json if f["subject"] == "home"]
    assert finding["level"] == "wrong"


def test_after_adopting_nothing_that_may_have_gone_goes_again(restored: Home) -> None:
    assert restored("adopt", "--why", " ").code == 2
    adopted = restored("adopt", "--why", "the disk broke", "--now", NOW, "--json")
    assert (adopted.code, adopted.json) == (0, {"kind": "copy", "unknown": COUNT})
    assert restored.run().json["sent"] == 0
    assert restored("dispatch", "--now", NOW).code == 0
    assert restored("reconcile", "--now", NOW).code == 1  # a file that is not here says nothing
    assert restored.states() == {"unknown": COUNT}
    assert restored.sent_files() == 0
    assert restored("log", "verify").code == 0


def test_what_a_person_resolves_goes_its_way(restored: Home) -> None:
    restored("adopt", "--why", "the disk broke", "--now", NOW)
    ids = [message["id"] for message in restored("messages", "list", "--json").json]
    assert restored("messages", "resolve", *ids[:4], "--sent", "--why", "in the relay's log").code == 0
    assert (
        restored("messages", "resolve", *ids[4:], "--not-sent", "--why", "not there", "--now", NOW).code == 0
    )
    assert restored("dispatch", "--now", NOW).code == 0
    assert restored.states() == {"accepted": COUNT}
    assert restored.sent_files() == COUNT - 4


def test_steps_that_came_due_meanwhile_wait_for_a_person(make_home: MakeHome, tmp_path: Path) -> None:
    lost, restored = make_home("lost"), make_home("restored")
    lost.take_in(2)
    lost.run()
    lost("backup", "--out", tmp_path / "b" / "dispatcher.db")
    restored.restore_from(tmp_path / "b" / "dispatcher.db", lost)
    restored("adopt", "--why", "the disk broke", "--now", NEXT_NOON)
    restored.take_in(5, day=NEXT_DAY)  # three that the copy does not know, due since 10 November
    run = restored.run(NEXT_DAY, NEXT_NOON)
    assert (run.code, run.json["sent"], run.json["held"]) == (1, 0, 3)
    assert {reason["rule"] for reason in run.json["reasons"] if reason["word"] == "held"} == {"copy"}
    restored.take_in(1, first=6, day="2026-11-18", due="2026-11-17")
    later = restored.run("2026-11-18", "2026-11-18T18:00:00Z")
    assert later.json["sent"] == 1  # its day came after the adoption


def test_an_older_file_put_back_into_the_same_home_is_a_copy(make_home: MakeHome, tmp_path: Path) -> None:
    home = make_home()
    home.take_in(2)
    home.run("2026-11-16", NOW, "--no-wait")
    shutil.copy(home.folder / "dispatcher.db", tmp_path / "old.db")
    home("dispatch", "--now", NOW)
    shutil.copy(tmp_path / "old.db", home.folder / "dispatcher.db")
    for leftover in ("dispatcher.db-wal", "dispatcher.db-shm"):
        (home.folder / leftover).unlink(missing_ok=True)
    done = home("dispatch", "--now", NOW)
    assert done.code == 2
    assert "a copy from before" in done.err
    (home.folder / "newest-attempt.json").unlink()
    assert home("dispatch", "--now", NOW).code == 2  # who has noticed it once does not forget


def test_a_restart_in_the_same_home_is_no_copy(make_home: MakeHome) -> None:
    home = make_home()
    home.take_in(2)
    home.run("2026-11-16", NOW, "--no-wait")
    for _ in range(2):
        assert home("dispatch", "--now", NOW).code == 0
    assert home.states() == {"accepted": 2}
    assert home("adopt", "--why", "to be sure").code == 2  # nothing to adopt


def test_a_moved_home_is_no_copy(make_home: MakeHome, tmp_path: Path) -> None:
    home = make_home()
    home.take_in(2)
    home.run("2026-11-16", NOW, "--no-wait")
    home.folder.rename(tmp_path / "elsewhere")
    assert make_home("elsewhere")("dispatch", "--now", NOW).code == 0


def test_a_second_home_joins_by_adopting_and_takes_nothing_from_the_first(make_home: MakeHome) -> None:
    first = make_home("first")
    url = f"sqlite:///{first.folder / 'dispatcher.db'}"
    second = make_home("second", DISPATCHER_DATABASE_URL=url)
    first.take_in(3)
    first.run("2026-11-16", NOW, "--no-wait")
    refused = second("dispatch", "--now", NOW)
    assert refused.code == 2
    assert "further machine" in refused.err
    lacking = second("adopt", "--why", "a second machine")
    assert lacking.code == 2
    assert "optout.key is missing" in lacking.err
    shutil.copytree(first.folder / "keys", second.folder / "keys", dirs_exist_ok=True)
    adopted = second("adopt", "--why", "a second machine", "--json")
    assert (adopted.code, adopted.json["kind"], adopted.json["unknown"]) == (0, "home", 0)
    assert second("dispatch", "--now", NOW).code == 0
    assert first("dispatch", "--now", NOW).code == 0
    assert (second.sent_files(), first.sent_files()) == (3, 0)
