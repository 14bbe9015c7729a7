"""Measures the record: entries written, sealed, verified and exported per second, and search's first page.

    python -m benchmarks.record [--entries 1000000] [--url postgresql://…] [--together 3]

Without --url it makes an SQLite file in a temporary folder. The log is filled with a debtor for every 50 entries,
a message for every five of them, a refusal for every second message, and bodies of some 30 words.
"""

import argparse
import itertools
import json
import platform
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, text

from dispatcher.database.engine import Database, open_database
from dispatcher.database.migrate import upgrade
from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.storage import contents
from dispatcher.record.export_evidence import Source, export_evidence
from dispatcher.record.seal_log import seal_log
from dispatcher.record.search_log import AT_ONCE, search_log
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.storage.log_search import LogQuery, Page
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.verify.verify_export import verify
from dispatcher.record.verify.verify_log import verify_log
from dispatcher.values.money import Money

START = datetime(2024, 1, 1, 9, 0, tzinfo=UTC)
EVENTS = ("planned", "queued", "attempting", "accepted")
ENDS = ("delivered",) * 18 + ("bounced", "complained")
WORDS = (
    "importe", "pendiente", "plazo", "acuerdo", "factura", "vencida", "llamenos", "ayuda", "opcion", "oficina",
    "horario", "gracias", "cuenta", "aviso",
)  # fmt: skip
PER_MESSAGE = 5
BATCH = 1_000  # messages
FIRST_PAGE_MS = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--url", default="")
    parser.add_argument("--together", type=int, default=3, help="filters combined in one search")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        home = Path(folder)
        database = open_database(arguments.url or f"sqlite:///{home / 'record.db'}")
        upgrade(database)
        results = measure(database, home, arguments.entries, arguments.together)
        database.close()
    print(
        json.dumps(
            {"machine": platform.machine(), "database": database.writer.dialect.name, **results}, indent=2
        )
    )


def measure(database: Database, home: Path, entries: int, together: int) -> dict[str, object]:
    keys, journal = SealingKeys(home / "keys"), SealJournal(home / "seals.jsonl")
    results: dict[str, object] = {"entries": entries}
    begun = time.perf_counter()
    of_the_log = fill(database, entries)
    results["written per second, the log alone"] = round(entries / of_the_log)
    results["written per second with messages and bodies"] = round(entries / (time.perf_counter() - begun))
    results["sealed per second (with the index of words)"] = rate(
        entries, lambda: seal_log(database, keys, journal, now=START)
    )
    report = None

    def check() -> None:
        nonlocal report
        report = verify_log(database, keys, journal)

    results["verified per second"] = rate(entries, check)
    results["findings"] = len(report.findings) if report else None
    source = Source(database=database, keys=keys, journal=journal, actor="benchmark", now=START)
    results["exported per second"] = rate(
        entries, lambda: export_evidence(source, Scope(), home / "all.jsonl")
    )
    results["verified from the export per second"] = rate(entries, lambda: verify(home / "all.jsonl"))
    results["first page, ms"] = first_pages(database, together)
    return results


def rate(count: int, work: Callable[[], object]) -> int:
    begun = time.perf_counter()
    work()
    return round(count / (time.perf_counter() - begun))


