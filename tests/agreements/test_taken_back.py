"""A payment is taken back after it had ended a debt: what it had kept is open again, and somebody is told."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatcher.database.engine import open_database
from dispatcher.database.tables.delivery import tasks
from tests.agreements.story import OFFER, Desk, day, events, told

SETTLEMENT = ("record", "settlement", "acme/A1", "--debt", "R1", "--amount", "80", "--by", "2026-02-20")


@pytest.fixture
def discounting(discounting: Desk) -> Desk:
    """The debtor was told of the discount on that call: until 8 February."""
    discounting(*OFFER, "--now", "2026-02-01T16:00:00Z")
    return discounting


def pay(desk: Desk, amount: str, on: str) -> str:
    words = ("record", "payment", "acme/A1", amount, "--debt", "R1", "--on", on, "--json")
    return str(json.loads(desk(*words, "--now", f"{on}T12:00:00Z"))["id"])


def take_back(desk: Desk, payment: str, on: str) -> None:
    words = ("record", "payment", "acme/A1", "--reverse", payment, "--source", "bank")
    desk(*words, "--now", f"{on}T13:00:00Z")


def arrangements(desk: Desk) -> list[tuple[str, str]]:
    return [(one["kind"], one["state"]) for one in json.loads(desk("arrangements", "list", "--json"))]


def reopened(tmp_path: Path) -> list[str]:
    database = open_database(f"sqlite:///{tmp_path / 'home' / 'dispatcher.db'}")
    with closing(database), database.reading() as connection:
        return list(connection.scalars(select(tasks.c.text).where(tasks.c.kind == "reopened")))


def test_a_discount_falls_with_the_payment_that_kept_it_and_stands_until_its_own_last_day(
    discounting: Desk, tmp_path: Path
) -> None:
    desk = discounting
    payment = pay(desk, "114", "2026-02-03")
    day(desk, "2026-02-03")
    take_back(desk, payment, "2026-02-05")
    assert arrangements(desk) == [("settlement", "cancelled")]
    offers = json.loads(desk("offers", "acme/A1", "--as-of", "2026-02-05", "--json"))
    assert (offers["total"], offers["prompt_payment"]["valid_until"]) == ("120.00", "2026-02-08")
    pay(desk, "114", "2026-02-07")
    day(desk, "2026-02-07")
    assert arrangements(desk) == [("settlement", "cancelled"), ("settlement", "kept")]
    assert told(desk) == [("2026-02-03", "account-settled"), ("2026-02-07", "account-settled")]
    assert events(desk, tmp_path) == [
        "arrangement_offered", "arrangement_agreed", "instalment_paid", "arrangement_kept", "arrangement_cancelled",
        "arrangement_agreed", "instalment_paid", "arrangement_kept",
    ]  # fmt: skip


def test_what_follows_a_discount_that_was_taken_back_too_late_is_the_whole_debt(
    discounting: Desk, ledger: Callable[..., None]
) -> None:
    desk = discounting
    payment = pay(desk, "114", "2026-02-08")
    ledger("2026-02-12", "6.00")
    take_back(desk, payment, "2026-02-16")
    ledger("2026-02-18", "120.00")
    assert arrangements(desk) == [("settlement", "cancelled")]
    pay(desk, "114", "2026-02-19")
    assert arrangements(desk) == [("settlement", "cancelled")]
    day(desk, "2026-02-19")
    assert ("2026-02-19", "account-settled") not in told(desk)


def test_a_settlement_that_somebody_agreed_to_is_open_again_and_told_of_when_it_is_kept_after_all(
    desk: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    ledger("2026-02-01", "120.00")
    desk(*SETTLEMENT, "--approved-by", "Dana", "--why", "hardship", "--now", "2026-02-01T15:00:00Z")
    payment = pay(desk, "80", "2026-02-10")
    day(desk, "2026-02-10")
    take_back(desk, payment, "2026-02-12")
    assert arrangements(desk) == [("settlement", "active")]
    pay(desk, "80", "2026-02-18")
    day(desk, "2026-02-18")
    assert arrangements(desk) == [("settlement", "kept")]
    settled = [on for on, step in told(desk) if step == "account-settled"]
    assert settled == ["2026-02-10", "2026-02-18"]
    assert events(desk, tmp_path) == [
        "arrangement_agreed", "instalment_paid", "arrangement_kept", "arrangement_reopened", "instalment_paid",
        "arrangement_kept",
    ]  # fmt: skip


def test_news_that_no_run_sent_in_time_leaves_once_with_the_next_run(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    """What expired reached nobody: it is planned once more, and whoever paid reads it late rather than never."""
    ledger("2026-02-01", "120.00")
    desk(*SETTLEMENT, "--approved-by", "Dana", "--why", "hardship", "--now", "2026-02-01T15:00:00Z")
    day(desk, "2026-02-01")
    pay(desk, "80", "2026-02-05")
    for on in ("2026-02-20", "2026-02-21", "2026-03-04"):
        day(desk, on)
    about = [
        one for one in json.loads(desk("messages", "list", "--json")) if one["step"] == "account-settled"
    ]
    assert [(one["as_of"], one["state"]) for one in about] == [
        ("2026-02-05", "expired"),
        ("2026-02-20", "accepted"),
    ]


def test_a_settlement_whose_payment_came_back_breaks_with_the_first_ledger_after_its_day(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-02-01", "120.00")
    desk(*SETTLEMENT, "--approved-by", "Dana", "--why", "hardship", "--now", "2026-02-01T15:00:00Z")
    payment = pay(desk, "80", "2026-02-10")
    take_back(desk, payment, "2026-02-12")
    ledger("2026-03-10", "120.00")
    assert arrangements(desk) == [("settlement", "broken")]


@pytest.mark.parametrize("by", ["the desk", "a ledger"])
def test_somebody_is_told_that_a_debt_which_had_ended_is_open_again(
    discounting: Desk, ledger: Callable[..., None], tmp_path: Path, by: str
) -> None:
    desk = discounting
    payment = pay(desk, "114", "2026-02-03")
    day(desk, "2026-02-03")
    if by == "a ledger":
        ledger("2026-02-04", "6.00")
    take_back(desk, payment, "2026-02-05")
    if by == "a ledger":
        assert reopened(tmp_path) == [], (
            "until a ledger shows the debt again, the one that holds the payment counts"
        )
        ledger("2026-02-06", "120.00")
    kept_on = "2026-02-04" if by == "a ledger" else "2026-02-03"
    [text] = reopened(tmp_path)
    assert text == (
        f"acme/R1: the settlement of 114.00 USD was kept on {kept_on}, and what it was paid by was taken back since: "
        "the debt is open again. Tell the debtor, who may have read that nothing more is owed"
    )
    [one] = json.loads(desk("arrangements", "list", "--json"))
    assert one["ended_why"] == "what it was paid by was taken back"
