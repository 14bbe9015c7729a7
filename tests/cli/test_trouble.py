"""What an operator reads at night when what the program stands on does not work: a sentence, and what to do."""

import json
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import DAY, LEDGER, Command, runner


@pytest.fixture
def house(tmp_path: Path) -> Command:
    """A home with a small ledger."""
    run = runner(tmp_path / "home")
    (tmp_path / "ledger.csv").write_text(LEDGER)
    assert run("portfolio", "import", "ledger.csv", "--as-of", "2026-11-16").returncode == 0
    return run


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that is taken and at which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_queue_that_is_down_is_said_and_nothing_is_lost(house: Command, silent_port: int) -> None:
    broker = {"DISPATCHER_BROKER_URL": f"redis://127.0.0.1:{silent_port}/0"}
    for words in (("run", *DAY), ("queue", "dead", "list"), ("check",)):
        done = house(*words, **broker)
        said = done.stdout + done.stderr
        assert done.returncode in (1, 2)
        assert "the queue does not work (DISPATCHER_BROKER_URL)" in said
        assert "Traceback" not in said
    waiting = json.loads(house("messages", "list", "--json").stdout)
    assert [message["state"] for message in waiting] == ["queued"]


def test_a_database_that_is_down_is_one_sentence_a_check(house: Command, silent_port: int) -> None:
    url = f"postgresql://desk:secret@127.0.0.1:{silent_port}/desk"
    done = house("check", DISPATCHER_DATABASE_URL=url)
    wrong = [line for line in done.stdout.splitlines() if line.startswith("wrong")]
    assert done.returncode == 1
    subjects = [
        "database",
        "configuration",
        "places",
        "sentences",
        "saved_mappings",
        "home",
        "signing_in",
        "stops",
    ]
    assert [line.split(":")[0].split()[1] for line in wrong] == subjects
    assert all("Connection refused" in line for line in wrong)
    assert "secret" not in done.stdout


def test_check_sees_that_the_database_file_is_damaged(house: Command, tmp_path: Path) -> None:
    path = tmp_path / "home" / "dispatcher.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'debts'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    done = house("check")
    assert done.returncode == 1
    assert "wrong  database: damaged" in done.stdout


def test_check_notes_a_variable_that_sets_nothing(house: Command) -> None:
    done = house("check", "--data-only", DISPATCHER_TEMPLATE_DIR="/somewhere")
    assert "DISPATCHER_TEMPLATE_DIR is no setting" in done.stdout
