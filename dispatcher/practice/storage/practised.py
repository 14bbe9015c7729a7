"""Reads what those who practise have made of their invented people."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import arrangement_parties, arrangements
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import creditors, debtors
from dispatcher.inbox.storage.items import KINDS
from dispatcher.practice.domain.exercise import CREDITOR, Work


def known(connection: Connection, references: Collection[str]) -> dict[str, int]:
    """Reference -> id of those of these people who are in the portfolio."""
    query = (
        select(debtors.c.reference, debtors.c.id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(creditors.c.key == CREDITOR, one_of(debtors.c.reference, "references"))
    )
    rows = connection.execute(query, {"references": list(references)})
    return {row.reference: row.id for row in rows}


def reached(connection: Connection, people: Collection[int]) -> set[int]:
    """Those of these people whom a message of ours has reached."""
    query = select(messages.c.recipient_id).where(
        one_of(messages.c.recipient_id, "people"), messages.c.sent_at.is_not(None)
    )
    return set(connection.scalars(query, {"people": list(people)}))


def works(connection: Connection, people: Collection[int]) -> dict[int, Work]:
    """What was made of the words of each of these people, the newest words of each."""
    wanted = {"people": list(people)}
    agreed: dict[int, list[str]] = defaultdict(list)
    parties = (
        select(arrangement_parties.c.debtor_id, arrangements.c.kind)
        .join(arrangements, arrangements.c.id == arrangement_parties.c.arrangement_id)
        .where(one_of(arrangement_parties.c.debtor_id, "people"))
    )
    for debtor, kind in connection.execute(parties, wanted):
        agreed[debtor].append(kind)
    words = (
        select(tasks.c.debtor_id, tasks.c.id, tasks.c.done_at, tasks.c.details)
        .where(one_of(tasks.c.debtor_id, "people"), tasks.c.kind.in_(KINDS))
        .order_by(tasks.c.id)
    )
    return {row.debtor_id: _work(row, agreed[row.debtor_id]) for row in connection.execute(words, wanted)}


def _work(row: Any, agreed: list[str]) -> Work:
    details = row.details or {}
    return Work(
        wrote=True,
        item=row.id,
        reading=details.get("confirmed", {}).get("reading", ""),
        read_at=row.done_at,
        replied=bool(details.get("reply")),
        arrangements=tuple(agreed),
    )
