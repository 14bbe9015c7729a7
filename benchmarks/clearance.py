"""What clearing costs where texts are made and saves where they are sent: with and without, in turn, in one run.

python -m benchmarks.clearance [--count 6000] [--rounds 3] [--processes 1] [--scaled WORKERS]
A whole day each time (import, plan, prepare, deliver over SMTP on loopback) on SQLite in one process, or with --scaled
on PostgreSQL + Redis with so many workers. CPU is that of the run and of the processes that it starts to make texts.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from benchmarks.dispatch import environment, ours_scaled, run, sink

WAYS = {"cleared": "true", "judged": "false"}
STAGES = ("plan", "prepare", "deliver")


def measure(count: int, setting: str, processes: int, workers: int) -> dict[str, float]:
    """One day."""
    more = {"DISPATCHER_CLEARANCE": setting, "DISPATCHER_PREPARE_PROCESSES": str(processes)}
    if workers:
        return ours_scaled(count, workers, **more)
    with tempfile.TemporaryDirectory() as folder, sink() as port:
        return run(["benchmarks.dispatch_ours", str(count)], environment(Path(folder), port, **more))


def say(name: str, count: int, rounds: list[dict[str, float]]) -> None:
    """One line: medians of the rounds, messages a second by stage, and CPU microseconds a message."""
    took = {stage: statistics.median(found[stage] for found in rounds) for stage in STAGES}
    used = {
        stage: statistics.median(found[key] for found in rounds) / count * 1e6
        for stage, key in (("plan", "plan_cpu"), ("prepare", "prepare_cpu"), ("deliver", "cpu"))
    }
    whole = statistics.median(sum(found[stage] for stage in STAGES) for found in rounds)
    pace = "  ".join(f"{stage} {count / took[stage]:6.0f}/s" for stage in STAGES)
    cpu = "  ".join(f"{stage} {used[stage]:5.0f}" for stage in STAGES)
    print(
        f"{name:<8} in all {count / whole:6.0f}/s  {pace}   cpu us: {cpu}, in all {sum(used.values()):5.0f}  "
        f"{rounds[-1]['states']}",
        flush=True,
    )


def main() -> None:
    """Both ways in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1, help="that make texts; 0: as the cores allow")
    parser.add_argument("--scaled", type=int, default=0, help="workers on PostgreSQL + Redis")
    chosen = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
    for _ in range(chosen.rounds):
        for name, setting in WAYS.items():
            found[name].append(measure(chosen.count, setting, chosen.processes, chosen.scaled))
    for name, rounds in found.items():
        say(name, chosen.count, rounds)


if __name__ == "__main__":
    main()
