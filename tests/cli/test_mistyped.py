"""A word that names nothing is refused with exit code 2 and the words there are: silence would look like success."""

import csv
from pathlib import Path

import pytest

from tests.cli.test_commands import DAY, LEDGER, Command, runner


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """A home with a small ledger."""
    folder = tmp_path_factory.mktemp("desk")
    run = runner(folder / "home")
    (folder / "ledger.csv").write_text(LEDGER)
    (folder / "binary.jsonl").write_bytes(b"\xe9\x00\xff\n")
    assert run("portfolio", "import", "ledger.csv", "--as-of", "2026-11-16").returncode == 0
    return run


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("stop", "--channel", "emial", "--why", "x"), "there are email, sms, letter"),
        (("stop", "--creditor", "acmee", "--why", "x"), "there are acme, ibm"),
        (("stop", "--pack", "us-regff", "--why", "x"), "us-regf"),
        (("stop", "--template", "firstreminder", "--why", "x"), "nothing was stopped"),
        (("messages", "list", "--state", "kept"), "'held'"),
        (("messages", "list", "--channel", "fax"), "'letter'"),
        (("portfolio", "import", "ledger.csv", "--creditor", "a/b"), "no slash"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_mistyped_name_is_refused(house: Command, words: tuple[str, ...], says: str) -> None:
    done = house(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "nothing is stopped" in house("resume").stdout


def test_a_pack_is_stopped_and_resumed_in_either_spelling(house: Command) -> None:
    assert "stopped: pack us-tcpa" in house("stop", "--pack", "US-TCPA", "--why", "wrong text").stdout
    assert house("resume", "--pack", "us-tcpa").returncode == 0


def test_questions_that_are_no_text_are_held_line_by_line(house: Command) -> None:
    done = house("decide", "binary.jsonl")
    assert (done.returncode, done.stderr) == (1, "")
    assert "it is not UTF-8" in done.stdout


def test_what_a_plan_has_no_value_for_is_an_empty_cell(house: Command, tmp_path: Path) -> None:
    out = tmp_path / "plan.csv"
    assert house("plan", *DAY, "--dry-run", "--out", str(out)).returncode == 0
    with out.open(encoding="utf-8", newline="") as file:
        lines = {line["debtor"]: line for line in csv.DictReader(file)}
    assert (lines["acme/D2"]["decision"], lines["acme/D2"]["channel"]) == ("block", "")
