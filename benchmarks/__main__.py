"""Runs every benchmark on this machine and writes docs/benchmarks.md: each beside its peer or its limit.

python -m benchmarks [--short] [--only NAME] [--out FILE]
--short takes minutes instead of hours: smaller counts, one round. Ratios of one run are what is compared; a figure of
one machine says nothing about another. Exit code 1 where a benchmark failed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
QUIET = 0.3  # a core may be so busy with other things before it begins
LIBRARIES = ("dramatiq", "SQLAlchemy", "psycopg", "Jinja2", "plutoprint", "weasyprint", "sendgrid", "twilio")


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """One of `benchmarks/`. `beside` says what it is held against and how that was set up."""

    name: str
    title: str
    beside: str
    full: tuple[str, ...] = ()
    short: tuple[str, ...] = ()


BENCHMARKS = (
    Benchmark(
        name="dispatch",
        title="From plan to accepted",
        beside="The same e-mails from the same data by what one would use instead: (a) a dramatiq actor a message over "
        "Redis that renders with Jinja and sends over a kept SMTP session, with no record, no gate and no checks; (b) "
        "django-post_office with its batches, threads and kept connections; (c) a Celery task a message, prefork, over "
        "Redis. All send to the same SMTP sink on loopback.",
        full=("--count", "10000", "--growth", "--others"),
        short=("--count", "1000", "--growth", "--largest", "10000"),
    ),
    Benchmark(
        name="deliver",
        title="Delivering to a relay that is a network away",
        beside="What the sessions allow: one message on its way in each, two answers a message.",
        full=("--count", "5000", "--sessions", "64"),
        short=("--count", "500", "--sessions", "16", "--rounds", "1"),
    ),
    Benchmark(
        name="clearance",
        title="Judged once or twice",
        beside="The same day with every message judged again as it is claimed (`DISPATCHER_CLEARANCE=false`), in turn.",
        short=("--count", "1000", "--rounds", "1"),
    ),
    Benchmark(
        name="plan",
        title="Planning a day",
        beside="The bare query that finds the due debts, on the same database, without deciding or storing anything; "
        "and the same book without plans on one debt in five, which may cost at most 1.2 times as much.",
        full=("--sizes", "10000,100000,1000000", "--arranged", "5"),
        short=("--sizes", "1000,10000,100000", "--databases", "sqlite", "--arranged", "5"),
    ),
    Benchmark(
        name="forecast",
        title="A month ahead",
        beside="The same over everybody, where --exact asks for it. The aim: 100,000 debts in seconds.",
        full=("--exact",),
        short=("--sizes", "10000,100000"),
    ),
    Benchmark(
        name="score",
        title="Scoring a whole book",
        beside="Listing the same open debts by name. The limit: 1,000,000 debts in under 5 s.",
        short=("--sizes", "10000,100000", "--databases", "sqlite"),
    ),
    Benchmark(
        name="prepare",
        title="Writing and judging a message",
        beside="Rendering alone, which preparing contains.",
        short=("--debts", "10000", "--databases", "sqlite"),
    ),
    Benchmark(
        name="render",
        title="Rendering",
        beside="Plain Jinja on the same composed sources: no sandbox, no strictness, no checks, no MIME.",
        short=("--seconds", "1"),
    ),
    Benchmark(
        name="rehearse",
        title="Rehearsing a draft against the portfolio",
        beside="The limit: 100,000 debts in under 60 s.",
        short=("--debts", "10000"),
    ),
    Benchmark(
        name="letters",
        title="Letters",
        beside="WeasyPrint with its fast subsetter on the same HTML.",
        short=("--seconds", "2"),
    ),
    Benchmark(
        name="decide",
        title="The gate",
        beside="Its limit is one core; nothing comparable is known to us.",
        short=("--seconds", "1"),
    ),
    Benchmark(
        name="channels",
        title="Adapters",
        beside="The provider's bare library in a loop, against the same sink over TLS.",
        short=("--seconds", "1"),
    ),
    Benchmark(
        name="log_overhead",
        title="What the record costs",
        beside="The same day with the log's writes taken out.",
        short=("--count", "1000", "--rounds", "1"),
    ),
    Benchmark(
        name="record",
        title="The record",
        beside="Bare inserts and reads of the same rows, where the table says so.",
        short=("--entries", "20000"),
    ),
    Benchmark(
        name="import_portfolio",
        title="Importing a ledger",
        beside="The same file a second time, when nothing has changed; the same rows as a spreadsheet; a fifth of "
        "them; and how often reading the CSV and putting it as text into one bare table fits into an import. The "
        "limits: 250 MB, whatever the form; 17.5 bare loads for a first import of 100,000 rows and 14 for the same "
        "again. The aim is 1.3 times what an import took before ledgers were compared and consents logged, 11.2 and "
        "9.5 bare loads; it takes 1.4 times the first (16.1 loads) and 1.3 times the second (12.4), on 112,380 rows.",
        short=("--debtors", "3000"),
    ),
    Benchmark(
        name="front_door",
        title="The front door beside a crowd",
        beside="The same without 500 slow connections and 200 sign-ins at once. The limits: a debtor's page within "
        "200 ms at the median, a webhook within 100.",
        short=("--seconds", "10"),
    ),
    Benchmark(
        name="web",
        title="Pages",
        beside="The limit is what a person notices: a tenth of a second.",
        short=("--entries", "20000", "--debts", "2000"),
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What a benchmark said, and how it ended."""

    benchmark: Benchmark
    command: str
    said: str
    seconds: float
    failed: bool


