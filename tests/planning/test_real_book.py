"""Two years of a public accounts-receivable book, day by day: exactly the messages that arithmetic on the file gives."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from dispatcher.database.engine import Database
from dispatcher.database.tables.portfolio import debts
from tests.builders import a_desk, a_ladder, days, mark_sent, plan, planned
from tests.builders import at as hour_of
from tests.portfolio.books import an_import

FIRST, LAST = date(2012, 1, 1), date(2014, 2, 28)
LADDER = (3, 10, 21)


def test_the_real_book_gets_363_first_127_second_and_10_third_reminders(
    sqlite_database: Database, shared: Path, tmp_path: Path
) -> None:
    book = tmp_path / "book.csv"
    shutil.copy(shared / "data" / "ibm_accounts_receivable.csv", book)
    an_import(sqlite_database, book, mapping="ibm-ar", as_of=FIRST, now=datetime(2012, 1, 1, tzinfo=UTC))
    desk = a_desk(a_ladder(*LADDER))
    for day in days(FIRST, (LAST - FIRST).days + 1):
        if plan(sqlite_database, day, desk).due:
            mark_sent(sqlite_database, at=hour_of(day))
    names = _reference(sqlite_database)
    messages = planned(sqlite_database)
    assert Counter(step for _, _, step, _ in messages) == {"day3": 363, "day10": 127, "day21": 10}
    assert {(day, names[debt], step) for day, debt, step, _ in messages} == set(_by_hand(book))


def _by_hand(book: Path) -> Iterator[tuple[date, str, str]]:
    """An undisputed invoice is reminded on days 3, 10 and 21 after it fell due, while it is not settled."""
    with book.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            due, settled = _day(row["DueDate"]), _day(row["SettledDate"])
            for step in LADDER:
                day = due + timedelta(days=step)
                if row["Disputed"] == "No" and FIRST <= day <= LAST and day < settled:
                    yield day, row["invoiceNumber"], f"day{step}"


def _day(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC).date()


def _reference(database: Database) -> dict[int, str]:
    with database.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(select(debts.c.id, debts.c.reference))}
