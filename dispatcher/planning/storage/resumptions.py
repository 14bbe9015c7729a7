"""Where ladders go on after a break: rungs that no message set, kept so that a fold of the ladder finds them again."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, literal, select, tuple_, union_all

from dispatcher.database.bulk import upsert_rows
from dispatcher.database.tables.planning import ladder, resumptions
from dispatcher.database.tables.portfolio import debt_parties, debts

_KEY = ("arrangement_id", "debt_id", "recipient_id")


def standing_rungs(connection: Connection, debt_ids: Collection[int]) -> list[tuple[int, int, str]]:
    """(debt, who owes it, last step or "") of these debts."""
    owners = select(debts.c.id, debts.c.debtor_id).where(debts.c.id.in_(debt_ids))
    others = select(debt_parties.c.debt_id, debt_parties.c.debtor_id).where(
        debt_parties.c.debt_id.in_(debt_ids)
    )
    owing = union_all(owners, others).subquery("owing")
    debt_id, person = owing.c
    query = select(debt_id, person, ladder.c.step).outerjoin(
        ladder, (ladder.c.debt_id == debt_id) & (ladder.c.recipient_id == person)
    )
    return [(row[0], row[1], row[2] or "") for row in connection.execute(query)]


def keep(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write rungs down; each row the columns of `resumptions`."""
    upsert_rows(connection, resumptions, rows, key=_KEY)


def drop(connection: Connection, arrangement_ids: Collection[int]) -> set[tuple[int, int]]:
    """Take arrangements' rungs away; returns the (debt, recipient) they stood for."""
    gone = connection.execute(
        delete(resumptions)
        .where(resumptions.c.arrangement_id.in_(arrangement_ids))
        .returning(resumptions.c.debt_id, resumptions.c.recipient_id)
    )
    return {(row[0], row[1]) for row in gone}


def of(connection: Connection, keys: Collection[tuple[int, int]]) -> list[Any]:
    """The rungs of (debt, recipient), with the day each stands for as `as_of`, the oldest first."""
    c = resumptions.c
    query = select(
        c.debt_id,
        c.recipient_id,
        c.strategy,
        c.step,
        c.day,
        c.broken_on.label("as_of"),
        literal("").label("message_id"),
    ).where(tuple_(c.debt_id, c.recipient_id).in_(sorted(keys)))
    return list(connection.execute(query.order_by(c.broken_on, c.arrangement_id)))


def row(
    arrangement_id: int, debt_id: int, recipient_id: int, strategy: str, step: str, day: int, broken_on: date
) -> dict[str, Any]:
    """One rung's columns."""
    return {
        "arrangement_id": arrangement_id,
        "debt_id": debt_id,
        "recipient_id": recipient_id,
        "strategy": strategy,
        "step": step,
        "day": day,
        "broken_on": broken_on,
    }
