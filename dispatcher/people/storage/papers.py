"""Reads which papers a creditor has provided about what people owe."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.portfolio import debt_parties, debts
from dispatcher.database.tables.wire import debt_documents


class Paper(NamedTuple):
    """What it is called, and the https address where it is read."""

    title: str
    url: str


def papers_of(connection: Connection, debtor_ids: Collection[int]) -> Mapping[int, tuple[Paper, ...]]:
    """Debtor's id -> the papers that stand about what they owe, alone or with others, in the order they came."""
    if not debtor_ids:
        return {}
    own = select(debts.c.debtor_id, debts.c.id).where(one_of(debts.c.debtor_id, "ids"))
    shared = select(debt_parties.c.debtor_id, debt_parties.c.debt_id).where(
        one_of(debt_parties.c.debtor_id, "ids")
    )
    whose = own.union(shared).subquery()
    query = (
        select(whose.c.debtor_id, debt_documents.c.title, debt_documents.c.url)
        .join(whose, whose.c.id == debt_documents.c.debt_id)
        .where(debt_documents.c.withdrawn_at.is_(None))
        .order_by(debt_documents.c.id)
    )
    found: dict[int, tuple[Paper, ...]] = {}
    for debtor_id, title, url in connection.execute(query, {"ids": sorted(debtor_ids)}):
        found[debtor_id] = (*found.get(debtor_id, ()), Paper(title, url))
    return found
