"""Two machines of three workers each on one PostgreSQL and one Redis, for as long as one likes: nothing lost or twice.

The program itself, by its commands. Processes are killed and paused for longer than any lease, Redis is emptied, the
provider is a captive portal, drips, cuts lines, refuses. `CHAOS_SECONDS` says how long; ten minutes if not.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import select

from dispatcher.database.engine import Database, open_database
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debts
from tests.chaos.accidents import both_servers
from tests.doubles.running import Running, running

SEED = 20261116
SECONDS = float(os.environ.get("CHAOS_SECONDS", "600"))
SETTLING_SECONDS = 420.0  # leases, pauses between tries and the last sweeps
STRIKE, PATIENCE = 2.0, 30.0  # seconds between accidents: where something was sent meanwhile, and at most
WAVE, EVERY = 150, 30.0  # debtors who fall due, and seconds between two ledgers
PAUSED = (2.0, 110.0)  # seconds; a lease lasts 90
FAULTS = (
    ["ok"] * 40
    + ["lost"] * 2
    + ["500", "429:1", "reset", "proxy:502", "portal", "drip:0.4", "deaf", "typed:text/html"]
)
HEADER = "creditor,debt_reference,debtor_reference,debtor_name,country,region,email,currency,balance,due_date"
SCHEDULES = """schedules:
  - {name: sweep, job: sweep, cron: "* * * * *", zone: UTC, catch_up: skip}
