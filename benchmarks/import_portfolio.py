"""Rows a second of an import, the first time and unchanged, on SQLite and (with a URL) on PostgreSQL; peak memory.

    python -m benchmarks.import_portfolio [--debtors 60000] [--database postgresql://...]

The file is the sample portfolio (45 columns, 1.7 rows a debtor), the widest there is. Compare a change with the
same command before it on the same machine; differences under a tenth mean nothing.
"""

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from dispatcher.database.engine import Database, open_database
from dispatcher.database.migrate import upgrade
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.portfolio.portfolio_status import portfolio_status
from dispatcher.portfolio.sample.sample_portfolio import SAMPLE_AS_OF, write_sample_portfolio


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--debtors", type=int, default=60_000)
    options.add_argument("--database", default="")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        file = home / "ledger.csv"
        rows = write_sample_portfolio(file, debtors=asked.debtors)
        print(f"{rows:,} rows of {asked.debtors:,} debtors, {file.stat().st_size / 1e6:.0f} MB")
        database = open_database(asked.database or f"sqlite:///{home / 'dispatcher.db'}")
        upgrade(database)
        for name in ("first import", "the same again"):
            measure(name, rows, database, home, file)
        started = time.perf_counter()
        portfolio_status(database, SAMPLE_AS_OF)
        print(f"status          {time.perf_counter() - started:8.2f} s")
        database.close()


def measure(name: str, rows: int, database: Database, home: Path, file: Path) -> None:
    now = datetime.now(UTC)
    request = ImportRequest(
        file=file, as_of=SAMPLE_AS_OF, now=now, actor="benchmark", full=True,
        rejects=home / "r.csv", warnings=home / "w.csv",
    )  # fmt: skip
    started = time.perf_counter()
    import_portfolio(database, request)
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:15} {seconds:8.2f} s {rows / seconds:10,.0f} rows/s, peak memory {memory:,.0f} MB")


if __name__ == "__main__":
    main()
