"""Seals time-stamped by an authority: fetched beside the run, checked by both verifiers, and refused where it does not hold."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import select, text, update

from dispatcher.bootstrap.stamps import stamp_authority, stamp_roots
from dispatcher.database.tables.record import seal_stamps
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.record.domain.time_stamp import StampError
from dispatcher.record.export_evidence import Source, export_evidence
from dispatcher.record.seal_log import seal_log
from dispatcher.record.stamp_seals import Authority, stamp_newest_seal
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.verify import verify_stamps
from dispatcher.record.verify.verify_file import examine_file
from dispatcher.record.verify.verify_log import verify_log
from dispatcher.settings.desk import SealSettings
from tests.record.authority import FAULTS, OpensslAuthority, listening
from tests.record.histories import NOW, Log

pytestmark = pytest.mark.skipif(
    not shutil.which("openssl"), reason="no openssl here: it is the authority of these tests"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpensslAuthority]:
    with listening(OpensslAuthority(tmp_path_factory.mktemp("authority") / "tsa")) as running:
        yield running


@pytest.fixture
def openssl(server: OpensslAuthority) -> Iterator[OpensslAuthority]:
    yield server
    server.fault = ""


def settings(openssl: OpensslAuthority) -> SealSettings:
    return SealSettings(stamp_url=openssl.url, stamp_roots=openssl.roots, stamp_seconds=20)


def authority(openssl: OpensslAuthority) -> Authority:
    opened = stamp_authority(settings(openssl))
    assert opened is not None
    return opened


def seal(log: Log) -> None:
    with log.database.writing() as connection:
        delivery_log.append(connection, [LogEntry(event="stopped", at=NOW, actor="test", details={})])
    seal_log(log.database, log.keys, log.journal, now=NOW)


def exported(log: Log, out: Path) -> Path:
    source = Source(database=log.database, keys=log.keys, journal=log.journal, actor="auditor", now=NOW)
    export_evidence(source, Scope(), out)
    return out


def test_a_seal_is_stamped_once_and_its_stamp_holds_in_the_database(
    log: Log, openssl: OpensslAuthority
) -> None:
    asked = authority(openssl)
    assert stamp_newest_seal(log.database, asked, now=NOW) == "nothing is sealed yet"
    seal(log)
    assert "seal 1 was stamped by 127.0.0.1" in stamp_newest_seal(log.database, asked, now=NOW)
    assert stamp_newest_seal(log.database, asked, now=NOW) == "seal 1 is stamped"
    verified = verify_log(log.database, log.keys, log.journal, roots=asked.roots)
    assert (verified.findings, verified.notes) == ((), ())
    [unchecked] = verify_log(log.database, log.keys, log.journal).notes
    assert "their stamps were not checked" in unchecked


@pytest.mark.parametrize("fault", FAULTS[1:])
def test_an_answer_that_does_not_hold_is_written_down_and_asked_for_again(
    sqlite_log: Log, openssl: OpensslAuthority, fault: str
) -> None:
    seal(sqlite_log)
    openssl.fault = fault
    for tries in (1, 2):
        with pytest.raises(StampError, match=r"seal 1 has no time-stamp yet: 127\.0\.0\.1"):
            stamp_newest_seal(sqlite_log.database, authority(openssl), now=NOW)
        with sqlite_log.database.reading() as connection:
            [row] = connection.execute(select(seal_stamps)).all()
        assert (row.tries, row.answer, bool(row.problem)) == (tries, None, True)
    openssl.fault = ""
    assert "was stamped" in stamp_newest_seal(sqlite_log.database, authority(openssl), now=NOW)


def test_an_authority_that_is_down_keeps_no_seal_from_being_made(
    sqlite_log: Log, openssl: OpensslAuthority
) -> None:
    seal(sqlite_log)
    nobody = SealSettings(stamp_url="http://127.0.0.1:9/stamp", stamp_roots=openssl.roots)
    down = stamp_authority(nobody)
    assert down is not None
    with pytest.raises(StampError, match=r"127\.0\.0\.1"):
        stamp_newest_seal(sqlite_log.database, down, now=NOW)
    seal(sqlite_log)
    assert "seal 2 was stamped" in stamp_newest_seal(
        sqlite_log.database, authority(openssl), now=NOW + timedelta(hours=1)
    )
    assert (
        verify_log(
            sqlite_log.database, sqlite_log.keys, sqlite_log.journal, roots=stamp_roots(nobody)
        ).findings
        == ()
    )


@pytest.mark.parametrize("form", [".jsonl", ".csv", ".zip"])
def test_exports_carry_the_stamps_and_the_product_checks_them(
    sqlite_log: Log, openssl: OpensslAuthority, tmp_path: Path, form: str
) -> None:
    seal(sqlite_log)
    stamp_newest_seal(sqlite_log.database, authority(openssl), now=NOW)
    file = exported(sqlite_log, tmp_path / f"all{form}")
    examined = examine_file(file, roots=stamp_roots(settings(openssl)))
    assert examined.findings == []
    assert [note for note in examined.notes if note.startswith("seal 1: time-stamped at ")]
    assert any("were not checked" in note for note in examine_file(file).notes)


def test_the_auditors_own_verifiers_check_a_bundle_and_find_a_stamp_of_something_else(
    sqlite_log: Log, openssl: OpensslAuthority, tmp_path: Path
) -> None:
    seal(sqlite_log)
    stamp_newest_seal(sqlite_log.database, authority(openssl), now=NOW)
    seal(sqlite_log)
    stamp_newest_seal(sqlite_log.database, authority(openssl), now=NOW)
    with zipfile.ZipFile(exported(sqlite_log, tmp_path / "all.zip")) as archive:
        archive.extractall(tmp_path / "bundle")
    [folder] = {file.parent for file in (tmp_path / "bundle").rglob("verify_stamps.py")}

    def run(*words: str | Path) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", *map(str, words)], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    status, said = run(folder / "verify.py", folder)
    assert (status, "verify_stamps.py checks that" in said) == (0, True), said
    status, said = run(folder / "verify_stamps.py", folder, openssl.roots)
    assert (status, said.count("seen on")) == (0, 2), said
    status, said = run(folder / "verify_stamps.py", folder, openssl.home / "stranger.pem")
    assert (status, said.count("does not hold")) == (1, 2), said

    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    end = json.loads(lines[-1])
    first, second = end["time_stamps"]
    end["time_stamps"] = [{**first, "answer": second["answer"]}]  # of another seal
    (folder / "entries.jsonl").write_bytes(b"".join(lines[:-1]) + json.dumps(end).encode())
    right, wrong = verify_stamps.verify(folder, openssl.roots)
    assert (right, len(wrong)) == ([], 1)
    assert run(folder / "verify.py", folder)[0] == 1  # and the last line is not as it was signed


def test_a_stamp_that_was_exchanged_in_the_database_is_found(
    sqlite_log: Log, openssl: OpensslAuthority
) -> None:
    asked = authority(openssl)
    for _ in range(2):
        seal(sqlite_log)
        stamp_newest_seal(sqlite_log.database, asked, now=NOW)
    with sqlite_log.database.writing() as connection:
        other = select(seal_stamps.c.answer).where(seal_stamps.c.number == 2).scalar_subquery()
        connection.execute(update(seal_stamps).where(seal_stamps.c.number == 1).values(answer=other))
    [found] = verify_log(sqlite_log.database, sqlite_log.keys, sqlite_log.journal, roots=asked.roots).findings
    assert found.place == "seal 1"
    with sqlite_log.database.writing() as connection:
        connection.execute(
            text(
                "UPDATE seal_stamps SET stamped_at = '2020-01-01 00:00:00.000000', answer = NULL WHERE number = 1"
            )
        )
        connection.execute(
            update(seal_stamps).where(seal_stamps.c.number == 2).values(stamped_at=NOW - timedelta(days=900))
        )
    [found] = verify_log(sqlite_log.database, sqlite_log.keys, sqlite_log.journal, roots=asked.roots).findings
    assert "column stamped_at says" in found.what


def test_an_authority_without_its_root_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="stamp_roots"):
        SealSettings(stamp_url="https://authority.example")
    (tmp_path / "roots.pem").write_text("no certificate")
    with pytest.raises(StampError, match="cannot be read"):
        stamp_roots(SealSettings(stamp_roots=tmp_path / "roots.pem"))
    with pytest.raises(StampError, match="cannot be read"):
        stamp_roots(SealSettings(stamp_roots=tmp_path / "nowhere.pem"))
