"""Nothing is lost and nothing repeated when workers are killed, servers crash and answers are lost.

A provider double counts what it accepted. Small here; DEEP=1 is the whole: 2,000 messages, three workers.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatcher.database import instance
from dispatcher.database.engine import Database, open_database
from dispatcher.database.instance import Instance
from dispatcher.database.migrate import upgrade
from dispatcher.database.outage import is_passing
from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.delivery.settle_killed_calls import NOT_CALLED
from dispatcher.delivery.sweep_leases import sweep_leases
from dispatcher.messages.domain.message import State, fold
from dispatcher.worker.processes import GRACE_SECONDS
from tests.chaos.accidents import both_servers, restart_postgresql, restart_valkey, until
from tests.chaos.cleared_book import ClearedBook
from tests.chaos.worker import LEASE, process
from tests.conftest import DEEP
from tests.delivery.builders import NOW, queued
from tests.doubles.running import Running, running

SEED = 20260304
COUNT, WORKERS, SECONDS = (2000, 3, 240) if DEEP else (240, 2, 90)
HANDS = 8  # of a channel in these tests
FAULTS = ["ok"] * 14 + ["lost", "429:1", "500", "reset", "slow:0.3"]


def a_mail() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = (
        "acme@example.com",
        "someone@debtors.example",
        "Ana, a message from Acme",
    )
    mail.set_content("Hello")
    mail.add_alternative("<p>Hello</p>", subtype="html")
    return mail.as_bytes()


@contextmanager
def a_provider(*, faults: bool) -> Iterator[Running]:
    with running("sendgrid", "--latency", "60") as double:
        if faults:
            double.script(*random.Random(SEED).choices(FAULTS, k=COUNT * 3))
        yield double


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / "outbox").mkdir()
    monkeypatch.setenv("CHAOS_FOLDER", str(tmp_path / "outbox"))
    return os.environ


def spawn(verb: str) -> subprocess.Popen[bytes]:
    """A worker of its own process, ready to take batches."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.worker", verb],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # workers that lose their servers say so at length
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()


def open_ends(database: Database) -> int:
    """Messages that are not at an end; a database that is away counts as one."""
    try:
        with database.reading() as connection:
            going = select(messages.c.id).where(
                messages.c.state.in_(("planned", "queued", "deferred", "sending"))
            )
            return len(connection.execute(going).all())
    except Exception as error:
        if not is_passing(error):
            raise
        return 1


def audit(database: Database, double: Running, *, kept_back: bool = False) -> Counter[str]:
    """What the provider counted, the states, the attempts and the log tell one story; returns the states."""
    accepted = Counter(
        person["custom_args"]["message_id"]
        for one in double.received()
        for person in one["body"]["personalizations"]
    )
    with database.reading() as connection:
        states = {row.id: row.state for row in connection.execute(select(messages.c.id, messages.c.state))}
        tried = connection.execute(select(attempts.c.message_id, attempts.c.outcome, attempts.c.reason)).all()
        entries = connection.execute(
            select(log_entries.c.message_id, log_entries.c.event).order_by(log_entries.c.id)
        ).all()
    assert set(states.values()) <= {"accepted", "unknown"} | ({"cancelled"} if kept_back else set())
    assert {key: count for key, count in accepted.items() if count > 1} == {}  # nothing twice
    assert {key for key, state in states.items() if state == "accepted"} <= set(
        accepted
    )  # nothing claimed falsely
    assert {key for key in accepted if states[key] not in {"accepted", "unknown"}} == set()
    reasons = {row.message_id: row.reason for row in tried if row.outcome == "unknown"}
    assert all(
        reasons.get(key) for key, state in states.items() if state == "unknown"
    )  # each with a true reason
    story: dict[str, list[str]] = {key: [] for key in states}
    for key, event in entries:
        if key is not None:  # a run's entries are of no message
            story[key].append(event)
    assert all(fold((event, None) for event in told) == State(states[key]) for key, told in story.items())
    assert all(
        told.count("attempting") == sum(row.message_id == key for row in tried)
        for key, told in list(story.items())[:200]
    )
    return Counter(states.values())


