"""A daily run killed in its middle, again and again: every message is in the outbox once or listed, none is lost."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dispatcher.database.engine import Database, open_database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.portfolio import debts
from dispatcher.messages.domain.message import State, fold
from tests.chaos.accidents import until
from tests.command import dispatcher
from tests.conftest import DEEP

SEED = 20261116
DEBTORS = 327 if DEEP else 110
DAY = ("--as-of", "2026-11-16", "--now", "2026-11-16T18:00:00Z")
AT_AN_END = {State.ACCEPTED, State.DEFERRED, State.HELD, State.CANCELLED, State.UNKNOWN}


def started(home: Path, *words: str) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DISPATCHER_")}
    return subprocess.Popen(
        [sys.executable, "-c", "from dispatcher.cli.main import main; main()", *words],
        env=environment | {"DISPATCHER_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finished(home: Path, *words: str, codes: tuple[int, ...] = (0,)) -> None:
    done = dispatcher(*words, home=home)
    assert done.returncode in codes, done.stdout + done.stderr


def imported(home: Path) -> Path:
    """A home with a third of the sample: some hundred messages leave on the day; DEEP=1 takes all of it."""
    sample = home / "sample.csv"
    finished(home, "portfolio", "sample", "--out", str(sample), "--debtors", str(DEBTORS))
    finished(home, "portfolio", "import", str(sample), "--as-of", "2026-11-16")
    return home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return imported(folder)


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{home / 'dispatcher.db'}")
    yield opened
    opened.close()


def milestones(home: Path, database: Database) -> list[Callable[[], bool]]:
    """Moments of a run at which it is killed: while planning, preparing and sending; DEEP=1 takes twice as many."""
    chance, times = random.Random(SEED), 2 if DEEP else 1

    def planned_at_least(count: int) -> bool:
        with database.reading() as connection:
            return (connection.scalar(select(func.count()).select_from(messages)) or 0) >= count

    def prepared_at_least(count: int) -> bool:
        query = select(func.count()).select_from(messages).where(messages.c.content_sha256.is_not(None))
        with database.reading() as connection:
            return (connection.scalar(query) or 0) >= count

    def written_at_least(count: int) -> bool:
        return len(files(home)) >= count

    return [
        lambda: planned_at_least(1),
        *(lambda n=n: prepared_at_least(n) for n in sorted(chance.sample(range(1, DEBTORS // 2), times))),
        *(lambda n=n: written_at_least(n) for n in sorted(chance.sample(range(1, DEBTORS // 2), 2 * times))),
    ]


def files(home: Path) -> list[str]:
    """The ids of the messages in the outbox folder, of each of its files."""
    folder = home / "outbox"
    return (
        [path.stem for path in folder.glob("[!.]*")] if folder.exists() else []
    )  # hidden: pieces of a killed write


def kill_when(process: subprocess.Popen[bytes], reached: Callable[[], bool]) -> None:
    until(lambda: reached() or process.poll() is not None, seconds=120, every=0.02, what="the moment to kill")
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def steps(database: Database) -> Counter[tuple[str, str, int]]:
    """How often each step of each debt was planned for each recipient."""
    query = select(debts.c.reference, message_debts.c.step, message_debts.c.recipient_id).join(
        debts, debts.c.id == message_debts.c.debt_id
    )
    with database.reading() as connection:
        return Counter((row[0], row[1], row[2]) for row in connection.execute(query))


def test_a_run_killed_at_any_moment_is_finished_by_the_next_one_and_nothing_is_lost_or_doubled(
    home: Path, database: Database, tmp_path: Path
) -> None:
    killed = 0
    for reached in milestones(home, database):
        process = started(home, "run", *DAY)
        kill_when(process, reached)
        killed += process.returncode == -signal.SIGKILL
    finished(home, "run", *DAY, codes=(0, 1))  # 1: somebody lives where nobody has read the law
    assert killed >= 3

    with database.reading() as connection:
        states = {row.id: State(row.state) for row in connection.execute(select(messages))}
        entries = connection.execute(
            select(log_entries.c.message_id, log_entries.c.event)
            .where(log_entries.c.message_id.is_not(None))
            .order_by(log_entries.c.id)
        ).all()
    assert set(states.values()) <= AT_AN_END
    written = Counter(files(home))
    assert set(written.values()) == {1}
    accepted = {key for key, state in states.items() if state is State.ACCEPTED}
    unknown = {key for key, state in states.items() if state is State.UNKNOWN}
    assert accepted <= written.keys() <= accepted | unknown
    story: dict[str, list[tuple[str, None]]] = {}
    for message_id, event in entries:
        story.setdefault(message_id, []).append((event, None))
    assert {key: fold(events) for key, events in story.items()} == states
    assert_as_without_accidents(steps(database), tmp_path)


def assert_as_without_accidents(found: Counter[tuple[str, str, int]], tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    imported(undisturbed)
    finished(undisturbed, "run", *DAY, codes=(0, 1))
    control = open_database(f"sqlite:///{undisturbed / 'dispatcher.db'}")
    try:
        assert found == steps(control)
        assert set(found.values()) == {1}
    finally:
        control.close()
