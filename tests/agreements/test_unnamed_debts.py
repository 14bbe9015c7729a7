"""Where nobody names a debt, all are meant that may be agreed on, and none that may not."""

import json
from collections.abc import Callable

import pytest

from tests.agreements.story import ROW, Desk

THEN = ("--source", "call 1", "--now", "2026-02-02T15:00:00Z")
APPROVED = ("--approved-by", "Dana Reyes", "--why", "asked for it")
WAYS = {
    "promise": ("--on", "2026-02-09"),
    "settlement": ("--amount", "90", "--by", "2026-02-09"),
    "plan": ("--payments", "3", "--every", "month", "--first-on", "2026-02-09"),
}


@pytest.fixture
def record(desk: Desk, ledger: Callable[..., None], request: pytest.FixtureRequest) -> Callable[..., str]:
    """Record something agreed with who owes R1, and R2 of which the ledger says what the test gives."""
    ledger("2026-02-01", "120.00", also=[ROW | {"debt_reference": "R2"} | request.param])

    def recorded(way: str, *words: str, code: int = 0) -> str:
        return desk("record", way, "acme/A1", *WAYS[way], *words, *APPROVED, *THEN, code=code)

    return recorded


BARRED, DISPUTED = {"time_barred_on": "2026-01-20"}, {"disputed_on": "2026-01-20"}


@pytest.mark.parametrize(
    ("record", "way"),
    [(BARRED, "promise"), *((one, way) for one in (BARRED, DISPUTED) for way in ("settlement", "plan"))],
    indirect=["record"],
)
def test_who_approves_terms_has_not_approved_of_a_debt_that_nobody_named(
    record: Callable[..., str], desk: Desk, way: str
) -> None:
    record(way, code=2)
    assert json.loads(desk("arrangements", "list", "--json")) == []
    record(way, "--debt", "R1")
    assert [one["debts"] for one in json.loads(desk("arrangements", "list", "--json"))] == [["acme/R1"]]


@pytest.mark.parametrize("record", [DISPUTED], indirect=True)
def test_a_promise_for_all_is_recorded_though_one_is_disputed(record: Callable[..., str], desk: Desk) -> None:
    record("promise")
    assert "acme/R1, acme/R2" in desk("arrangements", "list")


@pytest.mark.parametrize("record", [{}], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_all_that_may_be_agreed_on_are_meant(record: Callable[..., str], desk: Desk, way: str) -> None:
    record(way)
    assert "acme/R1, acme/R2" in desk("arrangements", "list")
