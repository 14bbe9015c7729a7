"""Measures the pages' server time at a million log entries and 100,000 debts: the first page of every list.

    python -m benchmarks.web [--entries 1000000] [--debts 100000] [--home FOLDER]

The site runs in this process and is asked through its whole stack (session, access, queries, page), without a
network. A home that is kept is filled once.
"""

import argparse
import json
import platform
import secrets
import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import bindparam, func, insert, select, text, update
from starlette.testclient import TestClient

from benchmarks.record import fill
from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.record.seal_log import seal_log
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.settings import load_settings
from dispatcher.users.manage_users import add_user
from dispatcher.users.storage import sessions, users
from dispatcher.users.token_hash import token_hash
from dispatcher.web.site.app import build_app

MEDIAN_MS, LATE_MS = 100, 200  # at the median, at the 99th percentile
REPEATS = 100
PAGES = (
    "/",
    "/runs",
    "/runs/1",
    "/messages",
    "/messages?state=bounced",
    "/messages?state=held",
    "/messages?channel=sms",
    "/messages?channel=sms&state=bounced",
    "/messages?step=first-reminder&from=2024-01-01",
    "/messages?run=1",
    "/messages?creditor=creditor-1",
    "/messages?address=d17@debtors.example",
    "/messages?channel=email&state=delivered",
    "/messages?template=final-notice",
    "/people",
    "/people?q=D-4711",
    "/people?q=somebody",
    "/people?country=US",
    "/people/creditor-2/D-7",
    "/log",
    "/log?event=bounced",
    "/log?channel=email&from=2024-01-02",
    "/log?debtor=D-7",
    "/log?words=acuerdo",
    "/tasks",
    "/tasks?kind=unknown",
    "/stops",
    "/templates",
    "/rules",
    "/api/v1/messages?limit=100",
    "/api/v1/entries?limit=100",
    "/api/v1/people?limit=100",
    "/metrics",
    "/readyz",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--debts", type=int, default=100_000)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="web-") as folder:
        house = open_dispatcher(load_settings(home=arguments.home or Path(folder)))
        fill_house(house, arguments.entries, arguments.debts)
        report = measure(house)
        house.close()
    slow = sorted(path for path, (median, late) in report.items() if median >= MEDIAN_MS or late >= LATE_MS)
    said = {"machine": platform.machine(), "ms (median, 99th percentile)": report, "over the limit": slow}
    print(json.dumps(said, indent=2))
    sys.exit(bool(slow))


def fill_house(house: Dispatcher, entries: int, count: int) -> None:
    with house.database.reading() as connection:
        if connection.scalar(select(func.count()).select_from(users_table())):
            return
    fill(house.database, entries)
    with house.database.writing() as connection:
        known = connection.scalar(select(func.max(debtors.c.id))) or 0
        numbers = range(known + 1, count + 1)
        people = [
            {
                "id": n,
                "person": f"{n:032x}",
                "creditor_id": n % 3 + 1,
                "reference": f"D-{n}",
                "name": f"Person {n}",
                "country": "US",
            }
            for n in numbers
        ]
        connection.execute(insert(debtors), people)
        owed = {"currency": "USD", "balance_minor": 100, "due_date": date(2024, 1, 1)}
        connection.execute(
            insert(debts),
            [
                {"id": n, "creditor_id": n % 3 + 1, "debtor_id": n, "reference": f"INV-{n}", **owed}
                for n in numbers
            ],
        )
        spread_runs(connection)
        connection.execute(text("ANALYZE"))
    keys, journal = SealingKeys(house.keys), SealJournal(house.home / "seals.jsonl")
    seal_log(house.database, keys, journal, now=house.real_now())
    add_user(
        house.database, name="everybody", roles=["manager", "approver", "auditor", "operator", "admin"],
        password="correct horse battery", email="", by="benchmark", at=house.real_now(),
    )  # fmt: skip


def users_table():
    from dispatcher.database.tables.users import users as table

    return table


def spread_runs(connection) -> None:
    """A day for each run that the log was filled with, and each message in any of them."""
    ids = connection.scalars(select(runs.c.id).order_by(runs.c.id)).all()
    days = [{"run": key, "day": date(2024, 1, 1) + timedelta(days=n)} for n, key in enumerate(ids)]
    connection.execute(update(runs).where(runs.c.id == bindparam("run")).values(as_of=bindparam("day")), days)
    number = (
        func.abs(func.random()) % len(ids) + 1
        if connection.dialect.name == "sqlite"
        else func.floor(func.random() * len(ids)) + 1
    )
    connection.execute(update(messages).values(run_id=number))


def measure(house: Dispatcher) -> dict[str, tuple[float, float]]:
    client = TestClient(build_app(house), follow_redirects=False)
    assert house.policy  # as `dispatcher serve` does before it listens
    client.cookies.set("dispatcher_session", session(house))
    found = {}
    for path in PAGES:
        times = []
        for _ in range(REPEATS):
            begun = time.perf_counter()
            answer = client.get(path)
            times.append((time.perf_counter() - begun) * 1000)
            if answer.status_code != 200:
                sys.exit(f"{path} answered {answer.status_code}: {answer.text[:300]}")
        late = statistics.quantiles(times, n=100)[-1]
        found[path] = (round(statistics.median(times), 1), round(late, 1))
    with house.database.reading() as connection:
        print(f"{connection.scalar(select(func.max(log_entries.c.id))):,} entries", file=sys.stderr)
    return found


def session(house: Dispatcher) -> str:
    token, now = secrets.token_urlsafe(16), house.real_now()
    with house.database.writing() as connection:
        user = users.find(connection, "everybody")
        sessions.add(
            connection,
            token_sha256=token_hash(token),
            user_id=user.id,
            csrf="x",
            now=now,
            expires_at=now + timedelta(hours=1),
        )
    return token


if __name__ == "__main__":
    main()
