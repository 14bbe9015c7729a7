"""A statute's charges beside a balance that was paid: nobody asks for them, and whoever looks is told so."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agreements.story import Desk
from tests.shared import ROOT

SAYS = "What Directive 2011/7/EU art. 2(5)-(7), 3 and 6 adds beside it was never part of what was asked for"
NOW = ("--as-of", "2026-02-10", "--now", "2026-02-10T12:00:00Z")


@pytest.fixture
def claiming(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A creditor who claims the charges of late payment between businesses."""
    config = shutil.copytree(ROOT / "config", tmp_path / "config")
    senders = config / "senders.yaml"
    text = senders.read_text(encoding="utf-8")
    senders.write_text(text.replace("    name: Acme\n", "    name: Acme\n    charges: eu-2011-7\n", 1))
    monkeypatch.setenv("DISPATCHER_CONFIG_DIR", str(config))
    return desk


def explained(desk: Desk) -> str:
    return " ".join(desk("explain", "acme/A1", *NOW).split())


@pytest.mark.parametrize("by", ["a payment recorded here", "the ledger"])
def test_it_is_said_that_nobody_follows_up_what_a_statute_adds_beside_a_balance_that_was_paid(
    claiming: Desk, ledger: Callable[..., None], by: str
) -> None:
    ledger("2026-02-01", "120.00", debt_type="commercial")
    assert SAYS not in explained(claiming)
    if by == "the ledger":
        ledger("2026-02-05", "0.00", debt_type="commercial", settled_on="2026-02-04")
    else:
        claiming("record", "payment", "acme/A1", "120", "--debt", "R1", "--now", "2026-02-05T12:00:00Z")
    assert SAYS in explained(claiming)


@pytest.mark.parametrize(
    "of", [{"debt_type": "consumer"}, {"debt_type": "commercial", "due_date": "2026-02-04"}]
)
def test_of_a_debt_that_no_statute_reaches_or_that_was_paid_when_it_was_due_nothing_is_said(
    claiming: Desk, ledger: Callable[..., None], of: dict[str, str]
) -> None:
    ledger("2026-02-01", "120.00", **of)
    ledger("2026-02-05", "0.00", settled_on="2026-02-04", **of)
    assert SAYS not in explained(claiming)


def test_where_nobody_claims_a_statute_nothing_is_said(desk: Desk, ledger: Callable[..., None]) -> None:
    ledger("2026-02-05", "0.00", debt_type="commercial", settled_on="2026-02-04")
    assert SAYS not in explained(desk)
