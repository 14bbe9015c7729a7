"""A real book of invoices replayed: the messages equal what the file's own arithmetic says, each on its day."""

import csv
import json
import shutil
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from zoneinfo import ZoneInfo

import pytest

from tests import command
from tests.conftest import DEEP
from tests.shared import ROOT

LADDER = {3: "first-reminder", 10: "second-reminder", 21: "third-reminder"}
FIRST, LAST = (date(2012, 1, 1), date(2014, 2, 28)) if DEEP else (date(2012, 1, 1), date(2012, 4, 30))
STRATEGY = """
name: ibm
join: none
steps:
""" + "".join(
    f"  - {{name: {name}, kind: collection, day: {day}, channels: [email], template: {'first' if day == 3 else 'second'}-reminder, valid_days: 3}}\n"
    for day, name in LADDER.items()
)


def american(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007  a day of the ledger has no zone


def expected(book: Path) -> set[tuple[date, str, str]]:
    """(day, invoice, step) by the file alone: undisputed, issued by then, not settled by then."""
    wanted = set()
    with book.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            due, issued, settled = (american(row[name]) for name in ("DueDate", "InvoiceDate", "SettledDate"))
            for day, step in LADDER.items():
                on = due + timedelta(days=day)
                if row["Disputed"] == "No" and FIRST <= on <= LAST and issued <= on < settled:
                    wanted.add((on, row["invoiceNumber"], step))
    return wanted


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replay")


@pytest.fixture(scope="module")
def book() -> Path:
    from tests.shared import shared_folder

    return shared_folder() / "data" / "ibm_accounts_receivable.csv"


def dispatcher(home: Path, *words: str) -> CompletedProcess[str]:
    settings = {"DISPATCHER_CONFIG_DIR": str(home / "config"), "DISPATCHER_RULES__ONLY": "default"}
    return command.dispatcher(*words, home=home / "var", **settings)


@pytest.fixture(scope="module")
def log(home: Path, book: Path) -> list[dict[str, object]]:
    """The exported log of the whole replay."""
    shutil.copytree(ROOT / "config", home / "config", ignore=shutil.ignore_patterns("strategies"))
    (home / "config" / "strategies").mkdir()
    (home / "config" / "strategies" / "ibm.yaml").write_text(STRATEGY)
    for words in (
        ("portfolio", "import", str(book), "--mapping", "ibm-ar", "--as-of", FIRST.isoformat()),
        ("replay", "--from", FIRST.isoformat(), "--to", LAST.isoformat()),
        ("log", "export", "--out", str(home / "log.jsonl")),
    ):
        done = dispatcher(home, *words)
        assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (home / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if "event" in line]


def test_every_message_is_where_the_file_says_and_no_other(log, book: Path) -> None:
    sent = [entry for entry in log if entry["event"] == "accepted"]
    found = Counter(
        (date.fromisoformat(e["as_of"]), debt.partition("/")[2], e["step"])
        for e in sent
        for debt in e["debts"]
    )
    assert max(found.values()) == 1
    assert set(found) == expected(book)
    if DEEP:
        assert Counter(step for _, _, step in found) == {
            "first-reminder": 363,
            "second-reminder": 127,
            "third-reminder": 10,
        }


def test_every_message_goes_out_on_its_day_between_seven_and_ten_at_night(log) -> None:
    for entry in log:
        if entry["event"] == "accepted":
            local = datetime.fromisoformat(entry["local_time"])
            assert 7 <= local.hour < 22
            instant = datetime.fromisoformat(entry["at"])
            assert {7 <= instant.astimezone(ZoneInfo(zone)).hour < 22 for zone in entry["zones"]} == {True}
            assert timedelta(0) <= instant.date() - date.fromisoformat(entry["as_of"]) <= timedelta(days=1)


def test_every_entry_of_a_message_is_marked_as_simulated(log) -> None:
    assert {entry.get("simulated") for entry in log if entry.get("message_id")} == {True}


def test_a_replay_does_not_go_back_and_does_not_mix_with_live_runs(log, home: Path) -> None:
    again = dispatcher(home, "replay", "--from", FIRST.isoformat(), "--to", LAST.isoformat())
    assert again.returncode != 0
    assert "has been replayed here already" in again.stderr
