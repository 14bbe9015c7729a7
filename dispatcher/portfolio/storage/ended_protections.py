"""Protections that a ledger no longer names: they stay as holds until a person says why, and the person has a task."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, insert, literal, null, select, update

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.portfolio.domain.portfolio_columns import PROTECTIONS
from dispatcher.portfolio.storage.portfolio_staging import BITS, staged_debtors, staged_debts

TASK = "no_longer_in_ledger"
SOURCE = "ledger, no longer"
_OF_DEBTS = frozenset({"disputed_on"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """One protection whose cell is empty now."""

    debtor_id: int
    debt_id: int | None
    person: str
    creditor: str
    debtor_reference: str
    debt_reference: str
    kind: str
    since: Any  # the date in the ledger; of an attorney the name


def find_ended(connection: Connection, empty_ends: frozenset[str], *, today: date) -> list[Ended]:
    """Before the merge: what the known ledger said, this one has a column for, and leaves empty."""
    found = []
    for column, kind in PROTECTIONS.items():
        if column not in empty_ends:
            query = _of_debt(column, kind) if column in _OF_DEBTS else _of_debtor(column, kind)
            found += [Ended(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 SQLAlchemy's public name
    return [one for one in found if one.kind != "breathing_space" or one.since >= today]


def keep(connection: Connection, ended: list[Ended], *, today: date, now: datetime, file: str) -> list[Ended]:
    """After the merge: hold them, and leave a task for each person. Returns those that are new."""
    standing = {
        (row.debtor_id, row.debt_id, row.kind)
        for row in connection.execute(_standing())
        if row.source == SOURCE
    }
    fresh = [one for one in ended if (one.debtor_id, one.debt_id, one.kind) not in standing]
    for i in range(0, len(fresh), 500):
        page = fresh[i : i + 500]
        connection.execute(insert(holds), [_hold_row(one, today, now, file) for one in page])
    people: dict[int, list[Ended]] = {}
    for one in fresh:
        people.setdefault(one.debtor_id, []).append(one)
    rows = [_task_row(person, now, file) for person in people.values()]
    for i in range(0, len(rows), 500):
        connection.execute(insert(tasks), rows[i : i + 500])
    return fresh


def release_named_again(connection: Connection, now: datetime) -> None:
    """After the merge: what the ledger says again needs no hold beside it."""
    for column, kind in PROTECTIONS.items():
        query = _named_again(column)
        mine = and_(holds.c.kind == kind, holds.c.source == SOURCE, holds.c.released_at.is_(None))
        ids = list(connection.scalars(select(holds.c.id).where(mine, query)))
        for i in range(0, len(ids), 500):
            connection.execute(
                update(holds)
                .where(holds.c.id.in_(ids[i : i + 500]))
                .values(released_at=now, released_why="the ledger says it again")
            )


def _named_again(column: str) -> Any:
    if column in _OF_DEBTS:
        named = select(debts.c.id).where(debts.c[column].is_not(None))
        return holds.c.debt_id.in_(named)
    filled = debtors.c[column] != "" if column == "represented_by" else debtors.c[column].is_not(None)
    return holds.c.debtor_id.in_(select(debtors.c.id).where(filled))


def _of_debtor(column: str, kind: str) -> Select[Any]:
    t, text = staged_debtors.c, column == "represented_by"
    said = debtors.c[column] != "" if text else debtors.c[column].is_not(None)
    empty = t[column] == "" if text else t[column].is_(None)
    # Asked of those who are protected, of whom there are few: not of each debtor of the file.
    no_longer = exists().where(
        t.creditor == creditors.c.key,
        t.reference == debtors.c.reference,
        empty,
        t.silent.op("&")(BITS[column]) == 0,
    )
    return (
        _columns(null(), literal(""), kind, debtors.c[column])
        .select_from(debtors)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(said, no_longer)
        .order_by(debtors.c.id)
    )


def _of_debt(column: str, kind: str) -> Select[Any]:
    t = staged_debts.c
    no_longer = exists().where(
        t.creditor == creditors.c.key,
        t.reference == debts.c.reference,
        t[column].is_(None),
        t.silent.op("&")(BITS[column]) == 0,
    )
    return (
        _columns(debts.c.id, debts.c.reference, kind, debts.c[column])
        .select_from(debts)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .where(debts.c[column].is_not(None), no_longer)
        .order_by(debts.c.id)
    )


def _columns(debt_id: Any, debt_reference: Any, kind: str, since: Any) -> Select[Any]:
    return select(
        debtors.c.id.label("debtor_id"),
        debt_id.label("debt_id"),
        debtors.c.person,
        creditors.c.key.label("creditor"),
        debtors.c.reference.label("debtor_reference"),
        debt_reference.label("debt_reference"),
        literal(kind).label("kind"),
        since.label("since"),
    )


def _standing() -> Select[Any]:
    return select(holds.c.debtor_id, holds.c.debt_id, holds.c.kind, holds.c.source).where(
        holds.c.released_at.is_(None), holds.c.source == SOURCE
    )


def _hold_row(one: Ended, today: date, now: datetime, file: str) -> dict[str, Any]:
    moratorium = one.kind == "breathing_space"
    day = one.since if isinstance(one.since, date) and not moratorium else today
    return {
        "debtor_id": one.debtor_id,
        "debt_id": one.debt_id,
        "kind": one.kind,
        "starts_on": min(day, today),
        "until": one.since if moratorium else None,
        "details": {"name": one.since} if one.kind == "attorney" else {},
        "source": SOURCE,
        "note": f"no longer in the ledger ({file})",
        "recorded_at": now,
    }


def _task_row(ended: list[Ended], now: datetime, file: str) -> dict[str, Any]:
    first = ended[0]
    what = ", ".join(dict.fromkeys(_in_words(one) for one in ended))
    text = (
        f"{first.creditor}/{first.debtor_reference}: no longer in the ledger ({file}): {what}. It protects them until "
        "you release it with the reason, or the ledger says it again."
    )
    kinds = sorted({one.kind for one in ended})
    return {
        "kind": TASK,
        "debtor_id": first.debtor_id,
        "text": text,
        "details": {"kinds": kinds},
        "created_at": now,
    }


def _in_words(one: Ended) -> str:
    word = one.kind.replace("_", " ")
    return f"{word} of debt {one.debt_reference}" if one.debt_reference else word


def pages(ended: list[Ended]) -> Iterator[list[Ended]]:
    """A page at a time, for the log."""
    for i in range(0, len(ended), 2_000):
        yield ended[i : i + 2_000]