@pytest.mark.parametrize(
    ("cleared", "marked"),
    [
        (False, True),
        pytest.param(True, True, marks=pytest.mark.deep),
        pytest.param(True, False, marks=pytest.mark.deep),
    ],
    ids=["judged", "cleared", "cleared, without marks"],
)
def test_workers_killed_and_servers_crashed_lose_and_repeat_nothing(
    environment, monkeypatch, tmp_path: Path, cleared: bool, marked: bool
) -> None:
    """Redis and PostgreSQL, workers killed every second, both servers crashed once, answers lost."""
    rng = random.Random(SEED)
    with ExitStack() as stack:
        double = stack.enter_context(a_provider(faults=True))
        url, broker = stack.enter_context(both_servers())
        for name, value in (("DATABASE", url), ("BROKER", broker), ("SENDGRID", double.url)):
            monkeypatch.setenv(f"CHAOS_{name}", value)
        database = open_database(url)
        stack.callback(database.close)
        upgrade(database)
        if marked:
            monkeypatch.setenv("CHAOS_MARKS", str(tmp_path / "provider-calls"))
        with database.writing() as connection:
            instance.write(connection, Instance(id="an-instance", place=""))
        book = None
        if cleared:
            monkeypatch.setenv("CHAOS_CLEARED", "1")
            book = ClearedBook.of(database, COUNT, a_mail(), SEED)
        else:
            queued(database, COUNT, people=COUNT // 3, body=a_mail())
        restarted = []
        stack.callback(lambda: [server.kill() or server.wait() for server in restarted])
        crew = [spawn("serve") for _ in range(WORKERS)]
        stack.callback(lambda: [kill(worker) for worker in crew])
        hub = process()
        began, killed = time.monotonic(), 0
        while open_ends(database):
            elapsed = time.monotonic() - began
            assert elapsed < SECONDS, f"not at an end after {SECONDS} s"
            _hand_out(hub)
            if book is not None:
                _say(book, database)
            if elapsed > 1 + killed and killed < 12:
                victim = rng.randrange(WORKERS)
                kill(crew[victim])
                crew[victim] = spawn("serve")
                killed += 1
                if killed == 2:
                    restarted.append(restart_valkey(broker))
                if killed == 3:
                    restarted.append(restart_postgresql(url))
            time.sleep(0.1)
        found = audit(database, double, kept_back=cleared)
        begun = book.audit(database) if book is not None else Counter()
        print(f"\n{COUNT} messages, {killed} kills, {found}, attempts {begun}")
    assert killed >= 3  # both servers crashed too
    assert sum(found.values()) == COUNT
    assert found["accepted"] > found["unknown"]


def _say(book: ClearedBook, database: Database) -> None:
    """Somebody says something, unless the database is away."""
    try:
        book.say(database)
    except Exception as error:
        if not is_passing(error):
            raise


def _hand_out(hub) -> None:
    """What the leading scheduler does; servers that are away are met again at the next turn."""
    try:
        hub.relay.tick()
        _sweep_and_retry(hub)
    except Exception as error:
        if not is_passing(error) and type(error).__module__.partition(".")[0] not in {"redis", "dramatiq"}:
            raise


def _sweep_and_retry(hub) -> None:
    """Sweep, and let pauses between tries be over: the business clock of these tests stands still."""
    database = hub.ports.database
    hub.settle_killed_calls()
    sweep_leases(database, hub.ports.provider, now=NOW, real_now=hub.ports.real_clock())
    with database.writing() as connection:
        connection.execute(
            messages.update()
            .where(messages.c.state == "queued", messages.c.next_try_at.is_not(None))
            .values(next_try_at=None)
        )


def test_an_embedded_drain_killed_again_and_again_loses_and_repeats_nothing(
    environment, monkeypatch, sqlite_url: str
) -> None:
    """SQLite and a queue in memory: the process dies with SIGKILL at any moment, and the next goes on."""
    rng = random.Random(SEED)
    count = COUNT // 2
    with a_provider(faults=False) as double:
        for name, value in (("DATABASE", sqlite_url), ("BROKER", "memory://"), ("SENDGRID", double.url)):
            monkeypatch.setenv(f"CHAOS_{name}", value)
        database = open_database(sqlite_url)
        mails = queued(database, count, body=a_mail())
        letters = queued(database, count // 4, channel="letter", body=b"%PDF-1.7 not really")
        for _ in range(12):
            process = spawn("drain")
            with suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.05, 0.5))
            kill(process)
        last = spawn("drain")
        assert last.wait(SECONDS) == 0
        assert last.stdout
        last.stdout.close()
        assert open_ends(database) == 0
        found = _audit_embedded(database, double, mails, letters)
        database.close()
    assert found["accepted"] > 0


