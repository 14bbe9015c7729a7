"""Homes that earlier programs filled, gone on with: what was sent stays sent, and the record still holds.

`homes/NNNN.tar.gz` holds the rows and the keys of such a home at revision NNNN: three debts of three people, one debt
owed by two of them, the run of 16 November 2026, which sent four first reminders, and that of the day after, which
had nothing to send.
"""

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from dispatcher.database import migrate
from dispatcher.database.engine import open_database
from tests.command import dispatcher

HOMES = Path(__file__).parent / "homes"
REVISIONS = sorted(path.name[:4] for path in HOMES.glob("*.tar.gz"))
DAY, LATER = "2026-11-17", "2026-11-30"


@pytest.fixture(params=REVISIONS)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Such a home, not yet upgraded."""
    database = open_database(f"sqlite:///{tmp_path / 'dispatcher.db'}")
    migrate.upgrade(database, request.param)
    database.close()
    with tarfile.open(HOMES / f"{request.param}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    with closing(sqlite3.connect(tmp_path / "dispatcher.db")) as connection:
        connection.executescript((tmp_path / "rows.sql").read_text())
    return tmp_path


def test_a_day_that_was_run_before_the_upgrade_is_not_run_again(home: Path) -> None:
    done = dispatcher("run", "--as-of", DAY, "--now", f"{DAY}T20:00:00Z", "--json", home=home)
    assert (done.returncode, json.loads(done.stdout)["sent"]) == (0, 0), done.stderr


def test_the_ladder_goes_on_where_it_stood(home: Path) -> None:
    done = dispatcher("run", "--as-of", LATER, "--now", f"{LATER}T18:00:00Z", "--json", home=home)
    assert done.returncode == 0, done.stderr
    messages = json.loads(dispatcher("messages", "list", "--json", home=home).stdout)
    steps = {(m["debtor"], m["step"]) for m in messages if m["as_of"] == LATER}
    assert steps == {(f"acme/D-{n}", "second-reminder") for n in (1, 2, 3)}


def test_everyone_who_was_written_to_is_explained(home: Path) -> None:
    for debtor in ("acme/D-1", "acme/D-2", "acme/D-3"):
        done = dispatcher("explain", debtor, "--as-of", DAY, "--now", f"{DAY}T20:00:00Z", home=home)
        assert (done.returncode, "first-reminder" in done.stdout) == (0, True), done.stderr


def test_the_record_still_verifies(home: Path) -> None:
    done = dispatcher("log", "verify", home=home)
    assert done.returncode == 0, done.stdout + done.stderr
