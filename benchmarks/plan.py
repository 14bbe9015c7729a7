"""Seconds and peak memory of planning a day beside the bare query, at growing sizes, on SQLite and PostgreSQL.

Run: python -m benchmarks.plan [--sizes 10000,100000,1000000] [--databases sqlite,postgresql] [--arranged 5] [--profile]

One debt in twenty has come to a step. `--arranged 5` plans the same book a second time with a plan on one debt in five,
made over ninety days (of which one in two hundred broke today, and one in thirty has a payment to remind of), and tells
the ratio of the two, and of the time for each decision: a day on which many arrangements break has more to say, and
costs no more for each. Each measurement is a process of its own, whose peak memory is its own; the decisions, messages,
ladders, log entries and personal values are all stored.
"""

import argparse
import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg

from tests.servers import postgresql

AS_OF = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 18, 0, tzinfo=UTC)  # working hours from coast to coast
EVERY = 20  # one debt in so many is due
STATES = ("NY", "CA", "TX", "FL", "IL", "WA", "CO", "MA", "GA", "OH")


def main() -> None:
    options = _arguments()
    if options.child:
        print(json.dumps(_measure(options.child, profile=options.profile)))
        return
    print(
        f"{'database':<11} {'debts':>9} {'due':>7} {'floor':>8} {'plan':>8} {'CPU':>8} {'per due':>9} {'memory':>8}"
    )
    with ExitStack() as stack:
        for name in options.databases.split(","):
            server = stack.enter_context(postgresql()) if name == "postgresql" else ""
            for size in (int(size) for size in options.sizes.split(",")):
                with filled(server, size) as url:
                    plain = _in_a_process(url, profile=options.profile)
                    _report(name, size, plain)
                if options.arranged:
                    with filled(server, size, arranged=options.arranged) as url:
                        found = _in_a_process(url, profile=options.profile)
                    _report(f"{name} +", size, found)
                    more, most = found["cpu"] / plain["cpu"], 1.2
                    each = more * plain["decided"] / found["decided"]
                    print(
                        f"with arrangements {more:.2f} times the processor's time (at most {most}), "
                        f"{each:.2f} times for each decision",
                        flush=True,
                    )


def _report(name: str, size: int, found: dict[str, float]) -> None:
    each = found["cpu"] / found["due"] * 1e6
    print(
        f"{name:<11} {size:>9,} {found['due']:>7,.0f} {found['floor']:>7.2f}s {found['plan']:>7.2f}s"
        f" {found['cpu']:>7.2f}s"
        f" {each:>6.0f} us {found['megabytes']:>5.0f} MB",
        flush=True,
    )


def _in_a_process(url: str, *, profile: bool) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.plan", "--child", url, *(["--profile"] if profile else [])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _measure(url: str, *, profile: bool) -> dict[str, float]:
    from dispatcher.bootstrap import open_dispatcher
    from dispatcher.planning.decide_reminders import PlanRequest
    from dispatcher.planning.plan_reminders import plan_reminders
    from dispatcher.planning.storage.candidates import find_candidates
    from dispatcher.settings import load_settings

    os.environ["DISPATCHER_DATABASE_URL"] = url
    dispatcher = open_dispatcher(load_settings(), now=NOW, upgrade=False)
    desk, database = dispatcher.policy, dispatcher.database
    with database.reading() as connection:
        began = time.perf_counter()
        due = sum(1 for _ in find_candidates(connection, desk.strategies, AS_OF))
        floor = time.perf_counter() - began
    request = PlanRequest(
        as_of=AS_OF, now=NOW, real_now=NOW, actor="benchmark", random_bytes=dispatcher.random_bytes
    )
    profiler = cProfile.Profile()
    began, cpu = time.perf_counter(), time.process_time()
    if profile:
        profiler.enable()
    summary = plan_reminders(database, desk, request)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    if profile:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumtime").print_stats(60)
    if summary.due < due:  # what arrangements call for comes on top
        raise SystemExit(f"{due} due and {summary.due} decided")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "due": due,
        "floor": floor,
        "plan": seconds,
        "cpu": cpu,
        "decided": summary.due,
        "megabytes": peak,
    }


@contextmanager
def filled(server: str, size: int, *, arranged: int = 0) -> Iterator[str]:
    """A migrated database with a portfolio, one debt in `arranged` under a plan; gone afterwards."""
    from dispatcher.database.engine import open_database
    from dispatcher.database.migrate import upgrade

    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        os.environ["DISPATCHER_HOME"] = folder
        url = (
            _created(server, f"plan_{size}_{arranged}") if server else f"sqlite:///{Path(folder) / 'plan.db'}"
        )
        database = open_database(url)
        upgrade(database)
        with database.writing() as connection:
            if server:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            agreed = _arrangements(size, arranged, is_sqlite=not server) if arranged else []
            for statement in [*_portfolio(size, is_sqlite=not server), *agreed]:
                connection.exec_driver_sql(statement.replace("%", "%%") if server else statement)
        with database.writer.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        database.close()
        yield url


def _created(server: str, name: str) -> str:
    with psycopg.connect(server.replace("@/", "@/postgres", 1), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]  # a name of our own
    return server.replace("@/", f"@/{name}", 1)


