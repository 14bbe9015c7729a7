"""Loads what is recorded of the others who owe the same debts: facts of a debt bind everybody who owes it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import debt_parties, debtors, debts
from dispatcher.people.domain.person import DETAILS_OF_A_DEBT, CoDebtor, Hold, is_of_the_debt
from dispatcher.people.storage.elsewhere import hold_of
from dispatcher.people.storage.humans import other_records

_mine = debt_parties.alias("mine")
_parties = debt_parties.alias("parties")
# Those who owe with an owner, and those who owe with a party: each reads its own index.
_WITH_OWNERS = (
    select(debts.c.id, debts.c.debtor_id.label("owner"), debt_parties.c.debtor_id.label("party"))
    .join(debt_parties, debt_parties.c.debt_id == debts.c.id)
    .where(one_of(debts.c.debtor_id, "ids"))
)
_WITH_PARTIES = (
    select(debts.c.id, debts.c.debtor_id.label("owner"), _parties.c.debtor_id.label("party"))
    .select_from(_mine)
    .join(debts, debts.c.id == _mine.c.debt_id)
    .join(_parties, _parties.c.debt_id == _mine.c.debt_id)
    .where(one_of(_mine.c.debtor_id, "ids"))
)
_STATUS = select(
    debtors.c.id,
    debtors.c.bankrupt_on,
    debtors.c.breathing_space_until,
    debtors.c.deceased_on,
    debtors.c.cease_received_on,
    debtors.c.represented_by,
).where(one_of(debtors.c.id, "ids"))
_HOLDS = (
    select(holds).where(one_of(holds.c.debtor_id, "ids"), holds.c.released_at.is_(None)).order_by(holds.c.id)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What the others' files say to one person: holds of the debts that they share, and others' statuses."""

    holds: tuple[Hold, ...] = ()
    co_debtors: tuple[CoDebtor, ...] = ()


def load_shared(connection: Connection, ids: Collection[int]) -> dict[int, Shared]:
    """By person, of those who owe a debt with somebody."""
    owed = owing(connection, ids)
    pairs = {
        (me, other, debt_id)
        for debt_id, people in owed.items()
        for me in people & set(ids)
        for other in people - {me}
    }
    if not pairs:
        return {}
    owe = {other for _, other, _ in pairs}
    records = other_records(connection, owe)
    values = {"ids": sorted(owe.union(*records.values()))}
    status = {row.id: row for row in connection.execute(_STATUS, values)}
    held: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(_HOLDS, values):
        held[row.debtor_id].append(row)
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for me, other, debt_id in sorted(pairs):
        found[me].append((other, debt_id))
    return {me: _shared(others, records, status, held) for me, others in found.items()}


def owing(connection: Connection, ids: Collection[int]) -> dict[int, set[int]]:
    """Debt -> everybody who owes it, of debts that these people share with others."""
    found: dict[int, set[int]] = defaultdict(set)
    for query in (_WITH_OWNERS, _WITH_PARTIES):
        for debt_id, owner, party in connection.execute(query, {"ids": sorted(ids)}):
            found[debt_id] |= {owner, party}
    return found


def _shared(
    others: list[tuple[int, int]],
    records: Mapping[int, list[int]],
    status: Mapping[int, Any],
    held: Mapping[int, list[Any]],
) -> Shared:
    copied: list[Hold] = []
    statuses: list[CoDebtor] = []
    for other, debt_id in others:
        copied += _of_the_debt(held.get(other, ()), debt_id)
        for record in (other, *records.get(other, ())):  # a status of one human, whoever it was told to
            known = _statuses(status[record], held.get(record, ()), debt_id)
            statuses += [known] if known else []
    return Shared(holds=tuple(copied), co_debtors=tuple(statuses))


def _statuses(row: Any, held: Collection[Any], debt_id: int) -> CoDebtor | None:
    holds_of_it = tuple(hold_of(each, debt_id) for each in held if each.kind in CoDebtor.HOLDS)
    dates = (row.bankrupt_on, row.breathing_space_until, row.deceased_on, row.cease_received_on)
    if not holds_of_it and not any(dates) and not row.represented_by:
        return None
    return CoDebtor(
        debt_id=debt_id,
        bankrupt_on=row.bankrupt_on,
        breathing_space_until=row.breathing_space_until,
        deceased_on=row.deceased_on,
        cease_received_on=row.cease_received_on,
        represented_by=row.represented_by,
        holds=holds_of_it,
    )


def _of_the_debt(rows: Collection[Any], debt_id: int) -> Iterator[Hold]:
    for row in rows:
        if row.debt_id in (None, debt_id) and is_of_the_debt(row.kind, named=row.debt_id is not None):
            # Nothing of what the person said binds the others but what the law asks of the debt.
            yield hold_of(row, debt_id, DETAILS_OF_A_DEBT)
