"""What a regulator asks for is counted from the sealed record, month by the debtor's clock, and names its seal."""

import csv
import io
from datetime import UTC, date, datetime

import pytest

from dispatcher.database.engine import Database
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.record_hold import record_hold
from dispatcher.people.recording import Said
from dispatcher.people.release_hold import release
from dispatcher.record.regulator_tables import (
    Asked,
    NothingSealedError,
    complaints_by_cause,
    contacts_by_debtor,
)
from dispatcher.record.seal_log import seal_log
from dispatcher.record.storage.seals import last_seal
from tests.builders import a_debtor
from tests.record.histories import Log

NOW = datetime(2026, 12, 5, 12, tzinfo=UTC)
NOVEMBER = Asked(first=date(2026, 11, 1), last=date(2026, 11, 1))


def sent(message: str, at: datetime, person: str = "p1", **changes: object) -> LogEntry:
    fields = {
        "event": "accepted",
        "channel": "sms",
        "creditor": "acme",
        "zones": ("America/Santiago",),
    } | changes
    return LogEntry(at=at, actor="test", message_id=message, person=person, **fields)


def logged(database: Database, *entries: LogEntry) -> None:
    with database.writing() as connection:
        delivery_log.append(connection, entries)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_contacts_count_by_debtor_month_of_their_clock_and_channel(sqlite_log: Log) -> None:
    database = sqlite_log.database
    logged(
        database,
        sent("m1", datetime(2026, 11, 1, 2, tzinfo=UTC)),  # still October in Santiago
        sent("m2", datetime(2026, 11, 3, 15, tzinfo=UTC)),
        sent("m2", datetime(2026, 11, 3, 15, 1, tzinfo=UTC)),  # told twice
        sent("m3", datetime(2026, 12, 1, 2, tzinfo=UTC)),  # still November there
        sent("m4", datetime(2026, 11, 4, 15, tzinfo=UTC), simulated=True),
        sent("m5", datetime(2026, 11, 5, 15, tzinfo=UTC), person="p2", channel="email"),
    )
    seal_log(database, sqlite_log.keys, sqlite_log.journal, now=NOW)
    logged(database, sent("m6", datetime(2026, 11, 6, 15, tzinfo=UTC)))  # not sealed: not counted
    found = rows(contacts_by_debtor(database, NOVEMBER, actor="robin", now=NOW))
    assert [(r["debtor"], r["channel"], r["contacts"], r["first"], r["last"]) for r in found] == [
        ("p1", "sms", "2", "2026-11-03", "2026-11-30"),
        ("p2", "email", "1", "2026-11-05", "2026-11-05"),
    ]
    with database.reading() as connection:
        seal = last_seal(connection)
    assert {(r["month"], r["seal"], r["seal_root"]) for r in found} == {
        ("2026-11", str(seal.body.number), seal.body.root)
    }


def test_complaints_count_by_month_creditor_and_cause(sqlite_log: Log) -> None:
    database = sqlite_log.database
    for name, cause in (("A", "amenazas"), ("B", "amenazas"), ("C", "")):
        a_debtor(database, reference=name)
        said = Said(now=datetime(2026, 11, 9, 15, tzinfo=UTC), actor="robin")
        record_hold(database, f"acme/{name}", "complaint", said, details={"cause": cause} if cause else {})
    release(database, "acme/A", "complaint", Said(now=datetime(2026, 11, 20, 15, tzinfo=UTC), actor="robin"))
    seal_log(database, sqlite_log.keys, sqlite_log.journal, now=NOW)
    found = rows(complaints_by_cause(database, NOVEMBER, actor="robin", now=NOW))
    assert [(r["month"], r["creditor"], r["cause"], r["complaints"], r["answered"]) for r in found] == [
        ("2026-11", "acme", "", "1", "0"),
        ("2026-11", "acme", "amenazas", "2", "1"),
    ]
    december = Asked(first=date(2026, 12, 1), last=date(2026, 12, 1))
    assert rows(complaints_by_cause(database, december, actor="robin", now=NOW)) == []


def test_without_a_seal_nothing_is_counted(database: Database) -> None:
    logged(database, sent("m1", datetime(2026, 11, 3, 15, tzinfo=UTC)))
    with pytest.raises(NothingSealedError, match="dispatcher log seal"):
        contacts_by_debtor(database, NOVEMBER, actor="robin", now=NOW)
