"""What is kept of people is for its own user alone, whatever the shell's umask says."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.many.conftest import MakeHome


@pytest.fixture(autouse=True)
def lax(umask: None) -> Iterator[None]:
    """The umask that most shells have."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_paths(folder: Path) -> list[str]:
    return [
        f"{path.relative_to(folder)} {stat.S_IMODE(path.stat().st_mode):o}"
        for path in sorted(folder.rglob("*"))
        if path.stat().st_mode & 0o077
    ]


def test_everything_a_day_writes_is_closed_to_others(make_home: MakeHome, tmp_path: Path) -> None:
    home = make_home()
    home.folder.mkdir(mode=0o700)
    rejected = (
        "creditor,debt_reference,debtor_reference,balance,currency,due_date\nacme,R9,D9,ten,USD,2026-11-10\n"
    )
    (tmp_path / "broken.csv").write_text(rejected)
    home("portfolio", "import", tmp_path / "broken.csv", "--as-of", "2026-11-16")
    home("portfolio", "sample", "--out", tmp_path / "sample.csv")
    home.take_in(2)
    home.run()
    home("log", "export", "--out", home.folder / "exports" / "all.jsonl")
    home("backup", "--out", home.folder / "backups" / "dispatcher.db")
    (home.folder / "ledger.csv").chmod(0o600)  # it came from the test
    assert home.sent_files() == 2
    assert open_paths(home.folder) == []


def test_check_finds_what_others_may_read(make_home: MakeHome) -> None:
    home = make_home()
    home.folder.mkdir(mode=0o755)
    home.take_in(1)
    home.run()

    def level() -> str:
        return {f["subject"]: f["level"] for f in home("check", "--json").json}["privacy"]

    assert level() == "ok"
    (home.folder / "outbox").chmod(0o755)
    (next((home.folder / "outbox").glob("*.eml"))).chmod(0o644)
    assert level() == "wrong"
    (home.folder / "outbox").chmod(0o700)
    assert level() == "ok"
    (home.folder / "dispatcher.db").chmod(0o644)
    assert level() == "wrong"


def test_old_exports_go_away_and_fresh_ones_stay(make_home: MakeHome) -> None:
    home = make_home()
    home.take_in(1)
    folder = home.folder / "exports"
    folder.mkdir()
    for name, age in (("old.zip", 40 * 86_400), ("fresh.zip", 86_400)):
        (folder / name).write_bytes(b"x")
        then = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (then, then))
    listed = home("retention", "--json")
    assert [Path(name).name for name in listed.json["exports"]] == ["old.zip"]
    assert len(list(folder.iterdir())) == 2
    assert home("retention", "--apply").code == 0
    assert [path.name for path in folder.iterdir()] == ["fresh.zip"]
