"""Counts a portfolio's debts by where those who owe them live."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.portfolio.storage.debts import OWED


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceCount:
    """Debts with a balance at one place; `postal_code` only where the address names no region."""

    creditor: str
    sender_role: str
    country: str
    region: str
    postal_code: str
    language: str
    debt_type: str
    debts: int


def count_places(connection: Connection) -> Iterator[PlaceCount]:
    """One count for each creditor, role, place, language and type of debt."""
    postal = case((debtors.c.region == "", debtors.c.postal_code), else_="")
    columns = (
        creditors.c.key,
        debts.c.sender_role,
        debtors.c.country,
        debtors.c.region,
        postal,
        debtors.c.language,
        debts.c.debt_type,
    )
    query = (
        select(*columns, func.count())
        .select_from(debts)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(debts.c.in_ledger, OWED > 0)
        .group_by(*columns)
    )
    for key, role, country, region, code, language, debt_type, count in connection.execute(query):
        yield PlaceCount(
            creditor=key,
            sender_role=role,
            country=country,
            region=region,
            postal_code=code,
            language=language,
            debt_type=debt_type,
            debts=count,
        )
