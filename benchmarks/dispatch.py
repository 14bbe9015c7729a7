"""Messages per second from plan to accepted, full record, beside what one would use instead, on one machine.

python -m benchmarks.dispatch [--count 10000] [--growth] [--others] [--only NAME] [--json FILE]
--growth repeats ours with 1,000 to 100,000 messages; --others installs Celery and django-post_office into a temporary
environment. Ours is SQLite in one process, and PostgreSQL + Redis with one and two workers.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.dispatch_ours import AFTER, NOW
from dispatcher.database.engine import open_database
from dispatcher.delivery.who_delivers import living_processes
from tests import servers

ROOT = Path(__file__).parent.parent
OTHERS = ("celery[redis]", "django", "django-post-office", "jinja2")


@contextmanager
def sink(latency: int = 0) -> Iterator[int]:
    """The port of a sink that takes so many milliseconds to answer."""
    command = [sys.executable, "-m", "benchmarks.smtp_sink", str(latency)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()


def environment(home: Path, port: int, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCHER_")}
    return kept | {
        "DISPATCHER_HOME": str(home),
        "DISPATCHER_CHANNELS__EMAIL__PROVIDER": "smtp",
        "DISPATCHER_CHANNELS__EMAIL__HOST": "127.0.0.1",
        "DISPATCHER_CHANNELS__EMAIL__PORT": str(port),
        "DISPATCHER_CHANNELS__EMAIL__TLS": "none",
        "DISPATCHER_CHANNELS__EMAIL__CONCURRENCY": "32",
        "DISPATCHER_TEMPLATES__SOURCE": "folder",
        **more,
    }


def run(
    arguments: Sequence[str], env: dict[str, str], python: str = sys.executable, checkout: Path = ROOT
) -> dict[str, float]:
    done = subprocess.run(
        [python, "-m", *arguments], env=env, cwd=checkout, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def ours_embedded(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, sink() as port:
        return run(["benchmarks.dispatch_ours", str(count)], environment(Path(folder), port))


def ours_scaled(count: int, processes: int, **more: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, sink() as port, ExitStack() as stack:
        admin, broker = stack.enter_context(servers.postgresql()), stack.enter_context(servers.valkey())
        with psycopg.connect(admin.replace("@/", "@/postgres", 1), autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
        url = admin.replace("@/", "@/bench", 1)
        more |= {"DISPATCHER_DATABASE_URL": url, "DISPATCHER_BROKER_URL": broker}
        env = environment(Path(folder), port, **more)
        subprocess.run(
            [sys.executable, "-m", "dispatcher", "db", "upgrade"],
            env=env,
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        crew = [
            sys.executable,
            "-m",
            "dispatcher",
            "worker",
            "--processes",
            str(processes),
            "--now",
            (NOW + AFTER).isoformat(),
        ]
        workers = subprocess.Popen(
            crew, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            await_workers(url, processes)
            return run(["benchmarks.dispatch_ours", str(count)], env)
        finally:
            workers.terminate()
            workers.wait(60)


def await_workers(url: str, count: int) -> None:
    """Until so many have said that they are ready: they start once, long before a day's first message."""
    database = open_database(url)
    while len(living_processes(database, real_now=datetime.now(UTC))) < count:
        time.sleep(0.1)
    database.close()


def other(name: str, count: int, processes: int = 1, python: str = sys.executable) -> dict[str, float]:
    with sink() as port, servers.valkey() as broker:
        arguments = ["benchmarks.dispatch_others", name, str(count), broker, str(port), str(processes)]
        return run(arguments, dict(os.environ), python)


def say(name: str, found: dict[str, float]) -> None:
    count = found["count"]
    if "deliver" not in found:
        print(f"{name:<40} {count / found['seconds']:8.0f}/s in all", flush=True)
        return
    whole = found["prepare"] + found["deliver"]
    print(
        f"{name:<40} {count / whole:8.0f}/s in all  deliver {count / found['deliver']:6.0f}/s  "
        f"prepare {count / found['prepare']:6.0f}/s  plan {count / found['plan']:6.0f}/s  "
        f"cpu {found['cpu'] / count * 1e6:5.0f} us (this process)  {found['peak_mb']:.0f} MB  {found['states']}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument(
        "--largest", type=int, default=100_000, help="where --growth ends, over three decades"
    )
    parser.add_argument("--json", type=Path, help="a file for what was measured, by name")
    chosen = parser.parse_args()
    measured: dict[str, dict[str, float]] = {}

    def note(name: str, found: dict[str, float]) -> None:
        measured[name] = found
        say(name, found)

    cases = {
        "ours, SQLite in one process": lambda: ours_embedded(chosen.count),
        "ours, PostgreSQL + Redis, 1 worker": lambda: ours_scaled(chosen.count, 1),
        "ours, PostgreSQL + Redis, 2 workers": lambda: ours_scaled(chosen.count, 2),
        "(a) a bare actor a message, 1 process": lambda: other("actor", chosen.count, 1),
        "(a) a bare actor a message, 2 processes": lambda: other("actor", chosen.count, 2),
    }
    for name, case in cases.items():
        if chosen.only in name:
            note(name, case())
    if chosen.growth:
        for count in (chosen.largest // 100, chosen.largest // 10, chosen.largest):
            note(f"growth, ours, SQLite, {count:,}", ours_embedded(count))
    if chosen.others:
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            python = str(Path(folder) / "bin" / "python")
            subprocess.run([python, "-m", "pip", "install", "--quiet", *OTHERS], check=True)
            note("(b) django-post_office", other("post_office", chosen.count, python=python))
            note("(c) Celery, a task a message", other("celery", chosen.count, python=python))
    if chosen.json:
        chosen.json.write_text(json.dumps(measured))


if __name__ == "__main__":
    main()
