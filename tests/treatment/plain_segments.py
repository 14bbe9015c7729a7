"""The shipped segments over a ledger's file, in plain Python and without the program: what SQL must agree with."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

KEY_ACCOUNT_SHARE, KEY_ACCOUNT_FLOOR = Decimal(5), Decimal(100_000)  # percent of the book; USD


@dataclass(frozen=True)
class Invoice:
    """A row of the book: all in US dollars, all owed by companies."""

    number: str
    customer: str
    amount: Decimal
    issued: date
    due: date
    settled: date

    def is_open(self, on: date) -> bool:
        return self.issued <= on < self.settled and self.amount > 0


def read_book(path: Path) -> list[Invoice]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            Invoice(
                row["invoiceNumber"],
                row["customerID"],
                Decimal(row["InvoiceAmount"]),
                *(_day(row[name]) for name in ("InvoiceDate", "DueDate", "SettledDate")),
            )
            for row in csv.DictReader(file)
        ]


def segments_by_hand(book: Iterable[Invoice], on: date) -> Iterator[tuple[str, str | None]]:
    """Each open invoice's segment on a day, by the first of the shipped conditions that it meets."""
    theirs: dict[str, list[Invoice]] = defaultdict(list)
    for invoice in book:
        theirs[invoice.customer].append(invoice)
    owed = {who: sum((i.amount for i in mine if i.is_open(on)), Decimal()) for who, mine in theirs.items()}
    whole = sum(owed.values(), Decimal())
    for who, mine in theirs.items():
        oldest = min((i.due for i in mine if i.is_open(on)), default=on)
        late = sum(i.settled > i.due and on - timedelta(days=365) < i.settled <= on for i in mine)
        is_key = owed[who] >= KEY_ACCOUNT_FLOOR and owed[who] * 100 >= whole * KEY_ACCOUNT_SHARE
        for invoice in mine:
            if invoice.is_open(on):
                yield invoice.number, _segment(invoice, on, oldest, late, is_key=is_key)


def _segment(invoice: Invoice, on: date, oldest: date, late: int, *, is_key: bool) -> str | None:
    if is_key:
        return "key account"
    if invoice.due >= on:
        return None
    if (on - oldest).days >= 60:
        return "long overdue"
    return "sometimes late" if late >= 2 else "just late"


def _day(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC).date()