def run(benchmark: Benchmark, arguments: Sequence[str], more: Sequence[str] = ()) -> Ran:
    """Run one in a process of its own; what it writes on stderr is kept where it fails."""
    began = time.monotonic()
    words = ["-m", f"benchmarks.{benchmark.name}", *arguments]
    done = subprocess.run(
        [sys.executable, *words, *more], cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = done.stdout.rstrip() + (f"\n{done.stderr.strip()[-2000:]}" if done.returncode else "")
    return Ran(
        benchmark=benchmark,
        command=" ".join(["python", *words]),
        said=said,
        seconds=time.monotonic() - began,
        failed=done.returncode != 0,
    )


def ratios(measured: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Lines of a table: each way of ours against each of the others, in all and delivering alone, in one run."""
    ours = {
        name: found
        for name, found in measured.items()
        if "deliver" in found and not name.startswith("growth")
    }
    others = {name: found for name, found in measured.items() if "deliver" not in found}
    lines = ["| ours | beside | delivering | in all |", "| --- | --- | --- | --- |"]
    for name, found in ours.items():
        for other, its in others.items():
            pace = its["count"] / its["seconds"]
            deliver = found["count"] / found["deliver"] / pace
            whole = found["count"] / (found["prepare"] + found["deliver"]) / pace
            lines.append(f"| {name} | {other} | {deliver:.2f} | {whole:.2f} |")
    return lines if others else []


def growth(measured: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Lines of a table: CPU time a message over the decades, the smallest being 1."""
    grown = sorted(
        (found for name, found in measured.items() if name.startswith("growth")), key=lambda f: f["count"]
    )
    if not grown:
        return []
    base = grown[0]["cpu"] / grown[0]["count"]
    lines = ["| messages | CPU a message | times the smallest |", "| --- | --- | --- |"]
    for found in grown:
        each = found["cpu"] / found["count"]
        lines.append(f"| {found['count']:,.0f} | {each * 1e6:,.0f} us | {each / base:.2f} |")
    return lines


def machine() -> list[str]:
    """What it ran on, and whether anything else ran beside it."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    system = f"{platform.machine()}, {cores} cores, {platform.system()}, Python {platform.python_version()}"
    quiet = (
        ""
        if load / cores <= QUIET
        else " **The machine was not quiet: compare ratios alone, and those with care.**"
    )
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, {system}; {libraries}.",
        "",
        f"Load when it began: {load:.1f}.{quiet}",
    ]


def page(
    head: Sequence[str], ran: Sequence[Ran], measured: Mapping[str, Mapping[str, float]], form: str
) -> str:
    """The whole page."""
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench` ({form}). Each is held against a peer or a limit in the same run on one machine: the",
        "ratios are what counts, and differences below a tenth mean nothing.",
        "",
        *head,
        "",
    ]
    for one in ran:
        lines += [f"## {one.benchmark.title}", "", f"Beside it: {one.benchmark.beside}", ""]
        if one.benchmark.name == "dispatch":
            for table in (ratios(measured), growth(measured)):
                lines += [*table, ""] if table else []
        lines += [f"`{one.command}` ({one.seconds:.0f} s){', **which failed**' if one.failed else ''}", ""]
        lines += ["```text", *(line.rstrip() for line in one.said.splitlines()), "```", ""]
    return "\n".join(lines)


def main() -> int:
    """Run them in order, telling which; the page is written when all have ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="", help="part of a benchmark's name")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    chosen = parser.parse_args()
    head, ran = machine(), []
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "dispatch.json"
        for benchmark in BENCHMARKS:
            if chosen.only in benchmark.name:
                print(f"{benchmark.name} …", flush=True)
                arguments = benchmark.short if chosen.short else benchmark.full
                more = ("--json", str(kept)) if benchmark.name == "dispatch" else ()
                ran.append(run(benchmark, arguments, more))
        measured = json.loads(kept.read_text()) if kept.exists() else {}
    form = "in its short form: small counts, one round" if chosen.short else "in full"
    chosen.out.write_text(page(head, ran, measured, form), encoding="utf-8")
    print(f"{chosen.out}: {len(ran)} benchmarks, {sum(one.failed for one in ran)} failed")
    return int(any(one.failed for one in ran))


if __name__ == "__main__":
    sys.exit(main())