"""


@dataclass
class Machine:
    """A home with its own processes."""

    home: Path
    settings: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.settings, "DISPATCHER_HOME": str(self.home)}

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "dispatcher", *map(str, words)]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=900, check=False
        )

    def start(self, *words: str) -> None:
        """A process that stays, in a group of its own with whatever it starts."""
        log = (self.home / f"{words[0]}.log").open("ab")
        command = [sys.executable, "-m", "dispatcher", *words]
        self.processes[words[0]] = subprocess.Popen(
            command, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        log.close()

    def children(self, verb: str) -> list[int]:
        """The worker processes below a supervisor."""
        path = Path(f"/proc/{self.processes[verb].pid}/task/{self.processes[verb].pid}/children")
        found = [int(pid) for pid in path.read_text().split()]
        return [pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def end(self) -> None:
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass
class Chaos:
    """What is done to them, one thing at a time, by chance."""

    rng: random.Random
    machines: list[Machine]
    broker: str
    double: Running
    paused: list[tuple[float, int]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def strike(self, now: float) -> None:
        self.let_go(now)
        deed = self.rng.choices(
            (
                self.kill_a_worker,
                self.pause_a_worker,
                self.kill_a_supervisor,
                self.kill_a_scheduler,
                self.empty_redis,
            ),
            (5, 4, 1, 1, 1),
        )[0]
        deed(now)
        self.done[deed.__name__] += 1

    def let_go(self, now: float) -> None:
        over = [pid for until, pid in self.paused if until <= now]
        self.paused = [(until, pid) for until, pid in self.paused if until > now]
        for pid in over:
            signal_to(pid, signal.SIGCONT)

    def kill_a_worker(self, _now: float) -> None:
        if workers := self.rng.choice(self.machines).children("worker"):
            signal_to(self.rng.choice(workers), signal.SIGKILL)

    def pause_a_worker(self, now: float) -> None:
        if workers := self.rng.choice(self.machines).children("worker"):
            pid = self.rng.choice(workers)
            signal_to(pid, signal.SIGSTOP)
            self.paused.append((now + self.rng.uniform(*PAUSED), pid))

    def kill_a_supervisor(self, _now: float) -> None:
        self._restart("worker", "--queues", "email", "--processes", "3")

    def kill_a_scheduler(self, _now: float) -> None:
        self._restart("scheduler")

    def empty_redis(self, _now: float) -> None:
        with redis.Redis.from_url(self.broker) as client:
            client.flushall()

    def _restart(self, *words: str) -> None:
        machine = self.rng.choice(self.machines)
        process = machine.processes[words[0]]
        process.kill()
        process.wait()
        machine.start(*words)


def signal_to(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it ended meanwhile
        os.kill(pid, number)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[tuple[list[Machine], Chaos, Database]]:
    with ExitStack() as stack:
        double = stack.enter_context(running("sendgrid", "--latency", "40"))
        url, broker = stack.enter_context(both_servers())
        config = tmp_path / "config"
        config.mkdir()
        (config / "schedules.yaml").write_text(SCHEDULES)
        settings = {
            "DISPATCHER_DATABASE_URL": url,
            "DISPATCHER_BROKER_URL": broker,
            "DISPATCHER_CONFIG_DIR": str(config),
            "DISPATCHER_RULES__ONLY": "house",  # no hours: it runs whenever somebody starts it
            "DISPATCHER_CHANNELS__EMAIL__PROVIDER": "sendgrid",
            "DISPATCHER_CHANNELS__EMAIL__BASE_URL": double.url,
            "DISPATCHER_CHANNELS__EMAIL__API_KEY": "key",
            "DISPATCHER_CHANNELS__EMAIL__TIMEOUT": "5",
            "DISPATCHER_CHANNELS__EMAIL__CONCURRENCY": "8",
            "DISPATCHER_GUARDS__VOLUME_MINIMUM": "100000",
        }
        first, second = (Machine(home=tmp_path / name, settings=settings) for name in ("first", "second"))
        for machine in (first, second):
            machine.home.mkdir()
            stack.callback(machine.end)
        assert first.run("db", "upgrade").returncode == 0
        database = open_database(url)
        stack.callback(database.close)
        chaos = Chaos(rng=random.Random(SEED), machines=[first, second], broker=broker, double=double)
        yield [first, second], chaos, database
        chaos.let_go(float("inf"))


def take_in(machine: Machine, wave: int) -> None:
    """A ledger of the whole, with new debtors each time; who was written to is written to no more today."""
    people = range(1, (wave + 1) * WAVE + 1)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    due = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 6 * 86_400))
    rows = [
        f"acme,R{n},D{n},Ana Example {n},US,NY,d{n}@debtors.example,USD,{100 + n}.00,{due}" for n in people
    ]
    file = machine.home / f"ledger-{wave}.csv"
    file.write_text("\n".join([HEADER, *rows]) + "\n")
    done = machine.run("portfolio", "import", file, "--as-of", today)
    assert done.returncode == 0, done.stdout + done.stderr


def a_wave(importer: Machine, planner: Machine, wave: int) -> float:
    """What the desk does meanwhile."""
    take_in(importer, wave)
    plan(planner)
    return time.monotonic()


def open_ends(database: Database) -> Counter[str]:
    with database.reading() as connection:
        states = Counter(connection.scalars(select(messages.c.state)))
    return Counter({state: number for state, number in states.items() if state in GOING})


GOING = ("planned", "queued", "deferred", "sending")


def plan(machine: Machine) -> None:
    """Killed or not, the next one plans what this one could not."""
    done = machine.run("run", "--no-wait", "--json")
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in {0, 1, 2}, done.stderr


@pytest.mark.deep
def test_two_machines_lose_and_repeat_nothing_whatever_happens_to_them(
    scene: tuple[list[Machine], Chaos, Database],
) -> None:
    (first, second), chaos, database = scene
    take_in(first, 0)
    plan(first)
    shutil.copytree(first.home / "keys", second.home / "keys", dirs_exist_ok=True)
    joined = second.run("adopt", "--why", "a further machine")
    assert joined.returncode == 0, joined.stderr
    for machine in (first, second):
        machine.start("scheduler")
        machine.start("worker", "--queues", "email", "--processes", "3")
    began, wave, struck, seen = time.monotonic(), 0, 0.0, 0
    with ThreadPoolExecutor(1) as desk:
        work = desk.submit(time.monotonic)
        while (elapsed := time.monotonic() - began) < SECONDS:
            if work.done() and elapsed > EVERY * (wave + 1):
                work.result()
                wave += 1
                work = desk.submit(a_wave, *chaos.rng.choices((first, second), k=2), wave)
            sent = len(chaos.double.received()) if elapsed - struck > STRIKE else seen
            if sent > seen or elapsed - struck > PATIENCE:  # else a slow machine's workers never come to send
                struck, seen = elapsed, sent
                chaos.double.script(*chaos.rng.choices(FAULTS, k=60))
                chaos.strike(time.monotonic())
            time.sleep(0.2)
        chaos.double.script()
        chaos.let_go(float("inf"))
        work.result()
    while time.monotonic() < began + SECONDS + SETTLING_SECONDS:
        chaos.let_go(time.monotonic())
        if not chaos.paused and not open_ends(database):
            break
        time.sleep(1)
    chaos.let_go(float("inf"))
    last = first.run("run", "--json")
    audit(database, chaos, last, people=(wave + 1) * WAVE)


def audit(database: Database, chaos: Chaos, last: subprocess.CompletedProcess[str], *, people: int) -> None:
    """The provider's count, the states and the last summary tell one story."""
    sent = Counter(
        person["custom_args"]["message_id"]
        for one in chaos.double.received()
        for person in one["body"]["personalizations"]
    )
    with database.reading() as connection:
        states: dict[str, str] = dict(connection.execute(select(messages.c.id, messages.c.state)).all())
        owing = len(connection.scalars(select(debts.c.id)).all())
    found = Counter(states.values())
    print(f"\n{people} people, {found}, provider {len(sent)}, accidents {chaos.done}")
    assert owing == people
    assert len(states) == people, "each person's message was planned, and none twice"
    assert {key: number for key, number in sent.items() if number > 1} == {}
    assert {key for key, state in states.items() if state == "accepted"} <= set(sent)
    assert {states[key] for key in sent} <= {"accepted", "unknown"}
    assert set(found) <= {"accepted", "unknown"}
    summary: dict[str, Any] = json.loads(last.stdout)
    left = summary["left_open"].get("unknown", {}).get("count", 0)
    assert left == found["unknown"], summary["left_open"]
    assert last.returncode == (1 if found["unknown"] else 0)
    assert found["accepted"] > found["unknown"] > 0
    assert {"kill_a_worker", "pause_a_worker"} <= set(chaos.done)
