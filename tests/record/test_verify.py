"""Verification finds what was changed and leaves lawful histories alone."""

import json
import os
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from dispatcher.authoring.review_template import template_entry
from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.database.engine import Database
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.storage import contents
from dispatcher.planning.storage.rules_in_force import record_rules_in_force
from dispatcher.record.change_key import change_key, rotate_key
from dispatcher.record.export_evidence import Source, export_evidence
from dispatcher.record.reindex_log import reindex_log
from dispatcher.record.seal_log import seal_log
from dispatcher.record.search_log import search_log
from dispatcher.record.storage import word_index
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.storage.log_search import LogQuery
from dispatcher.record.storage.sealing_keys import KeyProblemError, SealingKeys
from dispatcher.record.storage.seals import last_seal
from dispatcher.record.verify.looks import looking
from dispatcher.record.verify.verify_file import examine_file
from dispatcher.record.verify.verify_log import Verified, verify_log
from dispatcher.values.logo import Logo, encoded
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.letters.engine import DocumentFacts
from dispatcher.writing.letters.installed import installed_engine
from dispatcher.writing.mime import Email, email_bytes
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


def test_processes_side_by_side_say_what_one_says(log: Log) -> None:
    with log.database.writing() as connection:
        add_debtors(connection, 4)
    for number in (1, 2, 3):
        with log.database.writing() as connection:
            add_message(connection, number)
        seal(log)
    with log.database.writing() as connection:
        add_message(connection, 4)
    assert check(log).findings == ()
    counted: list[tuple[int, int]] = []
    beside = verify_log(
        log.database, log.keys, log.journal, lambda *at: counted.append(at), processes=2, many=0, piece=1
    )
    assert beside == check(log)
    assert [done for done, _ in counted] == sorted({done for done, _ in counted})
    assert len(counted) == 3
    with log.database.writing() as connection:
        connection.execute(text("UPDATE messages SET channel = 'letter' WHERE channel = 'email'"))
    beside = verify_log(log.database, log.keys, log.journal, processes=2, many=0, piece=1)
    assert beside == check(log)
    assert beside.findings


def test_a_process_that_dies_leaves_nothing_unsaid(log: Log) -> None:
    with log.database.writing() as connection:
        add_debtors(connection, 1)
        add_message(connection, 1)
    with looking(log.database, 2) as looks:
        asked = [looks.take(dies_elsewhere, os.getpid()), looks.take(dies_elsewhere, os.getpid())]
        assert [answer() for answer in asked] == [1, 1]


def dies_elsewhere(database: Database, at_home: int) -> int:
    """How many debtors there are, where it is asked at home; else the end of the process."""
    if os.getpid() != at_home:
        os._exit(1)
    with database.reading() as connection:
        return connection.scalar(text("SELECT count(*) FROM debtors")) or 0


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


def lose_the_key(log: Log) -> None:
    (log.keys.folder / "signing.key").unlink()


def replace(log: Log, why: str) -> None:
    change_key(log.database, log.keys, log.journal, now=NOW, why=why, actor="ana")


def test_a_lost_key_is_never_replaced_silently(log: Log) -> None:
    with log.database.writing() as connection:
        add_debtors(connection, 2)
        add_message(connection, 1)
    seal(log)
    old = next(iter(log.keys.public_keys()))
    lose_the_key(log)
    for attempt in (lambda: seal(log), lambda: replace(log, "")):
        with pytest.raises(KeyProblemError, match="--new-key --why"):
            attempt()
    replace(log, "the disk burnt")
    with log.database.writing() as connection:
        add_message(connection, 2)
    seal(log)
    report = check(log)
    assert report.findings == ()
    [note] = report.notes
    assert note.startswith("seal 2: KEY REPLACED on 2026-03-02 15:00 UTC because: the disk burnt.")
    assert old in note
    with log.database.reading() as connection:
        entry = connection.scalar(text("SELECT entry FROM log_entries WHERE event = 'key_replaced'"))
    assert json.loads(entry)["details"]["lost_key"] == old
    assert json.loads(entry)["actor"] == "ana"


