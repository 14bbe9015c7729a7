"""Portfolios made up from a seed, with everything that happens to debts, against the slow ladder."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DEEP
from tests.outside.books import Book, later, made_up, write
from tests.outside.ladder import Desk, replayed
from tests.outside.program import Program, assert_log_is_whole, assert_same, sent

FIRST = date(2026, 3, 2)  # clocks change in America on the 8th, in Europe on the 29th
DAY = timedelta(days=1)
PART = 10 if DEEP else 4  # days between one event and the next


def step(
    kind: str, day: int, channels: str, valid_days: int | None = None, *, prefix: str = ""
) -> dict[str, Any]:
    template = "due-soon" if kind == "courtesy" else "first-reminder"
    made = {
        "name": f"{prefix}{kind}-{abs(day)}{'-before' if day < 0 else ''}",
        "kind": kind,
        "day": day,
        "channels": channels.split(),
        "template": template,
    }
    return made | ({} if valid_days is None else {"valid_days": valid_days})


STRATEGIES: dict[str, list[dict[str, Any]]] = {
    "joined": [
        {
            "name": "everybody",
            "join": "debtor",
            "parties": "all",
            "steps": [
                step("courtesy", -5, "email sms", 1),
                step("courtesy", 0, "email sms letter"),
                step("collection", 1, "email sms letter", 2),
                step("collection", 9, "letter email"),
                step("collection", 20, "sms letter email", 4),
            ],
        }
    ],
    "several": [
        {
            "name": "small",
            "match": {"balance": {"max": "99.99"}, "debtor_kind": "person"},
            "steps": [
                step("collection", 3, "email", 1, prefix="small-"),
                step("collection", 11, "email", prefix="small-"),
            ],
        },
        {
            "name": "abroad",
            "match": {"country": ["JP", "IN", "AU"], "currency": ["USD"]},
            "parties": "all",
            "guarantors": True,
            "steps": [
                step("courtesy", -2, "sms email", prefix="abroad-"),
                step("collection", 2, "email letter", prefix="abroad-"),
                step("collection", 7, "letter", 10, prefix="abroad-"),
            ],
        },
        {
            "name": "gold-business",
            "match": {
                "ledger_segment": ["gold", "silver"],
                "debt_type": ["commercial"],
                "creditor": ["acme", "ibm"],
            },
            "join": "debtor",
            "steps": [
                step("courtesy", -7, "email", prefix="gold-"),
                step("courtesy", -3, "email", prefix="gold-"),
                step("collection", 2, "letter email", prefix="gold-"),
                step("collection", 5, "email sms", prefix="gold-"),
            ],
        },
        {
            "name": "rest",
            "match": {"language": "en", "region": ["US-NY", "US-CA", "MX-CMX", "GB-LND", "CO-DC"]},
            "parties": "all",
            "steps": [step("collection", day, "sms email letter", 3, prefix="rest-") for day in (1, 2, 3)],
        },
    ],
}


def events_between(book: Book, seed: int, program: Program, desk: Desk, now: datetime) -> Book:
    """Payments and opt-outs, recorded by the commands; the book as its creditor will know it."""
    chance = random.Random(seed)
    stamp, debts = now.isoformat(), dict(book.debts)
    payable = sorted(key for key, debt in debts.items() if debt.balance >= 220 and debt.settled is None)
    for number, key in enumerate(chance.sample(payable, min(4, len(payable)))):
        debt = debts[key]
        amount = debt.balance if number % 2 else Decimal("20.00")
        words = ("record", "payment", debt.owner, str(amount), "--debt", key.partition("/")[2])
        program.do(*words, "--on", now.date().isoformat(), "--now", stamp)
        desk.paid[key] += amount
        debts[key] = replace(debt, balance=debt.balance - amount)
    for key in chance.sample(sorted(k for k, p in book.people.items() if "email" in p.reach), 2):
        program.do("record", "opt-out", key, "--medium", "email", "--now", stamp)
        desk.opted_out.add((key, "email"))
    return Book(people=book.people, debts=debts)


def assert_status_adds_up(program: Program, book: Book, day: date) -> None:
    """Totals and ageing, by our own adding up."""
    said = program.report("portfolio", "status", "--as-of", day.isoformat())["currencies"]
    buckets: dict[str, Counter[str]] = {}
    amounts: dict[tuple[str, str], Decimal] = {}
    for debt in book.debts.values():
        if not debt.is_open(day) or debt.balance == 0:
            continue
        late = (day - debt.due).days
        name = (
            "current"
            if late <= 0
            else "1-30"
            if late <= 30
            else "31-60"
            if late <= 60
            else "61-90"
            if late <= 90
            else "90+"
        )
        buckets.setdefault(debt.currency, Counter())[name] += 1
        amounts[debt.currency, name] = amounts.get((debt.currency, name), Decimal()) + debt.balance
    for currency, counts in buckets.items():
        for name, bucket in said[currency]["buckets"].items():
            assert bucket["count"] == counts[name], (currency, name)
            assert Decimal(bucket["amount"]) == amounts.get((currency, name), Decimal())
        assert Decimal(said[currency]["open"]["amount"]) == sum(
            v for (c, _), v in amounts.items() if c == currency
        )
        assert said[currency]["open"]["count"] == counts.total()


@pytest.mark.parametrize(
    ("strategies", "hour", "seed"),
    [
        ("joined", "18:00", 1),
        *(pytest.param("joined", hour, seed, marks=pytest.mark.deep) for seed, hour in enumerate(["03:00", "23:30", "12:00"], 2)),
        *(pytest.param("several", hour, seed, marks=pytest.mark.deep) for seed, hour in enumerate(["18:00", "03:00", "23:30", "07:10"], 5)),
    ],
)  # fmt: skip
def test_a_made_up_book_replayed_with_all_that_happens_to_it_agrees(
    strategies: str, hour: str, seed: int, tmp_path: Path
) -> None:
    program = Program(tmp_path, STRATEGIES[strategies])
    book, at = made_up(seed, FIRST + PART * DAY), time.fromisoformat(hour)
    desk = Desk(book=book, strategies=STRATEGIES[strategies], at=at, ledger_of=FIRST)
    program.do("portfolio", "import", str(write(book, tmp_path / "first.csv")), "--as-of", FIRST.isoformat())
    assert_status_adds_up(program, book, FIRST + 8 * DAY)

    def days(first: int, last: int) -> None:
        begin, end = FIRST + first * DAY, FIRST + last * DAY
        program.do("replay", "--from", begin.isoformat(), "--to", end.isoformat(), "--at", hour)
        replayed(desk, begin, end)

    days(0, PART - 1)
    paid = events_between(book, seed, program, desk, datetime.combine(FIRST + PART * DAY, at, UTC))
    days(PART, 2 * PART - 1)
    newer, gone = later(paid, seed, FIRST + 2 * PART * DAY)
    path = write(newer, tmp_path / "second.csv")
    program.do("portfolio", "import", str(path), "--full", "--as-of", (FIRST + 2 * PART * DAY).isoformat())
    desk.vanished, desk.paid = gone, Counter()  # the newer ledger knows the payments
    desk.ledger(Book(people=book.people, debts=book.debts | newer.debts), FIRST + 2 * PART * DAY)
    days(2 * PART, 4 * PART - 1)

    entries = program.export()
    assert_log_is_whole(program, entries)
    assert len(desk.sent) > 20
    assert_same(entries, desk.sent, desk.kept_back)
    assert not gone & {
        debt
        for e in entries
        if e["event"] == "accepted" and e["as_of"] >= str(FIRST + 2 * PART * DAY)
        for debt in e["debts"]
    }


@pytest.mark.parametrize("strategies", ["joined", pytest.param("several", marks=pytest.mark.deep)])
def test_daily_runs_and_dispatches_send_the_same_and_every_summary_adds_up(
    strategies: str, tmp_path: Path
) -> None:
    program = Program(tmp_path, STRATEGIES[strategies])
    book = made_up(11, FIRST, people=20, debts=60)
    desk = Desk(book=book, strategies=STRATEGIES[strategies], at=time(23, 30), ledger_of=FIRST)
    program.do("portfolio", "import", str(write(book, tmp_path / "book.csv")), "--as-of", FIRST.isoformat())
    for day in (FIRST + number * DAY for number in range(3 if DEEP else 2)):
        said = program.report("run", "--as-of", f"{day}", "--now", f"{day}T23:30:00Z")
        words = ("sent", "deferred", "held", "blocked", "failed", "unknown")
        assert said["due"] == sum(said[word] for word in words)
        for word in words:
            assert said[word] == sum(counts.get(word, 0) for counts in said["by_channel"].values())
            assert said[word] == sum(counts.get(word, 0) for counts in said["by_step"].values())
        assert all(reason["reference"] for reason in said["reasons"])
        again = program.report("run", "--as-of", f"{day}", "--now", f"{day}T23:30:00Z")
        assert again["sent"] == 0
        program.do("dispatch", "--now", f"{day + DAY}T12:00:00Z")
        program.do("dispatch", "--now", f"{day + DAY}T21:30:00Z")
        desk.day(day)
    entries = program.export()
    assert_log_is_whole(program, entries)

    def without_hours(messages: Any) -> Counter[Any]:
        return Counter(replace(message, at=datetime.combine(FIRST, time(), UTC)) for message in messages)

    assert len(desk.sent) > 5
    assert without_hours(sent(entries).elements()) == without_hours(desk.sent)
