"""A year of one debt, and one of two who owe together: every message on its own day, none twice, none of the ladder between.

Days on which something happens or may happen are lived through, with the days around them; `DEEP=1` lives every day.
"""

import csv
import json
import shutil
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.agreements.story import ROW, Desk, agreed, day, events, told
from tests.conftest import DEEP
from tests.shared import ROOT

BEGINS, ENDS = date(2026, 1, 13), date(2027, 1, 12)
OFFER_UP_TO_NINE = {"most_payments: 6": "most_payments: 9", "most_days: 200": "most_days: 300"}


@pytest.fixture
def nine_payments(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose plans may have up to nine payments, so that option 2 has six."""
    config = shutil.copytree(ROOT / "config", tmp_path / "config")
    file = config / "offers" / "consumer.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in OFFER_UP_TO_NINE.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("DISPATCHER_CONFIG_DIR", str(config))
    return desk


def live(desk: Desk, doings: dict[str, Callable[[], object]], *, quiet: Iterable[str] = ()) -> None:
    """Go through the year: what a day brings, then its run."""
    days = {date.fromisoformat(on) for on in (*doings, *quiet)}
    around = {one + timedelta(days=step) for one in days for step in (-1, 0, 1)}
    every = {BEGINS + timedelta(days=n) for n in range((ENDS - BEGINS).days + 1)}
    for on in sorted(every if DEEP else around & every):
        if (doing := doings.get(on.isoformat())) is not None:
            doing()
        day(desk, on.isoformat())


def test_a_year_of_one_debt(nine_payments: Desk, ledger: Callable[..., None], tmp_path: Path) -> None:
    desk, out = nine_payments, tmp_path / "counsel"

    def reply() -> None:
        said = ("record", "contact", "acme/A1", "email", "--inbound", "--text", "2", "--source", "mailbox")
        desk(*said, "--now", "2026-02-03T15:00:00Z")
        [item] = json.loads(desk("inbox", "list", "--json"))
        assert (item["reading"], item["offer"]) == ("accept", 2)
        desk("inbox", "confirm", str(item["id"]), "--now", "2026-02-03T16:00:00Z")

    def paid(on: str, *amounts: str) -> Callable[[], None]:
        def pay() -> None:
            for amount in amounts:
                desk(
                    "record",
                    "payment",
                    "acme/A1",
                    amount,
                    "--debt",
                    "R1",
                    "--on",
                    on,
                    "--now",
                    f"{on}T12:00:00Z",
                )

        return pay

    def hand_over() -> None:
        [gone] = json.loads(
            desk("handover", "export", "--out", str(out), "--now", "2026-08-09T12:00:00Z", "--json")
        )
        assert Path(gone["folder"], "evidence.zip").is_file()

    live(
        desk,
        {
            "2026-01-13": lambda: ledger("2026-01-13", "300.00"),
            "2026-02-03": reply,
            "2026-02-15": paid("2026-02-15", "50"),
            "2026-03-19": paid("2026-03-19", "50"),  # due on the 15th, five days of grace
            "2026-04-14": paid("2026-04-14", "20"),
            "2026-04-15": paid("2026-04-15", "30"),
            "2026-05-21": lambda: ledger("2026-05-21", "150.00"),  # the fourth is not there
            "2026-05-25": paid("2026-05-25", "50"),
            "2026-06-21": lambda: ledger("2026-06-21", "100.00"),  # nor the fifth
            "2026-07-01": lambda: ledger("2026-07-01", "100.00"),  # ten days later still not
            "2026-07-13": lambda: desk("handover", "decide", "acme/A1", "--debt", "R1", "--now", "2026-07-13T12:00:00Z"),
            "2026-08-09": hand_over,
            "2026-09-01": lambda: ledger("2026-09-01", "100.00"),
        },
        quiet=("2026-01-22", "2026-02-01", "2026-02-12", "2026-03-12", "2026-03-21", "2026-04-12", "2026-05-12",
               "2026-06-12", "2026-06-15", "2026-07-12", "2026-07-26", "2026-10-20", "2027-01-11"),
    )  # fmt: skip
    assert told(desk) == [
        ("2026-01-13", "first-reminder"),
        ("2026-01-22", "second-reminder"),
        ("2026-02-01", "payment-plan-offer"),
        ("2026-02-03", "arrangement-confirmation"),
        ("2026-02-12", "instalment-due"),
        ("2026-03-12", "instalment-due"),
        ("2026-04-12", "instalment-due"),
        ("2026-05-12", "instalment-due"),
        ("2026-05-21", "instalment-missed"),
        ("2026-06-12", "instalment-due"),
        ("2026-06-21", "instalment-missed"),
        ("2026-07-01", "arrangement-broken"),
        ("2026-07-26", "final-notice"),  # 25 days after the break, as far as from the offer before it
    ]
    one = agreed(desk)
    assert (one["state"], one["since"]) == ("broken", "2026-07-01")
    assert [(part["due_on"], part["paid"], part["state"]) for part in one["instalments"]] == [
        ("2026-02-15", "50.00", "paid"),
        ("2026-03-15", "50.00", "paid"),
        ("2026-04-15", "50.00", "paid"),
        ("2026-05-15", "50.00", "paid"),
        ("2026-06-15", "0.00", "missed"),
        ("2026-07-15", "0.00", "due"),
    ]
    assert events(desk, tmp_path) == [
        "arrangement_offered", "arrangement_agreed", "instalment_paid", "instalment_paid", "instalment_paid", "instalment_missed",
        "instalment_paid", "instalment_missed", "arrangement_broken",
    ]  # fmt: skip
    [case] = json.loads(desk("handover", "list", "--as-of", "2027-01-12", "--json"))
    assert (case["state"], case["hand_over_on"], case["owed"]) == ("handed_over", "2026-08-09", "100.00")


def test_a_year_of_two_who_owe_together_and_settle_while_the_ledger_still_shows_the_rest(
    desk: Desk, tmp_path: Path
) -> None:
    other = {**ROW, "debtor_reference": "B2", "debtor_name": "Ben Perez", "email": "ben@debtors.example"}
    other |= {"debt_reference": "R2", "balance": "0.00"}

    def read(on: str, balance: str) -> None:
        file = tmp_path / "both.csv"
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=[*ROW, "joint_debtors"])
            writer.writeheader()
            writer.writerow({**ROW, "balance": balance, "joint_debtors": "B2"})
            writer.writerow({**other, "joint_debtors": ""})
        desk("portfolio", "import", str(file), "--as-of", on)

    def refused() -> None:
        """A ledger without its amounts is refused as a whole, and tells nothing."""
        file = tmp_path / "broken.csv"
        file.write_text("creditor,debtor_reference,debt_reference\nacme,A1,R1\n", encoding="utf-8")
        desk("portfolio", "import", str(file), "--as-of", "2026-02-05", code=2)

    def settle() -> None:
        terms = (
            "record",
            "settlement",
            "acme/A1",
            "--debt",
            "R1",
            "--amount",
            "180.00",
            "--by",
            "2026-02-10",
        )
        why = ("--approved-by", "Robin Ellis", "--why", "hardship")
        desk(*terms, *why, "--now", "2026-01-25T15:00:00Z")

    def pay() -> None:
        desk(
            "record",
            "payment",
            "acme/A1",
            "180",
            "--debt",
            "R1",
            "--on",
            "2026-02-09",
            "--now",
            "2026-02-09T12:00:00Z",
        )

    live(
        desk,
        {
            "2026-01-13": lambda: read("2026-01-13", "300.00"),
            "2026-01-25": settle,
            "2026-02-05": refused,
            "2026-02-09": pay,
            "2026-02-20": lambda: read("2026-02-20", "120.00"),
            "2026-06-20": lambda: read("2026-06-20", "120.00"),
            "2026-12-20": lambda: read("2026-12-20", "120.00"),
        },
        quiet=("2026-01-22", "2026-02-01", "2026-02-07", "2026-02-11", "2026-03-01", "2026-04-10"),
    )
    messages = json.loads(desk("messages", "list", "--json"))
    assert sorted((m["as_of"], m["step"], m["debtor"]) for m in messages) == [
        ("2026-01-13", "first-reminder", "acme/A1"),
        ("2026-01-13", "first-reminder", "acme/B2"),
        ("2026-01-22", "second-reminder", "acme/A1"),
        ("2026-01-22", "second-reminder", "acme/B2"),
        ("2026-01-25", "arrangement-confirmation", "acme/A1"),
        ("2026-02-07", "instalment-due", "acme/A1"),
        ("2026-02-09", "account-settled", "acme/A1"),
    ]
    assert (agreed(desk)["state"], agreed(desk)["since"]) == ("kept", "2026-02-09")