def test_a_key_that_is_there_is_rotated_whatever_is_said(log: Log) -> None:
    seal(log)
    with log.database.writing() as connection:
        add_debtors(connection, 1)
        add_message(connection, 1)
    seal(log)
    replace(log, "every year")
    assert check(log).notes == ()


def test_a_wrong_key_in_the_folder_is_set_aside_not_overwritten(sqlite_log: Log, tmp_path: Path) -> None:
    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 1)
        add_message(connection, 1)
    seal(sqlite_log)
    lose_the_key(sqlite_log)
    other = SealingKeys(tmp_path / "other").signing(None)
    (tmp_path / "other" / "signing.key").rename(sqlite_log.keys.folder / "signing.key")
    replace(sqlite_log, "somebody put another key there")
    assert (sqlite_log.keys.folder / f"{other.key_id}.key").exists()
    assert check(sqlite_log).findings == ()


@pytest.mark.parametrize("trusted", ["old", "new", "none"])
def test_an_export_over_a_replaced_key_says_so_and_stands_on_the_new_key_alone(
    sqlite_log: Log, tmp_path: Path, trusted: str
) -> None:
    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 1)
        add_message(connection, 1)
    seal(sqlite_log)
    before = sqlite_log.keys.public_keys()
    lose_the_key(sqlite_log)
    replace(sqlite_log, "stolen laptop")
    [new] = [key for name, key in sqlite_log.keys.public_keys().items() if name not in before]
    source = Source(
        database=sqlite_log.database, keys=sqlite_log.keys, journal=sqlite_log.journal, actor="ana", now=NOW
    )
    export_evidence(source, Scope(), tmp_path / "all.jsonl")
    keys = {"old": next(iter(before.values())), "new": new, "none": ""}
    examined = examine_file(tmp_path / "all.jsonl", keys[trusted])
    assert ["KEY REPLACED" in note and "stolen laptop" in note for note in examined.notes] == [True]
    assert bool(examined.findings) is (trusted == "old")


def test_a_seal_by_another_key_that_gives_no_reason_is_a_finding(sqlite_log: Log) -> None:
    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 1)
        add_message(connection, 1)
    seal(sqlite_log)
    lose_the_key(sqlite_log)
    replace(sqlite_log, "lost")
    with sqlite_log.database.writing() as connection:
        connection.execute(text("DROP TRIGGER seals_no_update"))
        body = connection.scalar(text("SELECT body FROM seals WHERE number = 2"))
        changed = body.replace(',"why":"lost"', "")
        connection.execute(text("UPDATE seals SET body = :body WHERE number = 2"), {"body": changed})
    assert any("the chain wants" in finding.what for finding in check(sqlite_log).findings)


def test_verify_names_rule_packs_and_templates_that_are_gone_or_changed(log: Log) -> None:
    files = {"template.yaml": "purpose: x\n", "en/sms.txt": "Hello"}
    version = TemplateVersion(name="first-reminder", version=1, files=files, created_at=NOW)
    with log.database.writing() as connection:
        record_rules_in_force(connection, {"default@1": b"one", "us-regf@1": b"two"}, now=NOW, actor="run")
        template_versions.add_template(connection, "first-reminder", purpose="", owner="", now=NOW)
        template_versions.add(connection, StoredVersion(version=version, source="pages"))
        entry = template_entry(version, "template_published", actor="ana", at=NOW)
        delivery_log.append(connection, [entry])
    seal(log)
    assert check(log).findings == ()
    with log.database.writing() as connection:
        connection.execute(text("DELETE FROM contents WHERE id = 2"))
        changed = with_another_text(files)
        connection.execute(text("UPDATE template_versions SET files = :files"), {"files": changed})
    told = [str(finding) for finding in check(log).findings]
    assert len(told) == 2
    assert "position 2 (id 2): template first-reminder version 1 is not what the log says" in told[0]
    assert "position 1 (id 1): the text of rule pack us-regf@1" in told[1]


