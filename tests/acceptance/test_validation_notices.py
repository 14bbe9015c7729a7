"""A third-party desk in the United States: what is owed is said first, whole and again where it came back."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatcher.database.engine import open_database
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debtors
from dispatcher.writing.letters.reading import read_letter
from tests.builders import mark_unsent
from tests.command import dispatcher
from tests.conftest import DEEP
from tests.shared import ROOT

LADDER = """
name: agency
match: {sender_role: [third_party]}
steps:
  - {name: validation, kind: notice, notice: validation, day: 1, channels: [letter], template: validation-notice, valid_days: 5, post: certified}
  - {name: second, kind: collection, day: 12, channels: [letter], template: second-reminder, valid_days: 5}
  - {name: plan, kind: collection, day: 30, channels: [letter], template: payment-plan-offer, valid_days: 5}
"""
ROW = {
    "creditor": "acme", "debtor_name": "Ana Perez", "language": "en", "country": "US", "region": "NY",
    "postal_code": "10001", "address_line_1": "1 Main St", "city": "New York", "currency": "USD",
    "balance": "120.00", "due_date": "2026-03-02", "debt_type": "consumer", "sender_role": "third_party",
    "time_zone": "America/New_York", "time_barred_on": "2031-01-01",
    "itemization_date": "2026-01-02", "itemization_creditor": "Bank of Rockville", "itemization_amount": "100.00",
    "itemization_interest": "15.00", "itemization_fees": "10.00", "itemization_credits": "5.00",
}  # fmt: skip
PEOPLE = {
    "whole": {},
    "spanish": {"language": "es"},
    "no-fees": {"itemization_fees": ""},  # nobody says whether there were any
}
Desk = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A desk that collects for others, with its own ladder alone."""
    config = shutil.copytree(ROOT / "config", tmp_path / "config")
    senders = config / "senders.yaml"
    text = senders.read_text(encoding="utf-8")
    text = text.replace("role: original_creditor", "role: third_party\n    creditor_name: Bank Two", 1)
    senders.write_text(text, encoding="utf-8")
    for file in (config / "strategies").glob("*.yaml"):
        file.unlink()
    (config / "strategies" / "agency.yaml").write_text(LADDER, encoding="utf-8")
    return tmp_path


@pytest.fixture
def desk(home: Path) -> Desk:
    def run(*words: str) -> str:
        done = dispatcher(
            *words, home=home / "home", DISPATCHER_CONFIG_DIR=str(home / "config"),
            DISPATCHER_RULES__ONLY="default,us-regf",
        )  # fmt: skip
        assert done.returncode in (0, 1), (words, done.stdout, done.stderr)  # 1: something is held
        return done.stdout

    with (home / "ledger.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=["debtor_reference", "debt_reference", *ROW])
        writer.writeheader()
        for who, changes in PEOPLE.items():
            writer.writerow({**ROW, "debtor_reference": who, "debt_reference": f"R-{who}", **changes})
    run("portfolio", "import", str(home / "ledger.csv"), "--as-of", "2026-03-02")
    return run


def live(desk: Desk, *days: str) -> None:
    for day in days:
        desk("run", "--as-of", day, "--now", f"{day}T18:00:00Z")


def of(desk: Desk) -> dict[str, list[tuple[str, str, str]]]:
    """By person: (day, step, state) of every message."""
    found: dict[str, list[tuple[str, str, str]]] = {who: [] for who in PEOPLE}
    for one in json.loads(desk("messages", "list", "--json")):
        state = one["state"] if one["state"] in ("returned", "held", "expired") else "sent"
        found[one["debtor"].partition("/")[2]].append((one["as_of"], one["step"], state))
    return {who: sorted(rows) for who, rows in found.items()}


def letters(home: Path) -> list[str]:
    """The words of every letter that went out, whitespace made plain."""
    made = sorted((home / "home" / "outbox").glob("*.pdf"))
    return [" ".join(read_letter(file.read_bytes()).text.split()) for file in made]


def came_back(home: Path, step: str) -> None:
    """The post returned the letter of a step to the first person."""
    database = open_database(f"sqlite:///{home / 'home' / 'dispatcher.db'}")
    query = select(messages).join(debtors, debtors.c.id == messages.c.recipient_id)
    with database.reading() as connection:
        rows = connection.execute(query.where(messages.c.step == step, debtors.c.reference == "whole")).all()
    assert [row.envelope["postage_class"] for row in rows] == ["certified"]
    mark_unsent(database, [row.id for row in rows], state="returned")
    database.close()


def test_a_spring_of_a_third_party_desk(desk: Desk, home: Path) -> None:
    live(desk, "2026-03-03")
    [whole] = [text for text in letters(home) if "As of January 2, 2026, you owed:" in text]
    assert "Call or write to us by April 16, 2026, to dispute" in whole  # ten business days, then thirty days
    assert "You had an account with Bank of Rockville" in whole
    assert "a debt that you owe to Bank Two" in whole
    assert "Total amount of the debt now: $120.00" in whole
    assert "Quiero este formulario en español" in whole
    assert any("Llámenos o escríbanos a más tardar el 16 de abril de 2026" in text for text in letters(home))
    came_back(home, "validation")
    live(desk, "2026-03-10")
    assert any("Call or write to us by April 23, 2026, to dispute" in text for text in letters(home))
    assert of(desk)["whole"] == [
        ("2026-03-03", "validation", "returned"),
        ("2026-03-10", "validation", "sent"),
    ]
    if not DEEP:  # each day costs five seconds of the processor
        return
    live(desk, "2026-03-14", "2026-03-21", "2026-04-01", "2026-04-08")
    went = of(desk)
    assert went["whole"] == [
        ("2026-03-03", "validation", "returned"),
        ("2026-03-10", "validation", "sent"),
        ("2026-03-21", "second", "sent"),
        ("2026-04-08", "plan", "sent"),
    ]
    assert went["spanish"] == [
        ("2026-03-03", "validation", "sent"),
        ("2026-03-14", "second", "sent"),
        ("2026-04-01", "plan", "sent"),
    ]
    assert {step for _, step, _ in went["no-fees"]} == {"validation"}
    assert "sent" not in {state for _, _, state in went["no-fees"]}