def fill(database: Database, entries: int) -> float:
    """Fill the log; returns the seconds that its own transactions took."""
    rng, made, seconds = random.Random(1), 0, 0.0
    people = max(20, entries // 50)
    with database.writing() as connection:
        add_people(connection, people)
        add_runs(connection, entries // (BATCH * PER_MESSAGE) + 1)
    while made < entries:
        written, took = write_batch(database, rng, people, made, entries)
        made, seconds = made + written, seconds + took
    with database.writing() as connection:
        connection.execute(text("PRAGMA optimize" if database.is_sqlite else "ANALYZE"))
    return seconds


def add_people(connection: Connection, people: int) -> None:
    numbers = range(1, people + 1)
    connection.execute(insert(creditors), [{"id": n, "key": f"creditor-{n}"} for n in (1, 2, 3)])
    connection.execute(
        insert(debtors),
        [{"id": n, "person": f"{n:032x}", "creditor_id": n % 3 + 1, "reference": f"D-{n}"} for n in numbers],
    )
    due = {"currency": "USD", "balance_minor": 100, "due_date": date(2024, 1, 1)}
    connection.execute(
        insert(debts),
        [
            {"id": n, "creditor_id": n % 3 + 1, "debtor_id": n, "reference": f"INV-{n}", **due}
            for n in numbers
        ],
    )


def add_runs(connection: Connection, count: int) -> None:
    run = {
        "as_of": START.date(),
        "mode": "live",
        "state": "finished",
        "started_at": START,
        "real_started_at": START,
    }
    connection.execute(insert(runs), [{"id": n, **run} for n in range(1, count + 1)])


@dataclass(frozen=True, kw_only=True)
class Case:
    """One message: to whom, when, how it ended, and what its entries refer to."""

    key: str
    debtor: int
    at: datetime
    end: str
    personal_id: int
    commitment: str
    digest: str
    run: int
    template: str


def write_batch(
    database: Database, rng: random.Random, people: int, made: int, entries: int
) -> tuple[int, float]:
    """Write the log in a transaction of its own, to time it, then what it speaks of."""
    numbers = [rng.randint(1, people) for _ in range(min(BATCH, (entries - made) // PER_MESSAGE + 1))]
    at = START + timedelta(seconds=made * 60)
    values = [(f"{n:032x}", personal(n)) for n in numbers]
    bodies = [body(rng, f"D-{n} {made}-{i}") for i, n in enumerate(numbers)]
    begun = time.perf_counter()
    with database.writing() as connection:
        kept = delivery_log.keep_personal(connection, values)
        seconds = time.perf_counter() - begun
        cases = [
            Case(
                key=str(uuid.UUID(int=rng.getrandbits(128))), debtor=n, at=at + timedelta(seconds=i),
                end=rng.choice(ENDS), personal_id=personal_id, commitment=commitment, digest=text_.sha256,
                run=made // (BATCH * PER_MESSAGE) + 1,
                template="first-reminder" if rng.random() < 0.99 else "final-notice",
            )
            for i, (n, (personal_id, commitment), text_) in enumerate(zip(numbers, kept, bodies, strict=True))
        ]  # fmt: skip
        log = [entry for case in cases for entry in entries_of(case, rng)][: entries - made]
        begun = time.perf_counter()
        delivery_log.append(connection, log)
    seconds += time.perf_counter() - begun
    with database.writing() as connection:
        contents.keep(connection, bodies, now=at)
        connection.execute(insert(messages), [a_message(case) for case in cases])
        connection.execute(insert(attempts), [an_attempt(case) for case in cases])
    return len(log), seconds


def personal(n: int) -> dict[str, object]:
    creditor = f"creditor-{n % 3 + 1}"
    return {
        "debtor": f"{creditor}/D-{n}",
        "debts": [f"{creditor}/INV-{n}"],
        "address": f"d{n}@debtors.example",
    }


def body(rng: random.Random, head: str) -> contents.Content:
    rare = " zeppelin" if rng.random() < 0.0005 else ""
    said = f"{head} {' '.join(rng.choices(WORDS, k=30))}{rare}"
    return contents.Content.of(said.encode(), "text/plain", said)


def entries_of(case: Case, rng: random.Random) -> list[LogEntry]:
    """Half of the messages came after another channel was refused."""
    events = (
        "planned",
        *(("blocked",) if rng.random() < 0.5 else ("queued",)),
        "attempting",
        "accepted",
        case.end,
    )
    return [an_entry(event, case, rng) for event in events]


def an_attempt(case: Case) -> dict[str, object]:
    began = {"began_at": case.at, "real_began_at": case.at, "provider": "folder"}
    return {"message_id": case.key, "number": 1, "content_sha256": case.digest, **began}


def a_message(case: Case) -> dict[str, object]:
    return {
        "id": case.key, "run_id": case.run, "creditor_id": case.debtor % 3 + 1, "recipient_id": case.debtor,
        "as_of": case.at.date(),
        "step": "first-reminder", "kind": "collection", "channel": "email",
        "address": f"d{case.debtor}@debtors.example",
        "template": case.template, "template_version": 1,
        "state": "delivered" if case.end == "complained" else case.end, "expires_at": case.at, "created_at": case.at,
        "updated_at": case.at, "content_sha256": case.digest, "personal_id": case.personal_id, "provider": "folder",
        "commitment": case.commitment, "provider_id": f"p-{case.key}",
    }  # fmt: skip


def an_entry(event: str, case: Case, rng: random.Random) -> LogEntry:
    blocked = event == "blocked"
    rule = (
        rng.choice(("contact-hours", "contact-hours", "call-frequency"))
        if rng.random() < 0.999
        else "rare-rule"
    )
    reason = {"pack": "us-regf", "rule": rule, "decision": "block", "reference": "12 CFR 1006.6"}
    return LogEntry(
        event=event, at=case.at, actor="run", run_id=case.run, as_of=case.at.date(),
        message_id=None if blocked else case.key,
        person=f"{case.debtor:032x}", creditor=f"creditor-{case.debtor % 3 + 1}", step="first-reminder",
        kind="collection", channel="sms" if blocked else "email", template=case.template, template_version=1,
        rule_packs=("default@1", "us-regf@1"), balance=Money(12_050, "USD"), days_past_due=29,
        zones=("America/New_York",), body_sha256=case.digest if event == "accepted" else None,
        personal_id=case.personal_id, commitment=case.commitment, decision="block" if blocked else None,
        reasons=(reason,) if blocked else (),
    )  # fmt: skip


# One name and one field a line; a second value of a field is another name. What is common and what is rare differ
# a thousandfold, so that a combination may be empty though each of its filters is not.
FILTERS: dict[str, dict[str, Any]] = {
    "debtor": {"persons": (f"{17:032x}",)},
    "address": {"address": "d17@debtors.example"},
    "debt": {"debt": "INV-17"},
    "creditor": {"creditor": "creditor-2"},
    "channel": {"channel": "sms"},
    "event, common": {"events": ("accepted",)},
    "event, rare": {"events": ("complained",)},
    "state, common": {"state": "delivered"},
    "state, rare": {"state": "bounced"},
    "rule, common": {"rule": "contact-hours"},
    "rule, rare": {"rule": "us-regf/rare-rule"},
    "template, common": {"template": "first-reminder"},
    "template, rare": {"template": "final-notice", "template_version": 1},
    "words, common": {"words": "importe pendiente"},
    "words, rare": {"words": "zeppelin"},
    "run": {"run_id": 40},
    "approver, none": {"approver": "nobody"},
    "actor, none": {"actor": "nobody"},
    "provider id, none": {"provider_id": "nobody"},
}  # fmt: skip
PERIODS: dict[str, dict[str, Any]] = {
    "": {},
    ", first half": {"until": START + timedelta(days=347)},
    ", a month": {"since": START + timedelta(days=300), "until": START + timedelta(days=331)},
    ", a day": {"since": START + timedelta(days=3), "until": START + timedelta(days=4)},
}
SHOWN = 12


def first_pages(database: Database, together: int) -> dict[str, Any]:
    """Every combination of up to so many filters, with every period: the slowest of them, and how many are slow."""
    search_log(database, LogQuery(words="importe"), limit=1)  # what is not yet in the index of words goes in
    found, short = {}, 0
    for name, query in combinations_of(together):
        found[name], page = median_ms(lambda q=query: search_log(database, q, at_most=AT_ONCE))
        short += page.looked_back_to is not None
    slowest = sorted(found, key=lambda name: -found[name])[:SHOWN]
    return {
        "combinations": len(found),
        "median": round(statistics.median(found.values()), 1),
        "over 100 ms": sum(ms > FIRST_PAGE_MS for ms in found.values()),
        "ended early, to go on with the next page": short,
        "slowest": {name: round(found[name], 1) for name in slowest},
        "alone": {name: round(found[name], 1) for name in FILTERS},
    }


def combinations_of(together: int) -> Iterator[tuple[str, LogQuery]]:
    for size in range(together + 1):
        for names in itertools.combinations(FILTERS, size):
            fields = [set(FILTERS[name]) for name in names]
            if sum(map(len, fields)) > len(set().union(*fields)):
                continue  # two values of one field
            for period, bounds in PERIODS.items():
                values = {key: value for name in names for key, value in FILTERS[name].items()}
                yield " + ".join(names) + period or "all", LogQuery(**values, **bounds)


def median_ms(work: Callable[[], Page]) -> tuple[float, Page]:
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        page = work()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times), page


if __name__ == "__main__":
    main()