def with_another_text(files: dict[str, str]) -> str:
    return json.dumps({**files, "en/sms.txt": "Pay now"})


def accept(log: Log, content: contents.Content) -> None:
    """A message of this content was accepted, and that was sealed."""
    with log.database.writing() as connection:
        contents.keep(connection, [content], now=NOW)
        delivery_log.append(
            connection, [LogEntry(event="accepted", at=NOW, actor="run", body_sha256=content.sha256)]
        )
    seal(log)


def test_verify_reads_letters_too(sqlite_log: Log) -> None:
    page = "<html><body style='font-family: \"Source Sans Pro\"'>Buenos d\u00edas, Ana: su importe es 120,50 \u20ac.</body></html>"
    facts = DocumentFacts(title="t", author="a", keywords="", language="es", created_on=NOW.date())
    pdf = installed_engine().write(page, facts)
    letter = contents.Content.of(
        pdf, "application/pdf", "Buenos d\u00edas, Ana: su importe es 120,50 \u20ac."
    )
    accept(sqlite_log, letter)
    assert check(sqlite_log).findings == ()
    with sqlite_log.database.writing() as connection:
        connection.execute(text("UPDATE contents SET text = replace(text, '120', '20000')"))
    [finding] = check(sqlite_log).findings
    assert str(finding) == ("entry at position 1 (id 1): its reading text says '20000,50', its PDF does not")


def test_verify_reads_an_email_whose_logo_is_kept_apart(sqlite_log: Log) -> None:
    file = b"\x89PNG, or what stands for one"
    logo = Logo(
        sha256=sha256(file).hexdigest(), media_type="image/png", width=1, height=1, encoded=encoded(file)
    )
    words = {"subject": "Hello", "text": "Hello Ana\n", "html": "<p>Hello Ana</p>\n"}
    mail = Email(message_id="m-1", to="ana@x.example", to_name="", sender="a@x.example", sender_name="Acme",
                 reply_to="a@x.example", language="en", sent_at=NOW, logo=logo, **words)  # fmt: skip
    email = contents.Content.of(email_bytes(mail), "message/rfc822", words["text"], logo)
    accept(sqlite_log, email)
    assert check(sqlite_log).findings == ()
    with sqlite_log.database.writing() as connection:
        connection.execute(text("UPDATE contents SET body = x'00' WHERE media_type = 'image/png'"))
    told = [str(finding) for finding in check(sqlite_log).findings]
    assert any("position 1 (id 1): its body (contents row 2) was changed" in each for each in told)


def test_reindex_makes_anew_what_searches_read(log: Log) -> None:
    def found() -> list[list[int]]:
        queries = (LogQuery(creditor="acme"), LogQuery(rule="contact-hours"), LogQuery(words="llamenos"))
        return [[entry.id for entry in search_log(log.database, query).entries] for query in queries]

    with log.database.writing() as connection:
        add_debtors(connection, 2)
        add_message(connection, 1)
        add_refusal(connection, 2)
    seal(log)
    before = found()
    with log.database.writing() as connection:
        connection.execute(text("DELETE FROM log_facets WHERE event = 'blocked'"))
        connection.execute(text("UPDATE log_facets SET creditor = 'other' WHERE event = 'accepted'"))
        word_index.clear(connection)
    told = [str(finding) for finding in check(log).findings]
    assert any("searches pass it over" in each for each in told)
    assert any("(accepted): what searches find entries by was changed" in each for each in told)
    done = reindex_log(log.database)
    assert (done.entries, done.bodies) == (6, 1)
    assert check(log).findings == ()
    assert found() == before
