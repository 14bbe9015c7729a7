"""What messages brought in: the same figures from the program and from what an auditor holds, an export and ledgers."""

import csv
import json
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.command import dispatcher

FIRST, DAYS = date(2026, 3, 2), 50
WINDOWS = (7, 14, 30)


class Desk:
    """A home with sixty people, run for some days; people pay, promise, answer and say stop by a fixed chance."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home, self.chance = folder, folder / "home", random.Random(11)
        self.balances = {f"R{n:02}": Decimal(self.chance.randint(2000, 90_000)) / 100 for n in range(60)}
        self.dues = {name: FIRST - timedelta(days=self.chance.randint(1, 12)) for name in self.balances}
        self.fell: list[tuple[str, date, Decimal]] = []  # what a ledger shows, and nobody recorded

    def run(self, *words: object) -> str:
        done = dispatcher(*words, home=self.home, DISPATCHER_RULES__ONLY="default")
        assert done.returncode in (0, 1) or "promise" in words, (words, done.stderr)
        return done.stdout

    def ledger(self, day: date) -> None:
        """Balances as the creditor has them: a third of the payments were recorded here first."""
        file = self.folder / "ledger.csv"
        with file.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(
                ["creditor", "debt_reference", "debtor_reference", "debtor_name", "debtor_kind", "language", "country", "region",
                 "email", "currency", "balance", "due_date", "debt_type"]
            )  # fmt: skip
            for name, balance in self.balances.items():
                writer.writerow(
                    ["acme", name, f"P{name}", "Ana Perez", "person", "en", "US", "NY", f"{name.lower()}@debtors.example",
                     "USD", f"{balance:.2f}", self.dues[name], "consumer"]
                )  # fmt: skip
        self.run("portfolio", "import", file, "--as-of", day)

    def live(self) -> None:
        self.ledger(FIRST)
        for n in range(0, DAYS, 5):
            day = FIRST + timedelta(days=n)
            if n:
                self._people_do(day)
                self.ledger(day)
            self.run("run", "--as-of", day, "--now", f"{day}T18:00:00Z")
            self._pay_here(day)
        self.ledger(FIRST + timedelta(days=DAYS))

    def _people_do(self, day: date) -> None:
        """Payments that reach the creditor, and show in the next ledger."""
        for name, balance in self.balances.items():
            if balance > 0 and self.chance.random() < 0.08:
                paid = balance if self.chance.random() < 0.6 else (balance / 2).quantize(Decimal("0.01"))
                self.balances[name] -= paid
                self.fell.append((name, day, paid))

    def _pay_here(self, day: date) -> None:
        """Payments, answers, promises and stops that somebody writes down in the evening."""
        for name, balance in self.balances.items():
            chance, at = self.chance.random(), f"{day}T20:00:00Z"
            if balance > 10 and chance < 0.03:
                self.run(
                    "record", "payment", f"acme/P{name}", "5.00", "--debt", name, "--on", day, "--now", at
                )
                self.balances[name] -= 5
            elif chance < 0.05:
                self.run(
                    "record",
                    "contact",
                    f"acme/P{name}",
                    "email",
                    "--inbound",
                    "--text",
                    "Got it",
                    "--now",
                    at,
                )
            elif chance < 0.06:
                self.run("record", "opt-out", f"acme/P{name}", "--medium", "email", "--now", at)
            elif balance > 10 and chance < 0.08:
                self.run(
                    "record",
                    "promise",
                    f"acme/P{name}",
                    "--debt",
                    name,
                    "--on",
                    day + timedelta(days=9),
                    "--now",
                    at,
                )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.live()
    return desk


@pytest.mark.parametrize("by", ["step", "template", "channel", "segment"])
def test_an_auditor_gets_the_same_figures_from_an_export_and_the_ledgers(desk: Desk, by: str) -> None:
    last = FIRST + timedelta(days=DAYS)
    told = json.loads(
        desk.run("outcomes", "--from", FIRST, "--to", last, "--by", by, "--as-of", last, "--json")
    )
    assert told["payments_known_until"] == last.isoformat()
    desk.run("log", "export", "--out", desk.folder / "log.jsonl")
    entries = [json.loads(line) for line in (desk.folder / "log.jsonl").read_text().splitlines()[:-1]]
    audited = _audit(entries, desk.fell, by, last)
    assert {o["group"]: _figures(o) for o in told["outcomes"]} == audited
    assert any(figures["paid"][-1][1] for figures in audited.values()), "somebody paid"
    assert sum(figures["answered"] + figures["promised"] for figures in audited.values())


def _figures(outcome: dict[str, Any]) -> dict[str, Any]:
    names = ("sent", "people", "answered", "promised", "opted_out")
    paid = [outcome["paid"][str(days)] for days in WINDOWS]
    return {name: outcome[name] for name in names} | {
        "paid": [(p["of"], p["people"], Decimal(p["amounts"].get("USD", 0))) for p in paid]
    }


def _audit(
    entries: list[dict], fell: list[tuple[str, date, Decimal]], by: str, until: date
) -> dict[str, Any]:
    """Plain arithmetic on the lines of an export, and on what the ledgers show."""
    planned = {e["message_id"]: e for e in entries if e["event"] == "planned"}
    money = [(f"acme/{name}", day, amount, None) for name, day, amount in fell]
    signs: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for entry in entries:
        at = datetime.fromisoformat(entry["at"])
        if entry["event"] == "payment_recorded":
            day = date.fromisoformat(entry["details"]["paid_on"])
            money.append((entry["debts"][0], day, Decimal(entry["details"]["amount"]), at))
        elif entry["event"] == "inbound":
            signs["answered"].append((entry["debtor"], at))
        elif entry["event"] == "opted_out":
            signs["opted_out"].append((entry["debtor"], at))
        elif entry["event"] == "arrangement_agreed" and entry["details"]["arrangement_kind"] == "promise":
            signs["promised"].append((entry["debtor"], at))
    groups: dict[str, list[dict]] = defaultdict(list)
    for entry in entries:
        if entry["event"] == "accepted":
            groups[_group(entry, planned[entry["message_id"]], by)].append(entry)
    return {name: _of_group(group, money, signs, until) for name, group in groups.items()}


def _group(entry: dict, planned: dict, by: str) -> str:
    if by == "segment":
        return planned["details"].get("segment") or "not said"
    return f"{entry['template']}, version {entry['template_version']}" if by == "template" else entry[by]


def _of_group(group: list[dict], money: list, signs: dict[str, list], until: date) -> dict[str, Any]:
    first: dict[str, dict] = {}
    for entry in sorted(group, key=lambda e: e["at"]):
        first.setdefault(entry["debtor"], entry)

    def gave(sign: str) -> int:
        return sum(
            any(
                who == debtor and _at(entry) < at <= _at(entry) + timedelta(days=14)
                for who, at in signs[sign]
            )
            for debtor, entry in first.items()
        )

    return {
        "sent": len(group),
        "people": len(first),
        "answered": gave("answered"),
        "promised": gave("promised"),
        "opted_out": gave("opted_out"),
        "paid": [_paid(days, first.values(), money, until) for days in WINDOWS],
    }


def _at(entry: dict) -> datetime:
    return datetime.fromisoformat(entry["at"])


def _paid(days: int, sent: Any, money: list, until: date) -> tuple[int, int, Decimal]:
    ripe = [e for e in sent if _at(e).date() + timedelta(days=days) <= until]
    each = [
        sum(
            (
                amount
                for debt, day, amount, at in money
                if debt in e["debts"]
                and (
                    (day == _at(e).date() and at is not None and at > _at(e))
                    or _at(e).date() < day <= _at(e).date() + timedelta(days=days)
                )
            ),
            Decimal(),
        )
        for e in ripe
    ]
    return len(ripe), sum(amount > 0 for amount in each), sum(each, Decimal())


def test_the_table_holds_what_the_answer_says(desk: Desk) -> None:
    last = FIRST + timedelta(days=DAYS)
    out = desk.folder / "outcomes.csv"
    told = json.loads(
        desk.run("outcomes", "--from", FIRST, "--to", last, "--as-of", last, "--out", out, "--json")
    )
    with out.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["step"], int(row["sent"]), row["amount_within_30"]) for row in rows] == [
        (o["group"], o["sent"], o["paid"]["30"]["amounts"].get("USD", "")) for o in told["outcomes"]
    ]


def test_words_say_no_more_than_the_interval(desk: Desk) -> None:
    last = FIRST + timedelta(days=DAYS)
    told = json.loads(desk.run("outcomes", "--from", FIRST, "--to", last, "--as-of", last, "--json"))
    assert told["differences"], "there are two steps to compare"
    for difference in told["differences"]:
        paid, words = difference["paid"], difference["in_words"].split(": ")[1]
        if paid is None:
            assert words.startswith("too few to say")
        elif paid["low"] <= 0 <= paid["high"]:
            assert words.startswith("no difference can be told")
        else:
            assert words.startswith("more" if paid["value"] > 0 else "fewer")
