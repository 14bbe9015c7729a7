"""Two years of a public accounts-receivable book, day by day: exactly the messages that arithmetic on the file gives."""

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from dispatcher.database.engine import Database
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.planning.policy import Policy
from tests.builders import a_desk, a_ladder, days, mark_sent, plan, planned
from tests.builders import at as hour_of
from tests.conftest import DEEP
from tests.portfolio.books import an_import

FIRST, LAST = date(2012, 1, 1), date(2014, 2, 28)
LAST_JOINED = LAST if DEEP else date(2012, 6, 30)
LADDER = (3, 10, 21)

Told = tuple[date, str, str, frozenset[tuple[str, str, str]]]  # day, customer, step, (invoice, its step, how)


def test_the_real_book_gets_363_first_127_second_and_10_third_reminders(
    sqlite_database: Database, shared: Path, tmp_path: Path
) -> None:
    book = _lived(sqlite_database, shared, tmp_path, a_desk(a_ladder(*LADDER)), LAST)
    names = _reference(sqlite_database)
    found = planned(sqlite_database)
    assert Counter(step for _, _, step, _ in found) == {"day3": 363, "day10": 127, "day21": 10}
    assert {(day, names[debt], step) for day, debt, step, _ in found} == set(_by_hand(book))


def test_joined_each_customer_of_the_real_book_gets_one_message_that_lists_all_they_owe(
    sqlite_database: Database, shared: Path, tmp_path: Path
) -> None:
    desk = a_desk(a_ladder(*LADDER, join="debtor"), packs=("default", "house"))
    book = _lived(sqlite_database, shared, tmp_path, desk, LAST_JOINED)
    found = _told(sqlite_database)
    assert found == _joined_by_hand(book)
    ways = Counter(how for *_, debts_told in found for _, _, how in debts_told)
    assert min(ways[how] for how in ("new", "due", "listed")) > 0


def _lived(database: Database, shared: Path, folder: Path, desk: Policy, last: date) -> Path:
    """The days of the book up to one, every message sent on its day; the file."""
    book = folder / "book.csv"
    shutil.copy(shared / "data" / "ibm_accounts_receivable.csv", book)
    an_import(database, book, mapping="ibm-ar", as_of=FIRST, now=datetime(2012, 1, 1, tzinfo=UTC))
    for day in days(FIRST, (last - FIRST).days + 1):
        if plan(database, day, desk).due:
            mark_sent(database, at=hour_of(day))
    return book


def _by_hand(book: Path) -> Iterator[tuple[date, str, str]]:
    """An undisputed invoice is reminded on days 3, 10 and 21 after it fell due, while it is not settled."""
    with book.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            due, settled = _day(row["DueDate"]), _day(row["SettledDate"])
            for step in LADDER:
                day = due + timedelta(days=step)
                if row["Disputed"] == "No" and FIRST <= day <= LAST and day < settled:
                    yield day, row["invoiceNumber"], f"day{step}"


def _told(database: Database) -> list[Told]:
    """Every message with what it says of each debt."""
    c = message_debts.c
    query = (
        select(
            messages.c.id,
            messages.c.as_of,
            debtors.c.reference,
            messages.c.step,
            debts.c.reference,
            c.step,
            c.how,
        )
        .join(messages, messages.c.id == c.message_id)
        .join(debtors, debtors.c.id == messages.c.recipient_id)
        .join(debts, debts.c.id == c.debt_id)
    )
    lists: dict[tuple[str, date, str, str], set[tuple[str, str, str]]] = defaultdict(set)
    with database.reading() as connection:
        for message, as_of, customer, step, *debt in connection.execute(query):
            lists[message, as_of, customer, step].add((debt[0], debt[1], debt[2]))
    return sorted((*key[1:], frozenset(listed)) for key, listed in lists.items())


def _joined_by_hand(book: Path) -> list[Told]:
    """Whoever has an invoice that comes to a step is told of all that is overdue, open and undisputed, under the furthest.

    What an earlier table named is no news when it comes to its first step: it stands among the others.
    """
    with book.open(encoding="utf-8-sig", newline="") as file:
        asked_for = [row for row in csv.DictReader(file) if row["Disputed"] == "No"]
    wanted, told = [], set()
    for day in days(FIRST, (LAST_JOINED - FIRST).days + 1):
        owed: dict[str, dict[str, int]] = defaultdict(dict)  # customer -> invoice -> days past due
        for row in asked_for:
            late = (day - _day(row["DueDate"])).days
            if late > 0 and _day(row["InvoiceDate"]) <= day < _day(row["SettledDate"]):
                owed[row["customerID"]][row["invoiceNumber"]] = late
        for customer, invoices in owed.items():
            furthest = max((late for late in invoices.values() if late in LADDER), default=None)
            if furthest is not None:
                rows = {
                    (
                        invoice,
                        f"day{late}" if late in LADDER else "",
                        "new" if invoice not in told else "due" if late in LADDER[1:] else "listed",
                    )
                    for invoice, late in invoices.items()
                }
                wanted.append((day, customer, f"day{furthest}", frozenset(rows)))
                told |= invoices.keys()
    return sorted(wanted)


def _day(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC).date()


def _reference(database: Database) -> dict[int, str]:
    with database.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(select(debts.c.id, debts.c.reference))}
