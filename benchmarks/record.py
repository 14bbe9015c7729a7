"""Measures the record: entries written, sealed, verified and exported per second, and search's first page.

    python benchmarks/record.py [--entries 1000000] [--url postgresql://…]

Without --url it makes an SQLite file in a temporary folder. The log is filled with messages to 1 debtor in 50
entries, one refusal in ten entries, and bodies of some 30 words.
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
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text

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
WORDS = "importe pendiente plazo acuerdo factura vencida llamenos ayuda opcion oficina horario gracias cuenta aviso".split()
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
    print(json.dumps({"machine": platform.platform(), "database": database.writer.dialect.name, **results}, indent=2))


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
    results["exported per second"] = rate(entries, lambda: export_evidence(source, Scope(), home / "all.jsonl"))
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
        connection.execute(insert(creditors), [{"id": n, "key": f"creditor-{n}"} for n in (1, 2, 3)])
        numbers = range(1, people + 1)
        connection.execute(insert(debtors), [{"id": n, "person": f"{n:032x}", "creditor_id": n % 3 + 1, "reference": f"D-{n}"} for n in numbers])
        connection.execute(
            insert(debts),
            [{"id": n, "creditor_id": n % 3 + 1, "debtor_id": n, "reference": f"INV-{n}", "currency": "USD", "balance_minor": 100, "due_date": date(2024, 1, 1)} for n in numbers],
        )
    made = 0
    while made < entries:
        with database.writing() as connection:
            made += write_batch(connection, rng, people, made, entries)
    if database.is_sqlite:
        with database.writing() as connection:
            connection.execute(text("PRAGMA optimize"))
    else:
        with database.writing() as connection:
            connection.execute(text("ANALYZE"))


def write_batch(connection: object, rng: random.Random, people: int, made: int, entries: int) -> int:
    numbers = [rng.randint(1, people) for _ in range(min(BATCH, (entries - made) // PER_MESSAGE + 1))]
    at = START + timedelta(seconds=made * 60)
    kept = delivery_log.keep_personal(
        connection, [(f"{n:032x}", {"debtor": f"creditor-{n % 3 + 1}/D-{n}", "debts": [f"creditor-{n % 3 + 1}/INV-{n}"], "address": f"d{n}@debtors.example"}) for n in numbers]
    )
    bodies, rows, log = [], [], []
    for i, (n, (personal_id, commitment)) in enumerate(zip(numbers, kept, strict=True)):
        key, end = str(uuid.UUID(int=rng.getrandbits(128))), rng.choice(ENDS)
        said = f"D-{n} {made}-{i} " + " ".join(rng.choices(WORDS, k=30)) + (" zeppelin" if rng.random() < 0.0005 else "")
        bodies.append(contents.Content.of(said.encode(), "text/plain", said))
        rows.append(a_message(key, n, "delivered" if end == "complained" else end, at, personal_id, commitment, bodies[-1].sha256, rng))
        refused = rng.random() < 0.5
        for event in (*EVENTS[: 3 if refused else 4], "blocked" if refused else end):
            log.append(an_entry(event, key, n, at + timedelta(seconds=i), personal_id, commitment, bodies[-1].sha256, rng))
        if refused:
            log.append(an_entry(end, key, n, at + timedelta(seconds=i), personal_id, commitment, bodies[-1].sha256, rng))
    contents.keep(connection, bodies, now=at)
    connection.execute(insert(messages), rows)
    log = log[: entries - made]
    delivery_log.append(connection, log)
    return len(log)


def a_message(key: str, n: int, state: str, at: datetime, personal_id: int, commitment: str, digest: str, rng: random.Random) -> dict[str, object]:
    return {
        "id": key, "creditor_id": n % 3 + 1, "debtor_id": n, "as_of": at.date(), "step": "first-reminder", "kind": "collection",
        "channel": "email", "address": f"d{n}@debtors.example", "template": "first-reminder" if rng.random() < 0.99 else "final-notice",
        "template_version": 1, "state": state, "expires_at": at, "content_sha256": digest, "personal_id": personal_id,
        "commitment": commitment, "created_at": at, "updated_at": at, "provider": "folder", "provider_id": f"p-{key}",
    }  # fmt: skip


def an_entry(event: str, key: str, n: int, at: datetime, personal_id: int, commitment: str, digest: str, rng: random.Random) -> LogEntry:
    blocked = event == "blocked"
    rule = rng.choice(("contact-hours", "contact-hours", "call-frequency")) if rng.random() < 0.999 else "rare-rule"
    return LogEntry(
        event=event, at=at, actor="run", as_of=at.date(), message_id=None if blocked else key, person=f"{n:032x}",
        creditor=f"creditor-{n % 3 + 1}", step="first-reminder", kind="collection", channel="sms" if blocked else "email",
        template="first-reminder", template_version=1, rule_packs=("default@1", "us-regf@1"), balance=Money(12_050, "USD"),
        days_past_due=29, zones=("America/New_York",), body_sha256=digest if event == "accepted" else None, personal_id=personal_id,
        commitment=commitment, decision="block" if blocked else None,
        reasons=({"pack": "us-regf", "rule": rule, "decision": "block", "reference": "12 CFR 1006.6"},) if blocked else (),
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
    return {name: round(median_ms(lambda q=q, d=d: search_log(database, q, debtor=d)), 1) for name, (q, d) in queries.items()}


def median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
