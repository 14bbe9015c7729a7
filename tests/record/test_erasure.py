"""Erasing a person removes what is personal and nothing else, and the log stays whole."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text, update

from channels.event import DeliveryEvent, EventKind
from dispatcher.database.engine import open_database
from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.messages import contents, messages
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import contact_points, debtors, debts
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.messages.storage.contents import ERASED
from dispatcher.record.backup_database import backup_database
from dispatcher.record.domain.retention import RetentionPeriod
from dispatcher.record.erase_person import Erasure, ErasureRefusedError, erase_person
from dispatcher.record.export_evidence import Source, export_evidence
from dispatcher.record.retain_records import due_for_erasure, retain_records
from dispatcher.record.seal_log import seal_log
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.verify.verify_export import verify
from dispatcher.record.verify.verify_log import verify_log
from dispatcher.rulebook.retention import load_retention
from tests.portfolio.books import a_file, a_row, an_import, rejects, warnings
from tests.record.histories import NOW, Log, add_debtors, add_message, add_refusal, person
from tests.shared import ROOT

REQUEST = Erasure(actor="ana", now=NOW, why="request of 2026-03-01")


def seal(log: Log) -> None:
    seal_log(log.database, log.keys, log.journal, now=NOW)


def findings(log: Log) -> list[str]:
    return [str(finding) for finding in verify_log(log.database, log.keys, log.journal).findings]


def fill(log: Log) -> None:
    with log.database.writing() as connection:
        add_debtors(connection, 3)
        add_message(connection, 1)
        add_message(connection, 2)
        add_refusal(connection, 1)


def test_erasure_leaves_a_log_that_verifies(log: Log, tmp_path: Path) -> None:
    fill(log)
    seal(log)
    found = erase_person(log.database, person(1), REQUEST)
    assert (len(found.bodies), len(found.personal)) == (1, 2)
    assert findings(log) == []
    source = Source(database=log.database, keys=log.keys, journal=log.journal, actor="ana", now=NOW)
    export_evidence(source, Scope(), tmp_path / "all.jsonl")
    assert verify(tmp_path / "all.jsonl")[1] == []
    export_evidence(source, Scope(creditor="acme"), tmp_path / "some.jsonl")
    assert verify(tmp_path / "some.jsonl")[1] == []
    assert "ana1@debtors.example" not in (tmp_path / "all.jsonl").read_text()
    assert "ana2@debtors.example" in (tmp_path / "all.jsonl").read_text()


def test_erasure_removes_the_values_from_the_file(sqlite_log: Log) -> None:
    fill(sqlite_log)
    seal(sqlite_log)
    erase_person(sqlite_log.database, person(1), REQUEST)
    data = Path(str(sqlite_log.database.writer.url.database)).read_bytes()
    assert b"ana1@debtors.example" not in data
    assert b"Ana 1," not in data
    assert b"ana2@debtors.example" in data


def test_erasure_leaves_no_address_that_a_provider_repeated(sqlite_log: Log) -> None:
    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 1)
        key = add_message(connection, 1)
    said = "550 5.1.1 <ANA1@debtors.example>: user unknown (ana1@debtors.example)"
    event = DeliveryEvent(
        provider="sendgrid", event_id="1", kind=EventKind.BOUNCED, at=NOW, message_id=key, permanent=True, reason=said, raw={"reason": said},
    )  # fmt: skip
    record_delivery_events(sqlite_log.database, [event], now=NOW)
    with sqlite_log.database.reading() as connection:
        bounced = connection.scalar(select(log_entries.c.entry).where(log_entries.c.event == "bounced"))
    assert json.loads(bounced)["details"]["reason"] == "550 5.1.1 <[address]>: user unknown ([address])"
    seal(sqlite_log)
    erase_person(sqlite_log.database, person(1), REQUEST)
    data = Path(str(sqlite_log.database.writer.url.database)).read_bytes()
    assert b"ana1@debtors.example" not in data.lower()
    assert findings(sqlite_log) == []


def test_erasure_is_not_the_same_as_deleting_behind_the_log(log: Log) -> None:
    fill(log)
    seal(log)
    with log.database.writing() as connection:
        connection.execute(text("DELETE FROM personal_values WHERE id = 1"))
        connection.execute(update(contents).where(contents.c.id == 1).values(**ERASED))
    told = findings(log)
    assert len(told) == 2
    assert all("no entry says that they were erased" in each for each in told)
    assert told[0].startswith("entry at position 1 ")


def test_erasure_gives_way_to_a_legal_hold(log: Log) -> None:
    fill(log)
    with log.database.writing() as connection:
        connection.execute(
            insert(holds).values(debtor_id=1, kind="legal", starts_on=NOW.date(), recorded_at=NOW)
        )
    with pytest.raises(ErasureRefusedError, match="legal hold"):
        erase_person(log.database, person(1), REQUEST)
    with log.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(personal_values)) == 3


def test_erasure_waits_for_messages_on_their_way(log: Log) -> None:
    fill(log)
    with log.database.writing() as connection:
        connection.execute(update(messages).where(messages.c.recipient_id == 1).values(state="unknown"))
    with pytest.raises(ErasureRefusedError, match="on their way"):
        erase_person(log.database, person(1), REQUEST)


def test_retention_lists_only_whose_time_is_over(log: Log) -> None:
    with log.database.writing() as connection:
        add_debtors(connection, 4)
        for number, years in ((1, 4), (2, 2), (3, 4), (4, 4)):
            add_message(connection, number, NOW - timedelta(days=366 * years))
        connection.execute(update(debts).where(debts.c.debtor_id != 4).values(settled_on=date(2022, 1, 1)))
        connection.execute(update(debtors).where(debtors.c.id == 3).values(country="XX"))
        connection.execute(
            insert(holds).values(debtor_id=1, kind="legal", starts_on=NOW.date(), recorded_at=NOW)
        )
    periods = (
        RetentionPeriod(years=10, reference="ten", countries=("XX",)),
        RetentionPeriod(years=3, reference="three"),
    )
    due = due_for_erasure(log.database, periods, NOW.date())
    assert [(each.holdings.debtor, each.kept_because) for each in due] == [
        ("acme/D-1", "legal hold"),
        ("acme/D-4", "1 open debts"),
    ]


def test_retention_over_a_year_of_history_erases_and_still_verifies(log: Log) -> None:
    with log.database.writing() as connection:
        add_debtors(connection, 60)
        connection.execute(update(debts).values(settled_on=date(2022, 1, 1)))
    for month in range(12):
        with log.database.writing() as connection:
            for number in range(1 + month * 5, 6 + month * 5):
                add_message(connection, number, NOW - timedelta(days=365 * 3 + 30 * (month - 6)))
        seal(log)
    erased, kept = retain_records(
        log.database, load_retention(ROOT / "config" / "retention.yaml")[1:2], REQUEST
    )
    assert (len(erased), kept) == (25, [])
    seal(log)
    report = verify_log(log.database, log.keys, log.journal)
    assert [str(each) for each in report.findings] == []
    assert report.erased == 50
    with log.database.reading() as connection:
        entry = connection.scalar(
            text("SELECT entry FROM log_entries WHERE event = 'erased' ORDER BY id LIMIT 1")
        )
    assert json.loads(entry)["details"]["why"] == "request of 2026-03-01"


def test_backup_is_whole_and_goes_on_after_a_restore(sqlite_log: Log, tmp_path: Path) -> None:
    fill(sqlite_log)
    seal(sqlite_log)
    made = backup_database(
        sqlite_log.database, sqlite_log.keys, sqlite_log.journal, tmp_path / "copy" / "dispatcher.db", now=NOW
    )
    assert made.verified.findings == ()
    assert made.verified.entries == 11
    assert not (tmp_path / "copy" / "keys" / "signing.key").exists()
    restored = open_database(f"sqlite:///{made.path}")
    with restored.writing() as connection:
        add_message(connection, 3)
    report = seal_log(restored, sqlite_log.keys, SealJournal(tmp_path / "copy" / "seals.jsonl"), now=NOW)
    assert report.entries == 5
    assert (
        verify_log(
            restored, SealingKeys(tmp_path / "copy" / "keys"), SealJournal(tmp_path / "copy" / "seals.jsonl")
        ).findings
        == ()
    )
    restored.close()


def test_backup_of_postgresql_restores_with_its_own_tools(
    postgres_url: str, empty_postgres_url: str, tmp_path: Path, open_url
) -> None:
    import subprocess

    from tests.servers import postgresql_program

    log = Log(open_url(postgres_url), tmp_path / "home")
    fill(log)
    seal(log)
    dump = subprocess.run(
        [postgresql_program("pg_dump"), "--format=custom", postgres_url], capture_output=True, check=True
    ).stdout
    subprocess.run([postgresql_program("pg_restore"), "--dbname", empty_postgres_url], input=dump, check=True)
    restored = Log(open_url(empty_postgres_url), tmp_path / "home")
    with restored.database.writing() as connection:
        add_message(connection, 3)
    seal(restored)
    assert findings(restored) == []


def test_an_import_brings_nothing_of_an_erased_person_back(log: Log, tmp_path: Path) -> None:
    first = a_file(
        tmp_path, a_row(), a_row(debt_reference="0002", debtor_reference="08", debtor_name="Berta")
    )
    an_import(log.database, first, full=True)
    with log.database.reading() as connection:
        pseudonym = connection.scalar(select(debtors.c.person).where(debtors.c.reference == "07"))
    erase_person(log.database, str(pseudonym), REQUEST)

    again = a_file(
        tmp_path,
        a_row(debtor_name="Ana the second", balance="99.00"),
        a_row(debt_reference="0003", settled_on="2026-11-01"),
        a_row(debt_reference="0002", debtor_reference="08", debtor_name="Berta"),
    )
    report = an_import(log.database, again, full=True)

    assert (report.rows, report.imported, report.refused, report.vanished) == (3, 1, 1, 0)
    [refused], [warned] = rejects(again), warnings(again)
    assert (refused["line"], refused["column"], refused["value"]) == ("2", "debtor_reference", "07")
    assert "was erased on 2026-03-02" in refused["reason"]
    assert "a new reference" in refused["reason"]
    assert warned["line"] == "3"
    with log.database.reading() as connection:
        rows = dict(connection.execute(select(debtors.c.reference, debtors.c.name)).all())
        points = connection.scalar(
            select(func.count()).select_from(contact_points).join(debtors).where(debtors.c.reference == "07")
        )
        owed = connection.scalar(select(debts.c.balance_minor).where(debts.c.reference == "0001"))
    assert (rows, points, owed) == ({"07": "", "08": "Berta"}, 0, 12_050)
    assert findings(log) == []
