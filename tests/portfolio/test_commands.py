"""The commands as a person types them."""

import json
import os
from datetime import UTC, datetime

import pytest

from tests.command import dispatcher
from tests.portfolio.books import a_file, a_row


@pytest.fixture
def run(tmp_path):
    """Run `dispatcher …` in a home of its own; returns (exit code, standard output, standard error)."""

    def run_(*words):
        done = dispatcher(*words, home=tmp_path / "home")
        return done.returncode, done.stdout, done.stderr

    return run_


def test_importing_and_asking_for_the_status_prints_the_interfaces_json(run, tmp_path):
    file = a_file(
        tmp_path,
        a_row(disputed_on="2026-11-02"),
        a_row(debt_reference="0002", due_date="2026-12-01", balance="80"),
    )
    code, out, _ = run("portfolio", "import", file, "--as-of", "2026-11-16", "--json")
    report = json.loads(out)
    assert (code, report["rows"], report["imported"], report["rejected"]) == (0, 2, 2, 0)
    assert report["debts"] == {"new": 2, "changed": 0, "unchanged": 0}

    code, out, _ = run("portfolio", "status", "--as-of", "2026-11-16", "--json")
    status = json.loads(out)
    assert code == 0
    assert status["as_of"] == "2026-11-16"
    usd = status["currencies"]["USD"]
    assert usd["open"] == {"count": 2, "amount": "200.50"}
    assert (usd["overdue"]["count"], usd["overdue"]["amount"], usd["overdue"]["disputed"]) == (1, "120.50", 1)
    assert set(usd["buckets"]) == {"current", "1-30", "31-60", "61-90", "90+"}
    assert usd["buckets"]["1-30"] == {"count": 1, "amount": "120.50"}