def _portfolio(size: int, *, is_sqlite: bool) -> list[str]:
    """Two debts a debtor; a third of the people have a phone as well; a tenth of the debts have had a reminder."""
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
    people, debts = count.format(size // 2), count.format(size)
    text = "'{}' || substr('00000000' || {}, -8)" if is_sqlite else "'{}' || lpad(({})::text, 8, '0')"
    states = " ".join(f"WHEN {k} THEN '{state}'" for k, state in enumerate(STATES))
    day = _Days(is_sqlite=is_sqlite)
    settled = f"CASE WHEN i % 10 IN (2, 3, 4) OR i % 20 = 10 THEN {day(-30)} END"
    due = (
        f"CASE WHEN i % {EVERY} = 0 THEN {day(-3)} WHEN i % 10 = 1 THEN {day(-8)}"
        f" WHEN i % 10 < 5 THEN {day(-60)} ELSE {day(25)} END"
    )
    return [
        "INSERT INTO creditors (id, key) VALUES (1, 'acme')",
        f"""INSERT INTO debtors (id, person, creditor_id, reference, name, language, country, region)
            {people} SELECT i, {text.format("p", "i")}, 1, {text.format("D", "i")}, 'Ana Example', 'en', 'US',
            CASE i % {len(STATES)} {states} END FROM n""",
        f"""INSERT INTO contact_points (debtor_id, medium, address)
            {people} SELECT i, 'email', {text.format("d", "i")} || '@debtors.example' FROM n""",
        f"""INSERT INTO contact_points (debtor_id, medium, address, label)
            {people} SELECT i, 'phone', '+1212' || substr({text.format("", "5550000 + i % 1000")}, 2), 'mobile'
            FROM n WHERE i % 3 = 0""",
        f"""INSERT INTO debts (id, creditor_id, debtor_id, reference, currency, balance_minor, due_date, issued_on,
                               settled_on, disputed_on)
            {debts} SELECT i, 1, (i + 1) / 2, {text.format("R", "i")}, 'USD', 1000 + i % 90000, {due}, {day(-90)},
            {settled}, CASE WHEN i % 400 = 0 THEN {day(-2)} END FROM n""",
        f"""INSERT INTO ladder (debt_id, recipient_id, strategy, step, day, anchor, message_id)
            {debts} SELECT i, (i + 1) / 2, 'consumer', 'first-reminder', 1, {day(-8)}, 'earlier' FROM n
            WHERE i % 10 = 1""",
    ]


def _arrangements(size: int, every: int, *, is_sqlite: bool) -> list[str]:
    """A plan of three payments on one open debt in so many, agreed over ninety days, each confirmed on its day."""
    day = _Days(is_sqlite=is_sqlite)
    part = 1000 * 20 // (13 * every)  # in a thousand: thirteen of twenty debts are open
    chosen = f"(i * 7919) % 1000 < {part} AND NOT (i % 10 IN (2, 3, 4) OR i % 20 = 10)"
    count = f"n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {size})"
    rows = f"WITH RECURSIVE {count}, d AS (SELECT i FROM n WHERE {chosen})"
    age = "((i * 41) % 90)"
    agreed_on = f"date({day(0)}, '-' || {age} || ' days')" if is_sqlite else f"({day(0)} - ({age})::int)"
    broken = "(i * 31) % 200 = 0"  # today
    base = """'{"known":[],"debts":{"' || i || '":{"day":"2026-10-01","balance":60000,"before":0}}}'"""
    terms = """'{"grace_days":5,"threshold_percent":"95","broken_after_days":10}'"""
    at, late = "'2026-10-01 12:00:00+00:00'", "'2027-01-01 12:00:00+00:00'"
    soon = f"CASE WHEN (i * 37) % 30 = 0 THEN {day(3)} ELSE {day(20)} END"
    number = "'m' || i"
    return [
        f"""INSERT INTO arrangements (id, creditor_id, debtor_id, kind, state, since, currency, total_minor, agreed_on,
                agreed_at, strategy, terms, base, told, recorded_at)
            {rows} SELECT i, 1, (i + 1) / 2, 'plan', CASE WHEN {broken} THEN 'broken' ELSE 'active' END,
            CASE WHEN {broken} THEN {day(0)} END, 'USD', 60000, {agreed_on}, {at}, 'consumer', {terms}, {base},
            '["agreed"]', {at} FROM d""",
        f"INSERT INTO arrangement_debts (arrangement_id, debt_id, is_open) {rows} SELECT i, i, NOT ({broken}) FROM d",
        f"INSERT INTO arrangement_parties (arrangement_id, debtor_id) {rows} SELECT i, (i + 1) / 2 FROM d",
        f"""INSERT INTO messages (id, creditor_id, recipient_id, as_of, step, kind, channel, template, state,
                expires_at, created_at, updated_at)
            {rows} SELECT {number}, 1, (i + 1) / 2, {agreed_on}, 'arrangement-confirmation', 'arrangement_service',
            'email', 'arrangement-confirmation', 'accepted', {late}, {at}, {at} FROM d WHERE {age} > 0""",
        f"""INSERT INTO follow_ups (message_id, arrangement_id, event, instalment, name, recipient_id)
            {rows} SELECT {number}, i, 'agreed', 0, 'arrangement-confirmation', (i + 1) / 2 FROM d WHERE {age} > 0""",
        *(
            f"""INSERT INTO instalments (arrangement_id, number, due_on, amount_minor, paid_minor, paid_on)
                {rows} SELECT i, {which}, {when}, 20000, {paid}, {paid_on} FROM d"""
            for which, when, paid, paid_on in (
                (1, day(-10), 20000, day(-10)),
                (2, soon, 0, "NULL"),
                (3, day(45), 0, "NULL"),
            )
        ),
    ]


class _Days:
    """Dates as the database writes them."""

    def __init__(self, *, is_sqlite: bool) -> None:
        self._word = "" if is_sqlite else "DATE "

    def __call__(self, days: int) -> str:
        return f"{self._word}'{AS_OF + timedelta(days=days)}'"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument(
        "--arranged", type=int, default=0, metavar="N", help="a plan on one debt in N as well"
    )
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    parser.add_argument("--child", metavar="URL", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
