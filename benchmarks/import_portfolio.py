"""Rows a second of an import, the first time and unchanged; what it costs as CSV and as a spreadsheet; peak memory.

    python -m benchmarks.import_portfolio [--debtors 60000] [--forms csv,xlsx] [--database postgresql://...]

The file is the sample portfolio (45 columns, 1.7 rows a debtor), the widest there is: some 100,000 rows, and a fifth of
them beside it, to see whether memory grows with the file. Each is imported in a process of its own, twice: the second
time every row is compared with a known one. Beside it the same rows are only read as CSV and put as text into one bare
table with one index: how often that fits into an import says the same on every machine. Ends with 1 where memory, or
the processor counted so, is above its limit.

Compare a change with the same command before it on the same machine; differences under a tenth mean nothing.
"""

import argparse
import csv
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
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
# Bare loads of the same CSV that an import may cost, of the processor: a tenth above what it took when this was set.
MOST_LOADS = {"first import": 17.5, "the same again": 14.0}
_MANY = 100_000  # rows: of fewer, what each import does once weighs, and caches only fill
_LOADED = ("creditor", "debtor_reference", "debt_reference")


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
            if many["peak_mb"] > MOST_MB or (many["rows"] >= _MANY and grown > MOST_GROWTH):
                over.append(
                    f"{form}: more than {MOST_MB:.0f} MB, or {MOST_GROWTH} times for five times the rows"
                )
            over += [f"{form}: {name} takes {loads:.1f} bare loads" for name, loads in dear(form, many)]
    print("\n".join(over))
    sys.exit(bool(over))


def dear(form: str, found: Mapping[str, float]) -> list[tuple[str, float]]:
    """Imports that cost too much beside a bare load; a spreadsheet's is the reader's alone."""
    loads = [(name, found[f"{name} cpu"] / found["bare cpu"]) for name in IMPORTS]
    held = form == "csv" and found["rows"] >= _MANY
    return [(name, times) for name, times in loads if held and times > MOST_LOADS[name]]


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
        bare = []
        for name in IMPORTS:
            bare.append(bare_load(file.with_suffix(".csv"), home))
            found |= measured(name, database, home, file, settings)
        found["bare cpu"] = statistics.mean(bare)
        started = time.perf_counter()
        portfolio_status(database, SAMPLE_AS_OF)
        found["status s"] = time.perf_counter() - started
        database.close()
        found["peak_mb"] = peak_mb()
        return found


def bare_load(file: Path, home: Path) -> float:
    """Seconds of the processor for reading a CSV and putting it, as it stands, into one table."""
    started = time.process_time()
    place = home / "bare.db"
    with file.open(encoding="utf-8", newline="") as stream, closing(sqlite3.connect(place)) as connection:
        rows = csv.reader(stream)
        names = next(rows)
        connection.execute(f"CREATE TABLE ledger ({', '.join(f'{name} TEXT' for name in names)})")
        connection.executemany(f"INSERT INTO ledger VALUES ({', '.join('?' * len(names))})", rows)
        connection.execute(f"CREATE INDEX by_debt ON ledger ({', '.join(_LOADED)})")
        connection.commit()
    place.unlink()
    return time.process_time() - started


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
        loads = f"  {found[f'{name} cpu'] / found['bare cpu']:.1f} bare loads" if form == "csv" else ""
        print(
            f"{form:5} {found['rows']:9,.0f} rows  {name:15} {found[f'{name} s']:7.2f} s"
            f" {found[f'{name} cpu']:7.2f} s of CPU {pace:8,.0f} rows/s{loads}"
        )
    print(f"{form:5} peak memory {found['peak_mb']:.0f} MB, status {found['status s']:.2f} s")


if __name__ == "__main__":
    main()
