"""The programs that stay: workers on Redis, schedulers that take over, everything in one; and batches that died."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from channels.kind import ChannelKind
from dispatcher.database import leases
from dispatcher.database.engine import Database, open_database
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.runs.storage import fires
from dispatcher.worker.dead import dead_batches, revive
from dispatcher.worker.processes import Crew, work
from tests.chaos.accidents import until
from tests.delivery.builders import queued, states
from tests.doubles.fake_channel import FakeChannel
from tests.servers import free_port
from tests.worker.processes_at_work import a_process, fakes

HEADER = "debt_reference,creditor,debtor_reference,debtor_name,debtor_kind,language,country,region,postal_code,city,address_line_1,email,currency,balance,due_date,debt_type\n"
ROW = "R{0},acme,D{0},Ana Person,person,en,US,US-NY,10001,New York,{0} Example Street,ana{0}@debtors.example,USD,120.00,2026-03-02,consumer\n"
NOW = "2026-03-04T16:00:00Z"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCHER_")}
    return kept | {"DISPATCHER_HOME": str(tmp_path / "var"), "DISPATCHER_RULES__ONLY": "default"}


def dispatcher(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "dispatcher", *words],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    return done


@contextmanager
def staying(environment: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that stays; asked to end at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", *words], env=environment, stderr=subprocess.PIPE
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=40)
        assert process.returncode == 0, said.decode()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def a_ledger(environment: dict[str, str], folder: Path, count: int) -> None:
    (folder / "ledger.csv").write_text(HEADER + "".join(ROW.format(i) for i in range(count)))
    dispatcher(environment, "portfolio", "import", str(folder / "ledger.csv"), "--as-of", "2026-03-04")


def test_worker_processes_deliver_what_a_run_elsewhere_hands_out(
    environment, tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    environment |= {"DISPATCHER_DATABASE_URL": postgres_url, "DISPATCHER_BROKER_URL": redis_url}
    a_ledger(environment, tmp_path, 25)
    with staying(environment, "worker", "--processes", "2", "--queues", "email", "--now", NOW):
        done = dispatcher(environment, "run", "--as-of", "2026-03-04", "--now", NOW)
    assert "25 due = 25 sent" in done.stdout
    assert len(list((tmp_path / "var" / "outbox").glob("*.eml"))) == 25


def test_a_worker_without_redis_says_what_to_do(environment) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dispatcher", "worker"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "DISPATCHER_BROKER_URL=redis" in " ".join(done.stderr.split())


def test_a_worker_that_cannot_read_its_configuration_says_so_before_it_takes_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "senders.yaml").write_text("senders: [")
    monkeypatch.setenv("DISPATCHER_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("DISPATCHER_CONFIG_DIR", str(tmp_path))
    asked_to_end = threading.Event()
    asked_to_end.set()
    with pytest.raises(ConfigError, match=r"senders\.yaml"):
        work(Crew(queues=tuple(ChannelKind), threads=1), asked_to_end)


def test_one_of_two_schedulers_leads_and_the_other_takes_over_when_it_is_killed(
    environment, tmp_path: Path
) -> None:
    dispatcher(environment, "db", "upgrade")
    database = open_database(f"sqlite:///{tmp_path / 'var' / 'dispatcher.db'}")

    def leader() -> str:
        with database.reading() as connection:
            from dispatcher.database.tables.operations import leases as table

            return connection.scalar(select(table.c.owner).where(table.c.name == "scheduler")) or ""

    with staying(environment, "scheduler") as first:
        until(lambda: f":{first.pid}:" in leader(), what="the first leader")
        with staying(environment, "scheduler") as second:
            until(lambda: second.poll() is None, what="the second scheduler")
            first.kill()
            first.communicate()
            # Its lease is half a minute long; a dead process of the same machine is not waited for.
            until(lambda: f":{second.pid}:" in leader(), seconds=25, what="the take-over")
        first.returncode = 0  # it was killed on purpose
        first.send_signal = first.communicate = lambda *_, **__: (b"", b"")  # nothing is left to end
    assert leader() == ""
    database.close()


def test_up_serves_pages_and_delivers_what_is_due(environment, tmp_path: Path) -> None:
    a_ledger(environment, tmp_path, 5)
    dispatcher(environment, "run", "--as-of", "2026-03-04", "--now", NOW, "--no-wait")
    port = free_port()

    def is_up() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    with staying(environment, "up", "--port", str(port), "--now", NOW):
        until(is_up, what="the pages")
        until(lambda: len(list((tmp_path / "var" / "outbox").glob("*.eml"))) == 5, what="the deliveries")
    listed = json.loads(dispatcher(environment, "messages", "list", "--json").stdout)
    assert {row["state"] for row in listed} == {"accepted"}


def test_a_batch_that_died_is_shown_with_its_reason_and_can_be_revived(
    sqlite_database: Database, redis_url: str
) -> None:
    ids = queued(sqlite_database, 3)
    broken = [True]

    def judge(connection, waiting, bodies, now):
        if broken:
            raise RuntimeError("rule pack unreadable")
        from tests.delivery.builders import allow_all

        return allow_all(connection, waiting, bodies, now)

    channels = fakes()
    process = a_process(sqlite_database, channels, redis_url, judge=judge)
    with process.working():
        process.relay.tick()
        until(lambda: bool(dead_batches(redis_url)), what="a dead batch")
    (dead,) = dead_batches(redis_url)
    assert (dead.queue, dead.ids) == ("email", tuple(ids))
    assert "rule pack unreadable" in dead.error
    broken.clear()
    assert revive(redis_url, [dead.id]) == 1
    assert dead_batches(redis_url) == []
    again = a_process(sqlite_database, channels, redis_url, judge=judge)
    with again.working():
        until(lambda: states(sqlite_database) == {"accepted": 3}, what="the delivery")
    assert isinstance(channels[ChannelKind.EMAIL], FakeChannel)


def test_a_lease_is_held_by_one_until_it_ends_or_is_given_up(database: Database) -> None:
    from datetime import timedelta

    from tests.delivery.builders import NOW as MOMENT

    def take(owner: str, seconds: int = 0) -> bool:
        at = MOMENT + timedelta(seconds=seconds)
        with database.writing() as connection:
            return leases.take(connection, "scheduler", owner, until=at + timedelta(seconds=30), real_now=at)

    assert [take("one"), take("two"), take("one", 20), take("two", 40), take("two", 51)] == [
        True,
        False,
        True,
        False,
        True,
    ]
    with database.writing() as connection:
        leases.release(connection, "scheduler", "one")
    assert not take("one", 52)


def test_old_fires_are_forgotten_but_the_newest_of_each_schedule(database: Database) -> None:
    from datetime import timedelta

    from tests.delivery.builders import NOW as MOMENT

    with database.writing() as connection:
        for days in (90, 60, 50):
            fires.claim(
                connection, "rare", MOMENT - timedelta(days=days), owner="x", now=MOMENT, state="done"
            )
        assert fires.forget_before(connection, MOMENT - timedelta(days=40)) == 2
        assert [row.at for row in fires.recent(connection)] == [MOMENT - timedelta(days=50)]
