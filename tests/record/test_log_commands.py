"""The command line of the record, as a person uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from dispatcher.cli.log import app, backup, erase, retention, subject_access
from dispatcher.database.engine import Database
from dispatcher.record.erase_person import ErasureRefusedError
from tests.record.histories import add_debtors, add_message, add_refusal

Run = Callable[..., Result]


@pytest.fixture
def home(sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose database holds two messages and a refusal."""
    monkeypatch.setenv("DISPATCHER_HOME", str(tmp_path))
    monkeypatch.delenv("DISPATCHER_DATABASE_URL", raising=False)
    with sqlite_database.writing() as connection:
        add_debtors(connection, 3)
        add_message(connection, 1)
        add_message(connection, 2)
        add_refusal(connection, 3)
    return tmp_path


@pytest.fixture
def log() -> Run:
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def verb(function: Callable[..., None], *words: object) -> Result:
    import typer

    single = typer.Typer()
    single.command()(function)
    return CliRunner().invoke(single, [str(word) for word in words])


def test_log_search_gives_json_with_a_cursor(home: Path, log: Run) -> None:
    first = json.loads(log("search", "--debtor", "acme/D-2", "--limit", 3, "--json").stdout)
    rest = json.loads(
        log("search", "--debtor", "acme/D-2", "--limit", 3, "--after", first["next"], "--json").stdout
    )
    assert [entry["event"] for entry in first["entries"] + rest["entries"]] == [
        "delivered",
        "accepted",
        "attempting",
        "queued",
        "planned",
    ]
    assert rest["next"] is None


def test_log_search_names_the_rule_that_kept_a_message_back(home: Path, log: Run) -> None:
    assert "us-regf/contact-hours" in log("search", "--event", "blocked").stdout


def test_log_verify_succeeds_and_then_names_what_was_changed(
    home: Path, log: Run, sqlite_database: Database
) -> None:
    sealed = json.loads(log("seal", "--json").stdout)
    good = log("verify")
    assert good.exit_code == 0
    assert f"the newest seal: {sealed['seal']}, to position {sealed['to_position']}, of " in good.stdout
    assert f"SHA-256 {sealed['hash']}; compare it" in good.stdout
    assert good.stdout.endswith("all is as it was sealed\n")
    with sqlite_database.writing() as connection:
        connection.execute(text("DROP TRIGGER log_entries_no_update"))
        connection.execute(text("UPDATE log_entries SET channel = 'letter' WHERE id = 4"))
    done = log("verify", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["findings"] == [
        "entry at position 4 (id 4): column channel says 'letter', the entry 'email'"
    ]


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "zip"])
def test_log_export_is_verified_with_the_key_under_the_home(home: Path, log: Run, suffix: str) -> None:
    out = home / f"all.{suffix}"
    assert log("export", "--out", out).exit_code == 0
    assert log("verify", out).exit_code == 0
    assert log("verify", out, "--key", "00" * 32).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "--creditor", "acmee", "--out", "x.jsonl"), "no creditor 'acmee': there are acme"),
        (("export", "--from", "2026-03-02", "--to", "2026-03-01", "--out", "x.csv"), "lies before the first"),
        (("export", "--debtor", "D-99", "--out", "x.zip"), "no debtor 'D-99'"),
        (("search", "--after", "page2"), "'page2' is not a cursor"),
    ],
)
def test_log_commands_refuse_a_slip_of_the_pen(
    home: Path, log: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(home)
    done = log(*arguments)
    assert said in f"{done.exception} {done.stderr}"  # the program's own entry turns both into exit code 2
    assert not list(home.glob("x.*"))


def test_log_show_tells_all_of_an_entry(home: Path, log: Run) -> None:
    log("seal")
    assert json.loads(log("show", 1, "--json").stdout)["debtor"] == "acme/D-1"
    assert log("show", 99).exit_code == 2


def test_log_seal_writes_a_stamp_to_put_elsewhere(home: Path, log: Run) -> None:
    done = json.loads(log("seal", "--timestamp", home / "stamp", "--json").stdout)
    assert done["entries"] == 11
    assert done["hash"] in (home / "stamp").read_text()


def test_log_search_draws_the_same_sample_again(home: Path, log: Run) -> None:
    log("seal")
    draw = ("search", "--sample", 4, "--seed", "audit", "--json")
    first = json.loads(log(*draw).stdout)
    assert len(first["entries"]) == 4
    assert json.loads(log(*draw, "--up-to", first["up_to"]).stdout) == first


def test_erase_lists_first_and_erases_then(home: Path, log: Run) -> None:
    assert "would erase acme/D-1: 1 bodies" in verb(erase, "D-1", "--why", "asked", "--dry-run").stdout
    assert json.loads(verb(erase, "D-1", "--why", "asked", "--json").stdout)["erased"] is True
    assert "ana1@debtors.example" not in log("search", "--json").stdout
    log("seal")
    assert log("verify").exit_code == 0


def test_erase_deletes_the_copies_in_the_outbox_of_that_person_alone(home: Path, log: Run) -> None:
    listed = {n: json.loads(log("search", "--debtor", f"acme/D-{n}", "--json").stdout) for n in (1, 2)}
    keys = {n: found["entries"][0]["message_id"] for n, found in listed.items()}
    (home / "outbox").mkdir()
    for key in keys.values():
        (home / "outbox" / f"{key}.eml").write_text("x")
    assert verb(erase, "acme/D-1", "--why", "asked", "--dry-run").exit_code == 0
    assert len(list((home / "outbox").iterdir())) == 2
    assert verb(erase, "acme/D-1", "--why", "asked").exit_code == 0
    assert [path.stem for path in (home / "outbox").iterdir()] == [keys[2]]


def test_erase_refuses_under_a_legal_hold_in_words(home: Path, sqlite_database: Database) -> None:
    with sqlite_database.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO holds (debtor_id, kind, starts_on, recorded_at) VALUES (1, 'legal', '2026-01-01', '2026-01-01 00:00:00.000000')"
            )
        )
    done = verb(erase, "D-1", "--why", "asked")
    assert isinstance(done.exception, ErasureRefusedError)
    assert "legal hold" in str(done.exception)


def test_retention_changes_nothing_until_told(home: Path) -> None:
    assert json.loads(verb(retention, "--json").stdout) == {
        "applied": False,
        "due": [],
        "kept": [],
        "exports": [],
    }


def test_subject_access_holds_ones_own_file_and_nobody_elses(home: Path, log: Run) -> None:
    out = home / "D-1.zip"
    assert verb(subject_access, "D-1", "--out", out).exit_code == 0
    import zipfile

    with zipfile.ZipFile(out) as archive:
        about = json.loads(archive.read("D-1/about_you.json"))
        assert about["debtors"][0]["reference"] == "D-1"
        assert about["debts"][0]["reference"] == "INV-1"
        for name in archive.namelist():
            assert b"ana2@debtors.example" not in archive.read(name), name
    assert log("verify", out).exit_code == 0


def test_backup_verifies_what_it_copied(home: Path, log: Run) -> None:
    log("seal")
    assert json.loads(verb(backup, "--out", home / "b" / "copy.db", "--json").stdout)["entries"] == 11
