"""Any change of any table that the gate reads, by chance."""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Boolean, Date, Table, delete, insert, select, update

from dispatcher.database.engine import Connection
from dispatcher.database.facts_versions import RAISES
from dispatcher.database.tables.metadata import metadata
from dispatcher.database.types import Instant
from tests.builders import TODAY
from tests.delivery.clearances import NOW, WISHED, Book

KINDS: Mapping[str, Sequence[Any]] = {
    "holds.kind": (
        "dispute", "promise", "attorney", "cease", "bankruptcy", "deceased", "breathing_space", "care", "manual",
        "complaint",
    ),
    "consents.kind": ("contact", "email", "sms", "esign"),
    "notices.kind": ("validation", "first_written"),
    "arrangements.state": ("active", "kept", "cancelled"),
    "arrangements.kind": ("plan", "promise", "settlement"),
    "handovers.state": ("decided", "handed_over", "withdrawn"),
    "contact_points.medium": ("email", "phone"),
    "contact_points.address": ("ana@mail.example", "office@mail.example", "new@mail.example"),
    "opt_outs.address": ("", "ana@mail.example", "office@mail.example"),
    "opt_outs.medium": ("", "email"),
    "contacts.channel": ("call", "email", "letter"),
    "contacts.outcome": ("conversation", "no_answer", ""),
    "debtors.region": ("NY", "MA", "CA"),
    "debtors.country": ("US", "GB"),
    "debtors.name": ("Ana Example", "Somebody Else"),
    "debtors.kind": ("person", "company"),
    "debtors.language": ("en", "es"),
    "debtors.represented_by": ("", "Lawyers"),
    "messages.state": ("accepted", "bounced", "queued"),
    "message_debts.how": ("due", "new", "listed"),
    "sent_offers.debts": ([],),
    "sent_offers.plans": ([],),
    "sent_offers.settlements": (
        [], [{"amount": "60.00", "percent": "60", "valid_until": None}],
        [{"amount": "70.00", "percent": "70", "valid_until": "2026-03-06"}],
    ),
    "wishes.kind": ("time", "place", "language"),
    "wishes.details": tuple(
        {**WISHED, "days": ["MO", "TU", "WE", "TH", "FR"], "from": start} for start in ("09:00", "16:00")
    ),
}  # fmt: skip
_KEPT = {"id", "person", "reference", "number", "message_id"}


# Whom they concern is everybody: `test_clearance.py` asks of them.
CHANGED: Sequence[str] = sorted(
    {*RAISES, "opt_outs", "messages", "holds", "debts"}
    - {"users", "handlers", "handler_rules", "debtor_handlers"}
)


def any_change(
    connection: Connection, dice: random.Random, book: Book, tables: Sequence[str] = CHANGED
) -> str:
    """Change, add or take away a row of one of the tables; returns what was done."""
    name = dice.choice(tables)
    table = metadata.tables[name]
    rows = connection.execute(select(table)).mappings().all()
    row = dice.choice(rows) if rows else {}
    what = dice.choice(("change", "change", "add", "drop"))
    same = [column == row[column.name] for column in table.primary_key] if row else []
    if not row:
        what = "add"
    if what == "drop" and name not in {"debtors", "debts", "messages", "creditors", "arrangements"}:
        connection.execute(delete(table).where(*same))
        return f"drop {name}"
    changed = {}
    for _ in range(dice.choice((1, 2, 3))):
        changed |= _anything(table, row, dice, book)
    if not changed:
        return ""
    if what == "add" and name not in {
        "debtors",
        "debts",
        "messages",
        "message_debts",
        "creditors",
        "arrangements",
    }:
        values = {key: value for key, value in row.items() if key != "id"} | changed
        if not row and name == "humans":
            values = {"debtor_id": dice.choice(book.people), "human": book.people[2]}
        connection.execute(insert(table).values(**values))
        return f"add {name}: {changed}"
    connection.execute(update(table).where(*same).values(**changed))
    return f"change {name}: {changed}"


def _anything(table: Table, row: Mapping[str, Any], dice: random.Random, book: Book) -> dict[str, Any]:
    column = dice.choice([one for one in table.columns if one.name not in _KEPT])
    kinds = KINDS.get(f"{table.name}.{column.name}")
    if kinds is not None:
        return {column.name: dice.choice(kinds)}
    if column.name in {"debtor_id", "recipient_id", "human"}:
        return {column.name: dice.choice(book.people)}
    if column.name == "debt_id":
        return {column.name: dice.choice(book.owed)}
    if column.name.endswith("_minor"):
        return {column.name: dice.choice((0, 100, 9_999, 10_000, 60_000))}
    if isinstance(column.type, Boolean):
        return {column.name: dice.choice((True, False))}
    if isinstance(column.type, Instant):
        moments = [NOW - timedelta(days=dice.choice((0, 1, 3, 44))) - timedelta(minutes=5)]
        return {column.name: dice.choice(moments * 2 + [None] * bool(column.nullable))}
    if isinstance(column.type, Date):
        day = TODAY + timedelta(days=dice.choice((-30, -3, -1, 0, 1, 20)))
        return {column.name: dice.choice([day] * 2 + [None] * bool(column.nullable))}
    return {}
