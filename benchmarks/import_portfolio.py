"""Rows a second of an import, the first time and unchanged; what it costs as CSV and as a spreadsheet; peak memory.

    python -m benchmarks.import_portfolio [--debtors 60000] [--forms csv,xlsx] [--database postgresql://...]

The file is the sample portfolio (45 columns, 1.7 rows a debtor), the widest there is: some 100,000 rows, and a fifth of
them beside it, to see whether memory grows with the file. Each is imported in a process of its own, twice: the second
time every row is compared with a known one. Ends with 1 where memory is above its limit.

Compare a change with the same command before it on the same machine; differences under a tenth mean nothing.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook

from dispatcher.bootstrap import open_dispatcher
from dispatcher.database.engine import Database, open_database
from dispatcher.database.migrate import upgrade
from dispatcher.portfolio.domain.import_request import ImportSettings
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.portfolio.portfolio_status import portfolio_status
from dispatcher.portfolio.sample.sample_portfolio import SAMPLE_AS_OF, write_sample_portfolio
from dispatcher.settings import load_settings

MOST_MB = 250.0  # at 100,000 rows, in whatever form
MOST_GROWTH = (
    1.25  # times the memory for five times the rows: a book of a million must not take ten times as much
)
IMPORTS = ("first import", "the same again")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--debtors", type=int, default=60_000)
    options.add_argument("--forms", default="csv,xlsx")
    options.add_argument("--database", default="")
    options.add_argument("--one", type=Path, help="Import this file; for this program's own use.")
    asked = options.parse_args()
    if asked.one:
        print(json.dumps(import_twice(asked.one, asked.database)))
        return
    over = []
    with tempfile.TemporaryDirectory() as folder:
        for form in asked.forms.split(","):
            few, many = (
                in_a_process(written(Path(folder), form, debtors), asked.database)
                for debtors in (asked.debtors // 5, asked.debtors)
            )
            for found in (few, many):
                tell(form, found)
            grown = many["peak_mb"] / few["peak_mb"]
            print(f"{form:5} memory for five times the rows: {grown:.2f} times\n")
            over += [form] if many["peak_mb"] > MOST_MB or grown > MOST_GROWTH else []
    if over:
        print(
            f"more than {MOST_MB:.0f} MB, or {MOST_GROWTH} times for five times the rows: {', '.join(over)}"
        )
    sys.exit(bool(over))


def written(folder: Path, form: str, debtors: int) -> Path:
    """The sample in a form."""
    plain = folder / f"ledger-{debtors}.csv"
    if not plain.exists():
        write_sample_portfolio(plain, debtors=debtors)
    if form == "csv":
        return plain
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Ledger")
    with plain.open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            sheet.append([cell or None for cell in row])
    file = plain.with_suffix(".xlsx")
    book.save(file)
    return file


def in_a_process(file: Path, database: str) -> Mapping[str, float]:
    """What importing it took, in a process that has done nothing else."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.import_portfolio",
        "--one",
        str(file),
        "--database",
        database,
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Mapping[str, float] = json.loads(done.stdout)
    return found


def import_twice(file: Path, address: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        house = open_dispatcher(load_settings(home=home))
        settings = house.import_settings
        house.close()
        database = open_database(address or f"sqlite:///{home / 'ledger.db'}")
        upgrade(database)
        found: dict[str, float] = {}
        for name in IMPORTS:
            found |= measured(name, database, home, file, settings)
        started = time.perf_counter()
        portfolio_status(database, SAMPLE_AS_OF)
        found["status s"] = time.perf_counter() - started
        database.close()
        found["peak_mb"] = peak_mb()
        return found


def peak_mb() -> float:
    """Of this process alone: Linux hands `ru_maxrss` on to a child, so it would be the peak of who wrote the sample."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(
    name: str, database: Database, home: Path, file: Path, settings: ImportSettings
) -> dict[str, float]:
    request = ImportRequest(
        file=file, as_of=SAMPLE_AS_OF, now=datetime.now(UTC), actor="benchmark", full=True,
        rejects=home / "r.csv", warnings=home / "w.csv", settings=settings,
    )  # fmt: skip
    started, worked = time.perf_counter(), time.process_time()
    report = import_portfolio(database, request)
    return {
        "rows": report.rows,
        f"{name} s": time.perf_counter() - started,
        f"{name} cpu": time.process_time() - worked,
    }


def tell(form: str, found: Mapping[str, float]) -> None:
    for name in IMPORTS:
        pace = found["rows"] / found[f"{name} s"]
        print(
            f"{form:5} {found['rows']:9,.0f} rows  {name:15} {found[f'{name} s']:7.2f} s"
            f" {found[f'{name} cpu']:7.2f} s of CPU {pace:8,.0f} rows/s"
        )
    print(f"{form:5} peak memory {found['peak_mb']:.0f} MB, status {found['status s']:.2f} s")


if __name__ == "__main__":
    main()
