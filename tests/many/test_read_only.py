"""A copy that may only be read can be looked at and verified, and nothing is written beside it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.many.conftest import MakeHome
from tests.many.homes import Home

NOBODY = 65_534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere: become somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def medium() -> Iterator[Path]:
    """A folder that everybody can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(folder)


def seal_off(folder: Path, *, files: int, folders: int) -> None:
    for path in folder.rglob("*"):
        path.chmod(folders if path.is_dir() else files)
    folder.chmod(folders)


def a_day(make_home: MakeHome, medium: Path) -> Home:
    """A home after a run, on the medium; each command was called once: what it imports may be out of reach later."""
    home = make_home()
    home.folder = medium / "home"
    home.take_in(3)
    assert home.run().code == 0
    assert home("log", "seal").code == 0
    for words in (
        ("log", "verify"),
        ("messages", "list"),
        ("portfolio", "status"),
        ("stop", "--all", "--why", "x"),
    ):
        home(*words)
    home("resume", "--all", "--why", "y")
    home("log", "seal")
    return home


@pytest.mark.parametrize(("files", "folders"), [(0o444, 0o555), (0o444, 0o777), (0o666, 0o555)])
def test_a_copy_is_verified_and_listed_where_nothing_may_be_written(
    make_home: MakeHome, medium: Path, files: int, folders: int
) -> None:
    home = a_day(make_home, medium)
    before = {path: path.read_bytes() for path in medium.rglob("*") if path.is_file()}
    seal_off(medium, files=files, folders=folders)

    with as_nobody():
        verified, listed = home("log", "verify"), home("messages", "list", "--json")

    assert (verified.code, "all is as it was sealed" in verified.out) == (0, True), (
        verified.err + verified.out
    )
    assert len(listed.json) == 3
    assert {
        path: path.read_bytes()
        for path in medium.rglob("*")
        if path.is_file() and path.name in {"dispatcher.db", "seals.jsonl"}
    } == {path: content for path, content in before.items() if path.name in {"dispatcher.db", "seals.jsonl"}}


def test_what_would_write_says_that_it_may_not(make_home: MakeHome, medium: Path) -> None:
    home = a_day(make_home, medium)
    seal_off(medium, files=0o444, folders=0o555)

    with as_nobody():
        sealed = home("log", "seal")
        run = home.run("2026-11-17", "2026-11-17T18:00:00Z")

    for done in (sealed, run):
        assert (done.code, "may only be read" in done.err or "Permission denied" in done.err) == (2, True), (
            done.err
        )
        assert "Traceback" not in done.err


def test_a_copy_taken_in_the_middle_is_refused_and_not_half_read(make_home: MakeHome, medium: Path) -> None:
    home = a_day(make_home, medium)
    (home.folder / "dispatcher.db-wal").write_bytes(b"x" * 4096)
    (home.folder / "dispatcher.db-shm").unlink(missing_ok=True)
    seal_off(medium, files=0o444, folders=0o555)

    with as_nobody():
        verified = home("log", "verify")

    assert verified.code == 2
    assert "copied while the program was at work" in verified.err


def test_an_older_copy_says_what_to_do(make_home: MakeHome, medium: Path) -> None:
    import sqlite3

    home = a_day(make_home, medium)
    with sqlite3.connect(home.folder / "dispatcher.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0005'")
    connection.close()
    seal_off(medium, files=0o444, folders=0o555)

    with as_nobody():
        listed = home("messages", "list")

    assert (listed.code, "dispatcher db upgrade" in listed.err) == (2, True), listed.err
