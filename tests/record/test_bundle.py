"""A bundle is read by people and checked by a machine that knows nothing of us."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.planning.storage.rules_in_force import record_rules_in_force
from dispatcher.record.domain.export_line import FIELDS
from dispatcher.record.domain.timeline import timeline
from dispatcher.record.export_evidence import Source, export_evidence
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.verify.verify_file import verify_file
from dispatcher.writing.domain.template import TemplateVersion
from tests.record.histories import NOW, Log, add_debtors, add_message, add_refusal, person
from tests.record.test_tampering import behind_the_back

PACK = b"pack: DEFAULT\n"
STAMP = f"default@1/{hashlib.sha256(PACK).hexdigest()[:12]}"
PACK_FILE = f"rule_packs/{STAMP.replace('/', '-')}.yaml"
TEMPLATE = TemplateVersion(
    name="first-reminder", version=1, files={"template.yaml": "purpose: x\n", "en/email.md": "Pay, please."}, created_at=NOW
)  # fmt: skip


def export_of_one(log: Log, folder: Path) -> Path:
    """The unpacked bundle of the debtor D-1."""
    source = Source(database=log.database, keys=log.keys, journal=log.journal, actor="ana", now=NOW)
    export_evidence(source, Scope(persons=(person(1),)), folder / "D-1.zip")
    with zipfile.ZipFile(folder / "D-1.zip") as archive:
        archive.extractall(folder)
    return folder / "D-1"


@pytest.fixture
def bundle(sqlite_log: Log, tmp_path: Path) -> Path:
    """The unpacked bundle of the debtor D-1."""
    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 2)
        record_rules_in_force(connection, {STAMP: PACK}, now=NOW, actor="run")
        template_versions.add_template(connection, TEMPLATE.name, purpose="", owner="", now=NOW)
        template_versions.add(connection, StoredVersion(version=TEMPLATE, source="packed"))
        add_refusal(connection, 1, NOW)
        add_message(connection, 1, NOW + timedelta(days=1), packs=(STAMP,), template_sha256=TEMPLATE.digest)
        add_message(connection, 2, NOW + timedelta(days=1))
        [(key, commitment)] = delivery_log.keep_personal(
            connection,
            [(person(1), {"debtor": "acme/D-1", "name": "<script>alert(1)</script>", "words": "No más"})],
        )
        delivery_log.append(
            connection,
            [
                LogEntry(
                    event="opted_out",
                    at=NOW + timedelta(days=2),
                    actor="web",
                    person=person(1),
                    personal_id=key,
                    commitment=commitment,
                    details={"scope": "all", "medium": "any", "source": "<b>page</b>"},
                )
            ],
        )
    unpacked = export_of_one(sqlite_log, tmp_path)
    assert verify_file(tmp_path / "D-1.zip") == (7, [])
    return unpacked


def run_verifier(bundle: Path) -> subprocess.CompletedProcess[str]:
    key = (bundle / "public_key.txt").read_text().strip()
    return subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", ".", key],
        cwd=bundle,
        capture_output=True,
        text=True,
        check=False,
    )


def test_bundle_verifies_without_this_project(bundle: Path) -> None:
    done = run_verifier(bundle)
    assert (done.returncode, done.stdout) == (
        0,
        "7 entries verified: nothing changed, removed, inserted or moved\n",
    )


def test_bundle_holds_bodies_rules_and_verifier_and_nobody_else(bundle: Path) -> None:
    names = sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())
    bodies = [name for name in names if name.startswith("bodies/")]
    assert [name for name in names if name not in bodies] == [
        "README.txt", "entries.jsonl", "public_key.txt", PACK_FILE, "templates/first-reminder@1/en/email.md",
        "templates/first-reminder@1/template.yaml", "timeline.html", "timeline.pdf", "verify.py",
    ]  # fmt: skip
    assert len(bodies) == 1
    assert bodies[0].endswith(".eml")
    for path in bundle.rglob("*"):
        assert path.is_dir() or b"acme/D-2" not in path.read_bytes(), path


@pytest.mark.parametrize(
    "change", ["body", "timeline", "rule", "extra file", "second entries", "missing body", "entry"]
)
def test_bundle_that_was_changed_fails_and_says_where(bundle: Path, change: str) -> None:
    body = next((bundle / "bodies").iterdir())
    if change == "body":
        body.write_bytes(body.read_bytes() + b" ")
    elif change == "timeline":
        (bundle / "timeline.html").write_text("nothing was sent")
    elif change == "rule":
        (bundle / PACK_FILE).write_text("pack: OTHER\n")
    elif change == "extra file":
        (bundle / "note.txt").write_text("x")
    elif change == "second entries":
        (bundle / "bodies" / "entries.jsonl").write_text("{}")
    elif change == "missing body":
        body.unlink()
    else:
        text = (bundle / "entries.jsonl").read_text()
        (bundle / "entries.jsonl").write_text(text.replace('"channel":"email"', '"channel":"sms"', 1))
    done = run_verifier(bundle)
    assert done.returncode == 1
    named = {
        "body": body.name,
        "timeline": "timeline.html",
        "rule": PACK_FILE,
        "extra file": "note.txt",
        "second entries": "bodies/entries.jsonl",
        "missing body": body.name,
        "entry": "entry at position 3",
    }
    assert named[change] in done.stdout


@pytest.mark.parametrize("what", ["body", "rule pack", "template"])
def test_bundle_made_after_a_text_was_changed_in_the_database_fails(
    sqlite_log: Log, bundle: Path, tmp_path: Path, what: str
) -> None:
    body = next((bundle / "bodies").iterdir()).relative_to(bundle).as_posix()
    named = {"body": body, "rule pack": PACK_FILE, "template": "templates/first-reminder@1/"}[what]
    with behind_the_back(sqlite_log.database) as connection:
        if what == "template":
            forged = json.dumps({**TEMPLATE.files, "en/email.md": "Pay now!"})
            connection.execute(text("UPDATE template_versions SET files = :forged"), {"forged": forged})
        else:
            kind = "application/yaml" if what == "rule pack" else "message/rfc822"
            connection.execute(
                text("UPDATE contents SET encoding = 'identity', body = :body WHERE media_type = :kind"),
                {"body": b"forged", "kind": kind},
            )
    done = run_verifier(export_of_one(sqlite_log, tmp_path / "again"))
    assert done.returncode == 1
    assert done.stdout == f"{named}: this file of the bundle was changed, removed or added\n"


def test_bundle_in_which_a_file_stands_twice_fails(bundle: Path, tmp_path: Path) -> None:
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(tmp_path / "D-1.zip", "a") as archive,
    ):
        archive.writestr("D-1/timeline.html", (bundle / "timeline.html").read_text())
    [finding] = verify_file(tmp_path / "D-1.zip")[1]
    assert "D-1/timeline.html is in it twice" in finding


def test_timeline_tells_what_was_sent_and_what_was_kept_back(bundle: Path) -> None:
    html = (bundle / "timeline.html").read_text()
    assert "Sent first reminder by e-mail" in html
    assert "Tuesday 3 March 2026, 10:00 (America/New_York)" in html
    assert "Not sent: a message by SMS is not allowed" in html
    assert "us-regf/contact-hours 12 CFR 1006.6(b)" in html
    assert "Ana 1, un mensaje de Acme" in html
    assert '<th scope="row">words</th><td>No más</td>' in html
    assert "<b>page" not in html
    assert "src=" not in html
    assert "http" not in html


def test_timeline_as_pdf_can_be_read(bundle: Path) -> None:
    reader = PdfReader(io.BytesIO((bundle / "timeline.pdf").read_bytes()))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert "Sent first reminder by e-mail" in text
    assert "Contacts with acme/D-1" in text


def test_bundle_without_a_body_that_was_erased_verifies(sqlite_log: Log, tmp_path: Path) -> None:
    from dispatcher.record.erase_person import Erasure, erase_person

    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 1)
        add_message(connection, 1)
    erase_person(sqlite_log.database, person(1), Erasure(actor="ana", now=NOW, why="asked"))
    source = Source(
        database=sqlite_log.database, keys=sqlite_log.keys, journal=sqlite_log.journal, actor="ana", now=NOW
    )
    export_evidence(source, Scope(persons=(person(1),)), tmp_path / "gone.zip")
    assert verify_file(tmp_path / "gone.zip") == (6, [])
    shutil.unpack_archive(tmp_path / "gone.zip", tmp_path / "un")
    assert "The body was erased" in (tmp_path / "un" / "gone" / "timeline.html").read_text()


def test_rules_in_force_are_logged_when_they_change(log: Log) -> None:
    with log.database.writing() as connection:
        told = [
            record_rules_in_force(connection, packs, now=NOW, actor="run")
            for packs in (
                {"default@1": b"one"},
                {"default@1": b"one"},
                {"default@2": b"two"},
                {"default@1": b"one"},
            )
        ]
    assert told == [True, False, True, True]


def test_bundle_carries_the_key_that_signs_now_after_the_key_has_changed(
    sqlite_log: Log, tmp_path: Path
) -> None:
    from dispatcher.record.change_key import change_key

    with sqlite_log.database.writing() as connection:
        add_debtors(connection, 1)
        add_message(connection, 1)
    place = sqlite_log.database, sqlite_log.keys, sqlite_log.journal
    change_key(*place, now=NOW, why="", actor="ana")
    (sqlite_log.keys.folder / "signing.key").unlink()
    change_key(*place, now=NOW, why="stolen", actor="ana")
    source = Source(
        database=sqlite_log.database, keys=sqlite_log.keys, journal=sqlite_log.journal, actor="ana", now=NOW
    )
    export_evidence(source, Scope(persons=(person(1),)), tmp_path / "D-1.zip")
    shutil.unpack_archive(tmp_path / "D-1.zip", tmp_path)
    done = run_verifier(tmp_path / "D-1")
    assert done.returncode == 0
    assert "KEY REPLACED" in done.stdout.splitlines()[0]
    assert "because: stolen" in done.stdout
    assert done.stdout.splitlines()[1] == "5 entries verified: nothing changed, removed, inserted or moved"


def test_timeline_tells_what_was_recorded_and_on_which_channels_a_rule_refused() -> None:
    line = dict.fromkeys(FIELDS) | {"at": "2026-03-02T15:00:00.000Z", "position": 1, "actor": "ana", "step": "second-reminder"}  # fmt: skip
    paid = {
        "event": "payment_recorded",
        "details": {"amount": "20.50", "paid_on": "2026-03-01", "again": True},
    }
    held = {"event": "hold_recorded", "details": {"hold": "breathing_space", "until": "2026-05-01"}}
    reason = {"pack": "default", "rule": "opt-out", "detail": "they said stop", "channels": ["email", "sms"]}
    refused = {"event": "blocked", "reasons": [reason]}
    items = timeline([line | each for each in (paid, held, refused)])
    assert [item.headline for item in items] == [
        "The person paid",
        "Recorded: breathing space",
        "Not sent: second reminder by any channel is not allowed",
    ]
    assert items[0].facts == (("amount", "20.50"), ("paid on", "2026-03-01"), ("again", "yes"))
    assert items[1].facts == (("until", "2026-05-01"),)
    assert items[2].reasons == (("they said stop", "default/opt-out (e-mail, SMS)"),)


def test_timeline_goes_by_the_clock_and_knows_the_persons_zone(bundle: Path) -> None:
    html = (bundle / "timeline.html").read_text()
    stop = html.index("The person said stop")
    assert "Wednesday 4 March 2026, 10:00 (America/New_York)" in html[:stop]
    assert html.index("Not sent: a message by SMS") < html.index("Sent first reminder") < stop
    assert "allowed by" in html
    assert "120.50 USD, 29 days past due" in html
