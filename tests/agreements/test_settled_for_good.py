"""A debt that a kept settlement ended is asked for nowhere again, whatever the creditor's ledger still shows."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dispatcher.database.engine import open_database
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.people.storage.debt_files import load_debts
from tests.agreements.story import ROW, Desk

APPROVED = ("--approved-by", "Dana Reyes", "--why", "hardship")
LATER = ("--source", "call 1", "--now", "2026-02-20T15:00:00Z")
OTHER = ROW | {"debt_reference": "R2", "balance": "200.00", "due_date": "2026-01-20"}
CREDIT = ROW | {"debt_reference": "C1", "balance": "-50.00"}


@pytest.fixture
def settled(desk: Desk, ledger: Callable[..., None]) -> Desk:
    """90 of 120 were agreed on and paid for R1; 200 are owed on R2. The ledger goes on showing what is left of R1."""
    ledger("2026-02-01", "120.00", also=[OTHER])
    said = ("--debt", "R1", "--amount", "90", "--by", "2026-02-09", *APPROVED)
    desk("record", "settlement", "acme/A1", *said, "--source", "call 1", "--now", "2026-02-02T15:00:00Z")
    desk(
        "record", "payment", "acme/A1", "90", "--debt", "R1", "--on", "2026-02-05", "--now", "2026-02-05T12:00:00Z"
    )  # fmt: skip
    ledger("2026-02-15", "30.00", also=[OTHER])
    [one] = json.loads(desk("arrangements", "list", "--json"))
    assert (one["kind"], one["state"]) == ("settlement", "kept")
    return desk


def offered(desk: Desk, *words: str) -> Any:
    return json.loads(desk("offers", "acme/A1", "--as-of", "2026-02-20", "--json", *words))


def test_no_offer_is_made_of_it(settled: Desk) -> None:
    assert (offered(settled)["debts"], offered(settled)["total"]) == (["acme/R2"], "200.00")
    alone = offered(settled, "--debt", "R1")
    assert (alone["plans"], alone["settlements"], alone["promise"]) == ([], [], None)


@pytest.mark.parametrize(
    "words",
    [
        ("promise", "--on", "2026-02-25"),
        ("settlement", "--amount", "20", "--by", "2026-02-25"),
        ("plan", "--payments", "2", "--every", "month", "--first-on", "2026-02-25"),
    ],
    ids=lambda words: words[0],
)
def test_nothing_is_agreed_on_for_it_whoever_approves(settled: Desk, words: tuple[str, ...]) -> None:
    way, *terms = words
    settled("record", way, "acme/A1", "--debt", "R1", *terms, *APPROVED, *LATER, code=2)
    settled("record", way, "acme/A1", *terms, *APPROVED, *LATER)
    agreed = json.loads(settled("arrangements", "list", "--json"))
    assert [one["debts"] for one in agreed if one["state"] == "active"] == [["acme/R2"]]


def test_a_payment_that_names_no_debt_is_not_put_on_it(settled: Desk) -> None:
    said = json.loads(
        settled(
            "record",
            "payment",
            "acme/A1",
            "25",
            "--on",
            "2026-02-19",
            "--json",
            "--now",
            "2026-02-20T12:00:00Z",
        )
    )
    assert said["debts"] == ["acme/R2"]


def test_a_credit_note_reduces_what_is_still_owed_and_not_what_was_forgiven(
    settled: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    ledger("2026-02-16", "30.00", also=[OTHER, CREDIT])
    database = open_database(f"sqlite:///{tmp_path / 'home' / 'dispatcher.db'}")
    with closing(database), database.reading() as connection:
        ids = list(connection.scalars(select(debts.c.id).join(debtors, debtors.c.id == debts.c.debtor_id)))
        files = load_debts(connection, ids, as_of=date(2026, 2, 20))
    assert {one.reference: str(one.credit.amount) for one in files.values()}["R2"] == "50.00"
