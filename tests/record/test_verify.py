"""Verification finds what was changed and leaves lawful histories alone."""

from datetime import timedelta

from sqlalchemy import text

from dispatcher.services.change_key import rotate_key
from dispatcher.services.seal_log import seal_log
from dispatcher.services.verify_log import Verified, verify_log
from dispatcher.storage.seals import last_seal
from tests.record.histories import NOW, Log, add_debtors, add_message, add_refusal


def check(log: Log) -> Verified:
    return verify_log(log.database, log.keys, log.journal)


def seal(log: Log) -> None:
    seal_log(log.database, log.keys, log.journal, now=NOW)


def test_verify_accepts_a_sealed_history_and_a_fresh_tail(log: Log) -> None:
    with log.database.writing() as connection:
        add_debtors(connection, 3)
        add_message(connection, 1)
    seal(log)
    with log.database.writing() as connection:
        add_message(connection, 2)
    seal(log)
    with log.database.writing() as connection:
        add_refusal(connection, 3)
    report = check(log)
    assert [str(finding) for finding in report.findings] == []
    assert (report.entries, report.seals, report.unsealed, report.bodies) == (10, 2, 1, 2)


def test_verify_accepts_an_empty_log(log: Log) -> None:
    seal(log)
    assert check(log).findings == ()


def test_verify_follows_the_chain_over_a_new_key(log: Log) -> None:
    with log.database.writing() as connection:
        add_debtors(connection, 2)
        add_message(connection, 1)
    rotate_key(log.database, log.keys, log.journal, now=NOW)
    with log.database.writing() as connection:
        add_message(connection, 2)
    seal(log)
    with log.database.reading() as connection:
        newest = last_seal(connection)
    assert len(log.keys.public_keys()) == 2
    assert newest is not None
    assert newest.body.number == 3
    assert check(log).findings == ()


def test_verify_names_a_log_that_was_cut_off(sqlite_log: Log) -> None:
    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 2)
        add_message(connection, 1)
    seal(sqlite_log)
    with sqlite_log.database.writing() as connection:
        add_message(connection, 2, NOW + timedelta(days=1))
    seal(sqlite_log)
    with sqlite_log.database.writing() as connection:
        for table in ("log_entries", "seals", "sealed_entries"):
            connection.execute(text(f"DROP TRIGGER {table}_no_delete"))
        connection.execute(text("DELETE FROM sealed_entries WHERE seal = 2"))
        connection.execute(text("DELETE FROM seals WHERE number = 2"))
        connection.execute(text("DELETE FROM log_entries WHERE id > 5"))
    assert any(finding.place == "seal 2" for finding in check(sqlite_log).findings)
