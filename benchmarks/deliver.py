"""Delivering alone, to relays that take their time: messages a second beside what the sessions allow, CPU a message.

python -m benchmarks.deliver [--count 2000] [--latency 0,20,50,100] [--sessions 32] [--against CHECKOUT] [--rounds 3]
One home is made ready once, and a copy of it is delivered each time. With --against another checkout of this program
delivers its own home in turn with this one: the medians of one run are what is compared. What sessions allow: each has
one message on its way at a time, and a message takes two answers (RFC 2920: what comes together is answered together).
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.dispatch import ROOT, environment, run, sink

ANSWERS = 2  # to sender, recipient and leave to send; to the content


def measure(home: Path, checkout: Path, latency: int, sessions: int) -> dict[str, float]:
    """Deliver a copy of the home."""
    with tempfile.TemporaryDirectory() as folder, sink(latency) as port:
        copy = Path(folder) / "home"
        shutil.copytree(home, copy)
        more = {"DISPATCHER_CHANNELS__EMAIL__CONCURRENCY": str(sessions)}
        return run(
            ["benchmarks.dispatch_ours", "--deliver"], environment(copy, port, **more), checkout=checkout
        )


def say(name: str, count: int, latency: int, sessions: int, rounds: list[dict[str, float]]) -> None:
    """One line: medians of the rounds."""
    pace = statistics.median(count / found["deliver"] for found in rounds)
    cpu = statistics.median(found["cpu"] / count * 1e6 for found in rounds)
    share = ""
    if latency:
        allowed = sessions * 1000 / latency / ANSWERS
        share = f"  {pace / allowed:4.0%} of {allowed:,.0f}"
    states = rounds[-1]["states"]
    print(f"{name:<10} {latency:4d} ms  {pace:7.0f}/s  cpu {cpu:6.0f} us{share}  {states}", flush=True)


def main() -> None:
    """Make the homes, then each latency in turn, the checkouts taking turns within it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--latency", default="0,20,50,100", help="milliseconds of an answer")
    parser.add_argument("--sessions", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout, delivered in turn with this one")
    chosen = parser.parse_args()
    checkouts = {"ours": ROOT} | ({"other": chosen.against.resolve()} if chosen.against else {})
    with tempfile.TemporaryDirectory() as folder:
        for name, checkout in checkouts.items():
            ready = ["benchmarks.dispatch_ours", "--ready", str(chosen.count)]
            run(ready, environment(Path(folder) / name, 0), checkout=checkout)
        for latency in map(int, chosen.latency.split(",")):
            found: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
            for _ in range(chosen.rounds):
                for name, checkout in checkouts.items():
                    found[name].append(measure(Path(folder) / name, checkout, latency, chosen.sessions))
            for name, rounds in found.items():
                say(name, chosen.count, latency, chosen.sessions, rounds)


if __name__ == "__main__":
    main()
