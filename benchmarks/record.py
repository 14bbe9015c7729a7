"""Measures the record: entries written, sealed, verified and exported per second, and search's first page.

    python benchmarks/record.py [--entries 1000000] [--url postgresql://…]

Without --url it makes an SQLite file in a temporary folder. The log is filled with a debtor for every 50 entries,
a message for every five of them, a refusal for every second message, and bodies of some 30 words.
"""

import argparse
import json
import platform
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert, text

from dispatcher.domain.log_entry import LogEntry
from dispatcher.domain.money import Money
from dispatcher.services.export_evidence import Source, export_evidence
from dispatcher.services.seal_log import seal_log
from dispatcher.services.search_log import search_log
from dispatcher.services.verify_export import verify
from dispatcher.services.verify_log import verify_log
from dispatcher.storage import contents, delivery_log
from dispatcher.storage.engine import Database, open_database
from dispatcher.storage.evidence import Scope
from dispatcher.storage.log_search import LogQuery
from dispatcher.storage.migrate import upgrade
from dispatcher.storage.seal_journal import SealJournal
from dispatcher.storage.sealing_keys import SealingKeys
from dispatcher.storage.tables import creditors, debtors, debts, messages

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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        home = Path(folder)
        database = open_database(arguments.url or f"sqlite:///{home / 'record.db'}")
        upgrade(database)
        results = measure(database, home, arguments.entries)
        database.close()
    print(
        json.dumps(
            {"machine": platform.platform(), "database": database.writer.dialect.name, **results}, indent=2
        )
    )


def measure(database: Database, home: Path, entries: int) -> dict[str, object]:
    keys, journal = SealingKeys(home / "keys"), SealJournal(home / "seals.jsonl")
    results: dict[str, object] = {"entries": entries}
    results["written per second"] = rate(entries, lambda: fill(database, entries))
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
    results["first page, ms"] = first_pages(database)
    results["slowest first page under 100 ms"] = max(results["first page, ms"].values()) < FIRST_PAGE_MS  # type: ignore[attr-defined]
    return results


def rate(count: int, work: Callable[[], object]) -> int:
    begun = time.perf_counter()
    work()
    return round(count / (time.perf_counter() - begun))


def fill(database: Database, entries: int) -> None:
    rng = random.Random(1)
    people = max(20, entries // 50)
    with database.writing() as connection:
        add_people(connection, people)
    made = 0
    while made < entries:
        with database.writing() as connection:
            made += write_batch(connection, rng, people, made, entries)
    with database.writing() as connection:
        connection.execute(text("PRAGMA optimize" if database.is_sqlite else "ANALYZE"))


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


def write_batch(connection: Connection, rng: random.Random, people: int, made: int, entries: int) -> int:
    numbers = [rng.randint(1, people) for _ in range(min(BATCH, (entries - made) // PER_MESSAGE + 1))]
    at = START + timedelta(seconds=made * 60)
    kept = delivery_log.keep_personal(connection, [(f"{n:032x}", personal(n)) for n in numbers])
    bodies = [body(rng, f"D-{n} {made}-{i}") for i, n in enumerate(numbers)]
    cases = [
        Case(
            key=str(uuid.UUID(int=rng.getrandbits(128))), debtor=n, at=at + timedelta(seconds=i), end=rng.choice(ENDS),
            personal_id=personal_id, commitment=commitment, digest=text_.sha256,
        )
        for i, (n, (personal_id, commitment), text_) in enumerate(zip(numbers, kept, bodies, strict=True))
    ]  # fmt: skip
    contents.keep(connection, bodies, now=at)
    connection.execute(insert(messages), [a_message(case, rng) for case in cases])
    log = [entry for case in cases for entry in entries_of(case, rng)][: entries - made]
    delivery_log.append(connection, log)
    return len(log)


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


def a_message(case: Case, rng: random.Random) -> dict[str, object]:
    return {
        "id": case.key, "creditor_id": case.debtor % 3 + 1, "debtor_id": case.debtor, "as_of": case.at.date(),
        "step": "first-reminder", "kind": "collection", "channel": "email",
        "address": f"d{case.debtor}@debtors.example",
        "template": "first-reminder" if rng.random() < 0.99 else "final-notice", "template_version": 1,
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
        event=event, at=case.at, actor="run", as_of=case.at.date(), message_id=None if blocked else case.key,
        person=f"{case.debtor:032x}", creditor=f"creditor-{case.debtor % 3 + 1}", step="first-reminder",
        kind="collection", channel="sms" if blocked else "email", template="first-reminder", template_version=1,
        rule_packs=("default@1", "us-regf@1"), balance=Money(12_050, "USD"), days_past_due=29,
        zones=("America/New_York",), body_sha256=case.digest if event == "accepted" else None,
        personal_id=case.personal_id, commitment=case.commitment, decision="block" if blocked else None,
        reasons=(reason,) if blocked else (),
    )  # fmt: skip


def first_pages(database: Database) -> dict[str, float]:
    middle = START + timedelta(days=200)
    queries: dict[str, tuple[LogQuery, str | None]] = {
        "newest": (LogQuery(), None),
        "debtor": (LogQuery(), "D-17"),
        "address": (LogQuery(address="d17@debtors.example"), None),
        "debt": (LogQuery(debt="INV-17"), None),
        "creditor": (LogQuery(creditor="creditor-2"), None),
        "creditor and event": (LogQuery(creditor="creditor-2", events=("complained",)), None),
        "a day long ago": (LogQuery(since=START + timedelta(days=3), until=START + timedelta(days=4)), None),
        "the first half": (LogQuery(until=middle), None),
        "creditor in the first half": (LogQuery(creditor="creditor-2", until=middle), None),
        "event in the first half": (LogQuery(events=("complained",), until=middle), None),
        "channel": (LogQuery(channel="sms"), None),
        "state, common": (LogQuery(state="delivered"), None),
        "state, less so": (LogQuery(state="bounced"), None),
        "rule, common": (LogQuery(rule="contact-hours"), None),
        "rule, rare": (LogQuery(rule="us-regf/rare-rule"), None),
        "rule of one debtor": (LogQuery(rule="contact-hours"), "D-17"),
        "template": (LogQuery(template="final-notice", template_version=1), None),
        "words, common": (LogQuery(words="importe pendiente"), None),
        "words, rare": (LogQuery(words="zeppelin"), None),
        "nothing": (LogQuery(address="nobody@debtors.example"), None),
        "approver, none": (LogQuery(approver="nobody"), None),
    }
    return {
        name: round(median_ms(lambda q=query, d=debtor: search_log(database, q, debtor=d)), 1)
        for name, (query, debtor) in queries.items()
    }


def median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
