"""Loads what is on record of the same human under other creditors: what binds here too, and no more."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.people import holds, opt_outs
from dispatcher.database.tables.portfolio import debtors
from dispatcher.people.domain.person import BINDS_EVERYWHERE, Hold, PersonFile, StoredOptOut
from dispatcher.people.storage.history import HISTORY, load_history
from dispatcher.people.storage.humans import other_records

_STATUS = select(
    debtors.c.id,
    debtors.c.represented_by,
    debtors.c.cease_received_on,
    debtors.c.bankrupt_on,
    debtors.c.deceased_on,
    debtors.c.breathing_space_until,
).where(one_of(debtors.c.id, "ids"))
_HOLDS = (
    select(holds)
    .where(
        one_of(holds.c.debtor_id, "ids"), holds.c.released_at.is_(None), holds.c.kind.in_(BINDS_EVERYWHERE)
    )
    .order_by(holds.c.id)
)
_FULL_STOPS = (
    select(opt_outs)
    .where(
        one_of(opt_outs.c.debtor_id, "ids"),
        opt_outs.c.revoked_at.is_(None),
        opt_outs.c.address == "",
        opt_outs.c.medium == "",
    )
    .order_by(opt_outs.c.id)
)


def load_elsewhere(
    connection: Connection, ids: Collection[int], *, now: datetime
) -> dict[int, tuple[PersonFile, ...]]:
    """By record, the same human's other ones, oldest first: statuses, full stops, care, contacts, and no name."""
    others = other_records(connection, ids)
    wanted = sorted({each for many in others.values() for each in many})
    if not wanted:
        return {}
    files = records_of(connection, wanted, now=now)
    return {key: tuple(files[each] for each in many) for key, many in others.items()}


def records_of(connection: Connection, ids: Collection[int], *, now: datetime) -> dict[int, PersonFile]:
    """Records as other creditors may be bound by them."""
    held = _by_person(connection, _HOLDS, ids)
    stops = _by_person(connection, _FULL_STOPS, ids)
    history = load_history(connection, ids, since=now - HISTORY)
    return {
        row.id: PersonFile(
            id=row.id,
            person="",
            creditor_id=0,
            creditor="",
            reference="",
            represented_by=row.represented_by,
            cease_received_on=row.cease_received_on,
            bankrupt_on=row.bankrupt_on,
            deceased_on=row.deceased_on,
            breathing_space_until=row.breathing_space_until,
            holds=tuple(hold_of(each, None) for each in held.get(row.id, ())),
            opt_outs=tuple(StoredOptOut(address="", medium="", scope="all", at=s.at) for s in stops.get(row.id, ())),
            history=history.get(row.id, ()),
        )
        for row in connection.execute(_STATUS, {"ids": sorted(ids)})
    }  # fmt: skip


_READ_BY_RULES = frozenset(
    {"form", "medium_accepted", "contact_known", "unresponsive", "consented_to_direct_contact"}
)


def hold_of(row: Any, debt_id: int | None, details: Collection[str] = _READ_BY_RULES) -> Hold:
    """A hold as it binds other files: on this debt of theirs (None: on all), with what the rules read of a status."""
    return Hold(
        id=row.id,
        kind=row.kind,
        debt_id=debt_id,
        starts_on=row.starts_on,
        until=row.until,
        details={key: value for key, value in row.details.items() if key in details},
        recorded_at=row.recorded_at,
    )


def _by_person(connection: Connection, query: Select[Any], ids: Collection[int]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query, {"ids": sorted(ids)}):
        found[row.debtor_id].append(row)
    return found
