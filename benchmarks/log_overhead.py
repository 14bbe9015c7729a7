"""What the delivery log costs a day's dispatch, in percent: the same day with the log and with its writes taken out.

    python -m benchmarks.log_overhead [--count 4000] [--rounds 3]

SQLite, folder channel (the cheapest provider there is: against a real one the share is smaller). Rounds alternate,
each in a process of its own; medians. Sealing comes after a run and is measured by benchmarks/record.py.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dispatcher.log.storage import delivery_log

ROOT = Path(__file__).parent.parent
PARTS = ("plan", "prepare", "deliver", "cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=("with", "without"))
    options = parser.parse_args()
    if options.child:
        child(options.count, options.child)
        return
    found: dict[str, list[dict[str, float]]] = {"with": [], "without": []}
    for _ in range(options.rounds):
        for kind, results in found.items():
            results.append(a_day(options.count, kind))
    report(options.count, found)


def report(count: int, found: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    print(f"{'':<28}{'with':>10}{'without':>10}{'overhead':>10}")
    for part in PARTS:
        kept, bare = (statistics.median(one[part] for one in found[kind]) for kind in ("with", "without"))
        name = "deliver, CPU" if part == "cpu" else part
        print(f"{name + ', ms a message':<28}", end="")
        print(f"{kept / count * 1000:>10.2f}{bare / count * 1000:>10.2f}{(kept / bare - 1) * 100:>9.1f}%")


def a_day(count: int, kind: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.log_overhead", "--count", str(count), "--child", kind]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCHER_")}
    with tempfile.TemporaryDirectory(prefix="overhead-") as home:
        env = kept | {"DISPATCHER_HOME": home, "DISPATCHER_TEMPLATES__SOURCE": "folder"}
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    results: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return results


def child(count: int, kind: str) -> None:
    from benchmarks.dispatch_ours import measure

    if kind == "without":
        take_the_log_out()
    results = measure(count)
    sent = results["states"]
    assert isinstance(sent, dict)
    assert sent.get("accepted", 0) + sent.get("delivered", 0) == count, sent
    print(json.dumps(results))


def take_the_log_out() -> None:
    """For this process alone: every service writes through these two."""

    def append(_connection: Any, _entries: Sequence[Any]) -> None:
        return

    def keep_personal(_connection: Any, people: Sequence[Any]) -> list[tuple[int, str]]:
        return [(number, "0" * 64) for number, _ in enumerate(people, start=1)]

    delivery_log.append = append
    delivery_log.keep_personal = keep_personal


if __name__ == "__main__":
    main()