def test_refused_rows_exit_1_and_say_where_they_are(run, tmp_path):
    file = a_file(tmp_path, a_row(), a_row(debt_reference="0002", balance="12,34"))
    code, out, err = run("portfolio", "import", file, "--as-of", "2026-11-16")
    assert code == 1
    assert "2 rows, 1 good, 1 rejects" in out
    assert str(tmp_path / "home" / "rejects" / "ledger.rejects.csv") in out
    assert err == ""

    code, _, _ = run("portfolio", "import", file, "--rejects", tmp_path / "mine.csv")
    assert code == 1
    assert (tmp_path / "mine.csv").read_text().startswith("line,column,value,reason\n3,balance,")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("portfolio", "import", "nowhere.csv"), "nowhere.csv: cannot be read"),
        (("portfolio", "import", "README.md", "--mapping", "nothing"), "there is no mapping 'nothing'"),
        (("portfolio", "status", "--as-of", "16/11/2026"), "'16/11/2026' is not a day"),
        (("record", "dispute", "nobody"), "there is no debtor 'nobody'"),
        (("record", "hold", "nobody", "whim"), "'whim' is no kind of hold"),
        (("import-contacts", "nowhere.csv"), "nowhere.csv: cannot be read"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(run, words, sentence):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert sentence in err.replace("\n", " ")
    assert "Traceback" not in err


def test_a_missing_column_is_one_error_that_names_file_and_line(run, tmp_path):
    row = {name: value for name, value in a_row().items() if name != "balance"}
    code, _, err = run("portfolio", "import", a_file(tmp_path, row))
    assert code == 2
    assert "ledger.csv, line 1: the required column balance is missing" in err


def test_facts_are_recorded_and_reported(run, tmp_path):
    run("portfolio", "import", a_file(tmp_path, a_row()), "--as-of", "2026-11-16")
    said = ("--source", "call 5512", "--note", "two minutes")
    spoken = [
        (("record", "payment", "acme/07", "20.50", "--debt", "0001", "--on", "2026-11-16", *said), "payment"),
        (("record", "dispute", "07", "--debt", "0001", "--form", "email", *said), "dispute"),
        (("record", "promise", "07", "--on", "2030-01-01", *said), "promise"),
        (("record", "hold", "07", "attorney", "--name", "Alder", "--unresponsive", *said), "attorney"),
        (("record", "hold", "07", "breathing-space", "--until", "2030-01-01", *said), "breathing_space"),
        (("record", "complaint", "07", "--text", "two letters in a day", *said), "complaint"),
        (("record", "opt-out", "07", "--medium", "sms", "--words", "STOP", *said), "opt_out"),
        (("record", "wish", "07", "--no-contact", "MO-FR 15:00-17:00", "--not-at", "home", *said), "wish"),
        (("record", "consent", "07", "email", "--given-on", "2026-11-01", *said), "consent"),
        (
            (
                "record",
                "consent",
                "07",
                "address-notice",
                "--address",
                "ana@debtors.example",
                "--optout-by",
                "2026-12-31",
                "--public-domain",
                *said,
            ),
            "consent",
        ),
        (
            (
                "record",
                "notice",
                "07",
                "validation",
                "--sent-on",
                "2026-11-02",
                "--validation-period-end",
                "2026-12-09",
                *said,
            ),
            "notice",
        ),
        (
            (
                "record",
                "contact",
                "07",
                "call",
                "--outcome",
                "unanswered",
                "--at",
                "2026-11-12T09:30:00Z",
                *said,
            ),
            "contact",
        ),
        (("record", "release", "07", "dispute", "--why", "receipt found"), "release"),
    ]
    for words, fact in spoken:
        code, out, err = run(*words, "--now", "2026-11-16T15:00:00Z", "--json")
        assert (code, err) == (0, ""), words
        assert (json.loads(out)["fact"], json.loads(out)["debtor"]) == (fact, "acme/07")

    run("record", "hold", "07", "attorney")
    code, out, _ = run("record", "hold", "07", "attorney")
    assert (code, "recorded already, nothing added" in out) == (0, True)
    code, out, _ = run("record", "hold", "07", "attorney", "--name", "Alder & Finch")
    assert (code, "recorded already, added: name Alder & Finch" in out) == (0, True)


def test_a_sample_is_written_imported_and_its_changes_handed_back(run, tmp_path):
    code, out, _ = run("portfolio", "sample", "--out", tmp_path / "sample.csv", "--debtors", "20")
    assert (code, "20 debtors" in out) == (0, True)
    assert run("portfolio", "import", tmp_path / "sample.csv", "--as-of", "2026-11-16")[0] == 0
    assert run("record", "opt-out", "acme/00001")[0] == 0
    code, out, _ = run(
        "portfolio", "export-changes", "--since", "2026-01-01", "--out", tmp_path / "changes.csv"
    )
    assert (code, "1 opt out" in out) == (0, True)


@pytest.mark.parametrize(
    "verb",
    [
        "payment",
        "dispute",
        "promise",
        "hold",
        "release",
        "opt-out",
        "wish",
        "consent",
        "notice",
        "contact",
        "complaint",
    ],
)
def test_every_verb_of_record_shows_an_example(run, verb):
    code, out, _ = run("record", verb, "--help")
    assert code == 0
    assert f"dispatcher record {verb}" in " ".join(out.split())


def test_the_day_of_a_ledger_is_its_name_s_where_nobody_states_one(run, tmp_path):
    file = a_file(tmp_path, a_row()).rename(tmp_path / "ledger_20261110.csv")
    code, out, err = run("portfolio", "import", file)
    assert (code, err) == (0, "")
    assert "ledger_20261110.csv, ledger of 2026-11-10: 1 rows" in out


def test_a_ledger_without_any_day_is_no_newer_than_its_file(run, tmp_path):
    file = a_file(tmp_path, a_row())
    written = datetime(2026, 11, 12, 9, tzinfo=UTC).timestamp()
    os.utime(file, (written, written))
    code, out, err = run("portfolio", "import", file)
    assert code == 0
    assert "ledger of 2026-11-12" in out
    assert "taken as of the day it was last written (2026-11-12); --as-of says another" in err


def test_a_stated_day_that_the_name_contradicts_is_refused_until_somebody_says_why(run, tmp_path):
    file = a_file(tmp_path, a_row()).rename(tmp_path / "ledger_20261110.csv")
    code, _, err = run("portfolio", "import", file, "--as-of", "2026-11-16")
    assert code == 2
    assert "ledger_20261110.csv is of 2026-11-10 by its name, and 2026-11-16 was stated" in err
    meant = ("--accept", "day", "--why", "the shop names its files after the last booking")
    code, out, _ = run("portfolio", "import", file, "--as-of", "2026-11-16", *meant)
    assert code == 0
    assert "ledger of 2026-11-16" in out


def test_an_older_file_never_opens_a_paid_debt_again_by_a_newer_day_that_was_stated(run, tmp_path):
    paid = a_file(tmp_path, a_row(balance="0.00", settled_on="2026-11-15"))
    assert run("portfolio", "import", paid, "--as-of", "2026-11-15")[0] == 0
    old = a_file(tmp_path, a_row(settled_on=""), name="ledger_20261110.csv")
    assert run("portfolio", "import", old, "--as-of", "2026-11-16")[0] == 2
    code, _, err = run("portfolio", "import", old)
    assert code == 2
    assert "one of 2026-11-15 is imported already" in " ".join(err.split())
    code, out, _ = run("portfolio", "status", "--as-of", "2026-11-16", "--json")
    assert (code, json.loads(out)["currencies"].get("USD", {}).get("open", {}).get("count", 0)) == (0, 0)


def test_a_name_that_only_looks_like_a_date_needs_a_stated_day(run, tmp_path):
    file = a_file(tmp_path, a_row()).rename(tmp_path / "ledger_20261340.csv")
    code, _, err = run("portfolio", "import", file)
    assert code == 2
    assert "looks like a date and is none" in err
    assert "--as-of" in err
