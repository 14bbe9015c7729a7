"""Builders for ledgers: a file of rows with sensible columns, and imports of it."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import (
    contact_points,
    creditors,
    debt_parties,
    debtors,
    debts,
    payments,
)
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.import_portfolio import ImportReport, ImportRequest, import_portfolio
from dispatcher.rulebook.mappings import load_mapping
from tests.shared import ROOT

LEDGER_DAY = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)


def a_row(**columns: str) -> dict[str, str]:
    """One debt of Ana's, all that is required and a little more."""
    return {
        "creditor": "acme",
        "debt_reference": "0001",
        "debtor_reference": "07",
        "debtor_name": "Ana Pérez",
        "country": "US",
        "region": "NY",
        "postal_code": "10001",
        "email": "ana@debtors.example",
        "phone": "+1 212 555 0100",
        "currency": "USD",
        "balance": "120.50",
        "issued_on": "2026-10-01",
        "due_date": "2026-10-31",
        **columns,
    }


def many(count: int, **columns: str) -> list[dict[str, str]]:
    """So many debts, each of somebody else with an address of their own."""
    return [
        a_row(debt_reference=f"R{i}", debtor_reference=f"D{i}", debtor_name=f"Ana {chr(65 + i % 26)}{i}",
              email=f"p{i}@debtors.example", phone="", balance=f"{100 + i}.00", **columns)
        for i in range(count)
    ]  # fmt: skip


def a_file(folder: Path, *rows: dict[str, str], name: str = "ledger.csv") -> Path:
    """The rows as CSV, every column that any of them has."""
    path = folder / name
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def a_text_file(folder: Path, text: str | bytes, name: str = "ledger.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def an_import(database: Database, file: Path, **request: Any) -> ImportReport:
    """Import with the ledger's day and a fixed clock."""
    mapping = request.pop("mapping", None)
    folder = file.parent
    given = {
        "as_of": LEDGER_DAY, "now": NOW, "actor": "test",
        "rejects": folder / "rejects.csv", "warnings": folder / "warnings.csv", **request,
    }  # fmt: skip
    if isinstance(mapping, str):
        mapping = load_mapping(ROOT / "config" / "mappings", mapping)
    return import_portfolio(database, ImportRequest(file=file, mapping=mapping, **given))


def a_mapping_of(folder: Path, *, empty_ends: Sequence[str] = ()) -> PortfolioMapping:
    """A mapping that takes our own columns, with what it says of empty cells."""
    path = folder / "own.yaml"
    listed = "".join(f"\n  - {column}" for column in empty_ends)
    ends = f"empty_ends:{listed}\n" if empty_ends else ""
    path.write_text(f"{ends}fields:\n  debt_reference: debt_reference\n", encoding="utf-8")
    return load_mapping(folder, "own")


def rejects(file: Path) -> list[dict[str, str]]:
    """What the rejects file beside a ledger says."""
    path = file.parent / "rejects.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def warnings(file: Path) -> list[dict[str, str]]:
    path = file.parent / "warnings.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def rows_of(database: Database, table: Any, *columns: Any) -> list[Any]:
    """All rows of a table in the order they came."""
    with database.reading() as connection:
        order = table.c.id if "id" in table.c else next(iter(table.c))
        return list(connection.execute(select(*(columns or (table,))).order_by(order)))


def entries(database: Database, event: str) -> list[dict[str, Any]]:
    """The entries of the log about an event, in the order they came."""
    return [json.loads(row.entry) for row in rows_of(database, log_entries) if row.event == event]


def portfolio_of(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Everything an import writes but the log, the instants and the pseudonyms."""
    return {
        table.name: [
            tuple(v for k, v in row._mapping.items() if k != "ledger_imported_at")
            for row in rows_of(database, table)
        ]
        for table in (creditors, debtors, debts, contact_points, debt_parties, holds, payments)
    }
