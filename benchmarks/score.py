"""Seconds of scoring a whole book in one statement, at growing sizes, on SQLite and PostgreSQL.

Run: python -m benchmarks.score [--sizes 10000,100000,1000000] [--databases sqlite,postgresql]

The card is the shipped one, taken for approved. Beside it the bare count of the same open debts. The limit: 1,000,000
debts in under 5 s. CPU is this process alone: SQLite works in it, PostgreSQL beside it.
"""

import argparse
import time
from contextlib import ExitStack
from dataclasses import replace

from benchmarks.plan import AS_OF, filled
from dispatcher import resources
from dispatcher.database.engine import open_database
from dispatcher.rulebook.scorecard import load_scorecard
from dispatcher.treatment.storage.scores import count_by_score
from dispatcher.treatment.storage.segments import open_debts
from tests.servers import postgresql


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    options = parser.parse_args()
    print(f"{'database':<11} {'debts':>9} {'open':>9} {'floor':>8} {'score':>8} {'CPU':>8}")
    with ExitStack() as stack:
        for name in options.databases.split(","):
            server = stack.enter_context(postgresql()) if name == "postgresql" else ""
            for size in (int(size) for size in options.sizes.split(",")):
                with filled(server, size) as url:
                    measure(name, size, url)


def measure(name: str, size: int, url: str) -> None:
    card = load_scorecard(resources.config_path(None, "scorecard.yaml"))
    if card is None:
        raise SystemExit("the shipped card is gone")
    database = open_database(url)
    with database.reading() as connection:
        began = time.perf_counter()
        found = len(open_debts(connection, (), AS_OF))
        floor = time.perf_counter() - began
        began, cpu = time.perf_counter(), time.process_time()
        counts = count_by_score(connection, replace(card, in_use=True), AS_OF)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    database.close()
    if sum(counts.values()) != found:
        raise SystemExit(f"{found} are open and {sum(counts.values())} scored")
    print(f"{name:<11} {size:>9,} {found:>9,} {floor:>7.2f}s {seconds:>7.2f}s {cpu:>7.2f}s", flush=True)


if __name__ == "__main__":
    main()
