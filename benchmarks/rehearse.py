"""Seconds of rehearsing a template's draft against a whole portfolio, beside the version in force.

Run: python -m benchmarks.rehearse [--debts 100000] [--template first-reminder] [--processes 0] [--profile]

The limit: 100,000 debts in under 60 s on two quiet cores. Two debts a person, 65 of 100 of them open; everybody has an
e-mail address, a third a telephone, a third a postal address; names, amounts and days differ; a tenth reads Spanish.
The draft differs from the version in force in one sentence of each text. CPU is this process and those it started.
"""

import argparse
import cProfile
import os
import pstats
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.plan import AS_OF, NOW, filled

if TYPE_CHECKING:
    from dispatcher.authoring.rehearse_template import Rehearsal
    from dispatcher.bootstrap import Dispatcher

LIMIT = 60.0  # seconds for 100,000 debts
FIRST_NAMES = ("Ana", "John", "Li", "Chloé", "José", "Mary", "Omar", "Ingrid")
LAST_NAMES = (
    "Pérez",
    "Smith",
    "Wei",
    "Dubois",
    "Núñez",
    "O''Neil",
    "Haddad",
    "Berg",
    "Novak",
    "Rossi",
    "Okafor",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--debts", type=int, default=100_000)
    parser.add_argument("--template", default="first-reminder")
    parser.add_argument("--processes", type=int, default=0, help="0: as many as the machine has cores")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    options = parser.parse_args()
    with filled("", options.debts) as url:
        os.environ["DISPATCHER_DATABASE_URL"] = url
        if options.processes:
            os.environ["DISPATCHER_PREPARE_PROCESSES"] = str(options.processes)
        measure(options)


def measure(options: argparse.Namespace) -> None:
    from dispatcher.bootstrap import open_dispatcher
    from dispatcher.settings import load_settings

    program = open_dispatcher(load_settings(), now=NOW, upgrade=False)
    enrich(program)
    program.refresh_templates()
    profiler = cProfile.Profile()
    began, cpu = time.perf_counter(), _cpu()
    if options.profile:
        profiler.enable()
    found = rehearse(program, options.template)
    if options.profile:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumtime").print_stats(60)
    seconds, cpu = time.perf_counter() - began, _cpu() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{options.debts:,} debts, {options.template}: {found.rendered:,} messages rendered and checked twice"
    )
    print(
        f"{seconds:.1f} s, {cpu:.1f} s of CPU, {cpu / found.rendered * 1e6:,.0f} us a message, {peak:.0f} MB"
    )
    print(f"limit for 100,000 debts: {LIMIT:.0f} s; held: {found.failed}, changed: {found.changed}")
    program.close()


def rehearse(program: "Dispatcher", name: str) -> "Rehearsal":
    """The rehearsal of a draft that adds a sentence to each text of the version in force."""
    from dispatcher.authoring.rehearse_template import rehearse_template
    from dispatcher.authoring.template_files import read_template
    from dispatcher.writing.language.compile import compile_version

    stored = read_template(Path(__file__).parent.parent / "templates", name)
    files = {path: _changed(path, text) for path, text in stored.files.items()}
    new, old = (
        compile_version(version, program.layouts)
        for version in (replace(stored, files=files, version=2), stored)
    )
    return rehearse_template(program.database, program.policy, new, old, as_of=AS_OF, now=NOW)


def _changed(path: str, text: str) -> str:
    if path.endswith(".yaml"):
        return text
    return text.rstrip() + (" Ana." if path.endswith(".txt") else "\n\nAna\n")


def enrich(program: "Dispatcher") -> None:
    """Names, languages and postal addresses that differ."""
    first, last = _one_of(FIRST_NAMES), _one_of(LAST_NAMES)
    lines = """'["' || id || ' Example Street"]'"""
    place = f"address_lines = {lines}, city = 'New York', postal_code = '10001', region = 'NY'"
    with program.database.writing() as connection:
        for statement in (
            f"UPDATE debtors SET name = {first} || ' ' || {last} || ' ' || id",
            "UPDATE debtors SET language = 'es' WHERE id % 10 = 3",
            f"UPDATE debtors SET {place} WHERE id % 3 = 1",
        ):
            connection.exec_driver_sql(statement)


def _one_of(values: tuple[str, ...]) -> str:
    cases = " ".join(f"WHEN {number} THEN '{value}'" for number, value in enumerate(values))
    return f"CASE id % {len(values)} {cases} END"


def _cpu() -> float:
    own, children = os.times(), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.user + own.system + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