def test_killed_in_the_middle_of_a_chunk_no_more_is_in_doubt_than_was_being_called(
    environment, monkeypatch, tmp_path: Path, sqlite_url: str
) -> None:
    """Chunks of several calls a hand, marked: each kill leaves at most as many unknown as there are hands."""
    count, kills = (COUNT * 2, 12) if DEEP else (600, 3)
    with a_provider(faults=False) as double:
        for name, value in (("DATABASE", sqlite_url), ("BROKER", "memory://"), ("SENDGRID", double.url)):
            monkeypatch.setenv(f"CHAOS_{name}", value)
        monkeypatch.setenv("CHAOS_MARKS", str(tmp_path / "provider-calls"))
        database = open_database(sqlite_url)
        with database.writing() as connection:
            instance.write(connection, Instance(id="an-instance", place=""))
        mails = queued(database, count, body=a_mail())
        for _ in range(kills):
            before = len(double.received())
            worker = spawn("drain")
            until(
                lambda start=before: len(double.received()) > start + 3 * HANDS, what="chunks of many calls"
            )
            kill(worker)
        last = spawn("drain")
        assert last.wait(SECONDS) == 0
        assert last.stdout
        last.stdout.close()
        found = _audit_embedded(database, double, mails, [])
        with database.reading() as connection:
            reasons = Counter(connection.scalars(select(attempts.c.reason)))
        database.close()
    assert sum(found.values()) == count
    assert found["unknown"] <= kills * HANDS
    assert reasons[NOT_CALLED] > 0  # the marks did say something
    assert list((tmp_path / "provider-calls").iterdir()) == []


@pytest.mark.parametrize(
    "marked", [True, pytest.param(False, marks=pytest.mark.deep)], ids=["marked", "unmarked"]
)
def test_what_was_cleared_goes_once_and_not_after_it_was_forbidden_however_often_it_is_killed(
    environment, monkeypatch, tmp_path: Path, sqlite_url: str, marked: bool
) -> None:
    """People say stop, die or consent while their messages are claimed, called and found again."""
    count, kills = (COUNT, 25) if DEEP else (150, 2)
    monkeypatch.setenv("CHAOS_CLEARED", "1")
    if marked:
        monkeypatch.setenv("CHAOS_MARKS", str(tmp_path / "provider-calls"))
    with a_provider(faults=False) as double:
        for name, value in (("DATABASE", sqlite_url), ("BROKER", "memory://"), ("SENDGRID", double.url)):
            monkeypatch.setenv(f"CHAOS_{name}", value)
        database = open_database(sqlite_url)
        with database.writing() as connection:
            instance.write(connection, Instance(id="an-instance", place=""))
        book = ClearedBook.of(database, count, a_mail(), SEED)
        for _ in range(kills):
            before = len(double.received())
            worker = spawn("drain")

            def is_busy(start: int = before) -> bool:
                book.say(database)
                return len(double.received()) > start + 2 * HANDS

            until(is_busy, what="calls")
            kill(worker)
        last = spawn("drain")
        until(lambda: book.say(database) or last.poll() is not None, seconds=SECONDS, what="the end")
        assert last.returncode == 0
        assert last.stdout
        last.stdout.close()
        found = audit(database, double, kept_back=True)
        begun = book.audit(database)
        database.close()
    print(f"\n{count} messages, {kills} kills, {found}, {len(book.spoken)} spoke, attempts {begun}")
    assert found["unknown"] <= kills * HANDS
    assert begun["cleared"] > count / 4  # what was begun and not called is judged when it comes again
    assert found["accepted"] > found["cancelled"] > 0


def _audit_embedded(
    database: Database, double: Running, mails: list[str], letters: list[str]
) -> Counter[str]:
    accepted = Counter(
        p["custom_args"]["message_id"] for one in double.received() for p in one["body"]["personalizations"]
    )
    with database.reading() as connection:
        states = dict(connection.execute(select(messages.c.id, messages.c.state)).all())
    assert max(accepted.values()) == 1
    assert {states[key] for key in mails} <= {"accepted", "unknown"}
    assert {key for key in mails if states[key] == "accepted"} <= set(accepted)
    # A folder takes the same name again harmlessly: none of its letters stays in doubt.
    assert {states[key] for key in letters} <= {"accepted"}
    written = sorted(path.stem for path in Path(os.environ["CHAOS_FOLDER"]).glob("*.pdf"))
    assert written == letters
    return Counter(states.values())


def test_a_worker_asked_to_end_leaves_nothing_unknown_within_its_grace(
    environment, monkeypatch, postgres_url, redis_url
) -> None:
    """SIGTERM in the middle of a batch."""
    with a_provider(faults=False) as double:
        for name, value in (("DATABASE", postgres_url), ("BROKER", redis_url), ("SENDGRID", double.url)):
            monkeypatch.setenv(f"CHAOS_{name}", value)
        database = open_database(postgres_url)
        queued(database, 200, body=a_mail())
        worker = spawn("serve")
        hub = process()
        hub.relay.tick()
        until(lambda: len(double.received()) > 8, what="a busy worker")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(GRACE_SECONDS) == 0
        received = len(double.received())
        with database.reading() as connection:
            states = Counter(connection.scalars(select(messages.c.state)))
            held = connection.scalars(
                select(messages.c.lease_owner).where(messages.c.state != "queued")
            ).all()
        assert states == {"accepted": received, "queued": 200 - received}
        assert set(held) == {None}
        assert worker.stdout
        worker.stdout.close()
        assert LEASE.total_seconds() > 0
        database.close()
