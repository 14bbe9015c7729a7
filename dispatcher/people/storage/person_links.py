"""Keeps which records are, or may be, one human, and reads what tells it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from dispatcher.database.bulk import insert_rows, update_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.people import person_links
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors
from dispatcher.people.domain.same_human import Alike, Identity, normal_address, normal_name
from dispatcher.people.storage.addresses import mailbox

SURE, LIKELY, CONFIRMED, REFUSED = "sure", "likely", "confirmed", "refused"
FOUND = (SURE, LIKELY)  # by the program; what a person decided stands
TOGETHER = (SURE, CONFIRMED)

_SHARED = (
    select(mailbox.label("address"))
    .join(debtors, debtors.c.id == contact_points.c.debtor_id)
    .where(contact_points.c.stand_in == "", contact_points.c.medium.in_(("email", "phone")))
    .group_by(mailbox)
    .having(func.count(debtors.c.creditor_id.distinct()) > 1)
)
_REACHED = select(contact_points.c.debtor_id, mailbox.label("address")).where(
    contact_points.c.stand_in == "", mailbox.in_(_SHARED)
)
_WHO = select(
    debtors.c.id,
    debtors.c.creditor_id,
    debtors.c.name,
    debtors.c.address_lines,
    debtors.c.postal_code,
    debtors.c.city,
    debtors.c.country,
    debtors.c.birth_date,
).where(debtors.c.kind == "person", debtors.c.name != "", debtors.c.erased_at.is_(None))


def several_creditors(connection: Connection) -> bool:
    """Whether people of more than one creditor are on record: else nobody can be on record twice."""
    return len(connection.execute(select(debtors.c.creditor_id).distinct().limit(2)).all()) > 1


def identities(connection: Connection) -> Iterator[Identity]:
    """Every person on record; of their mailboxes and numbers those that several creditors name."""
    reached: dict[int, list[str]] = defaultdict(list)
    for debtor_id, address in connection.execute(_REACHED):
        reached[debtor_id].append(address)
    for row in connection.execute(_WHO):
        yield Identity(
            id=row.id,
            creditor_id=row.creditor_id,
            name=normal_name(row.name),
            address=normal_address(row.address_lines or (), row.postal_code, row.city, row.country),
            birth_date=row.birth_date,
            reached_at=frozenset(reached.get(row.id, ())),
        )


def pairs(connection: Connection, states: Collection[str]) -> list[tuple[int, int]]:
    """The records of links in these states."""
    query = select(person_links.c.debtor_id, person_links.c.other_id).where(person_links.c.state.in_(states))
    return [(row[0], row[1]) for row in connection.execute(query)]


def renew(connection: Connection, found: Sequence[Alike], *, at: datetime) -> tuple[list[int], list[int]]:
    """Keep what was found in place of what was found before: (ids of new likely links, of those that are no more).

    What a person decided stays as it is, and so does what binds somebody through a record that was erased since.
    """
    known = {(row.debtor_id, row.other_id): row for row in connection.execute(select(person_links))}
    wanted = {(each.older, each.newer): each for each in found}
    erased = set(connection.scalars(select(debtors.c.id).where(debtors.c.erased_at.is_not(None))))
    gone = [
        row.id
        for key, row in known.items()
        if row.state in FOUND and key not in wanted and erased.isdisjoint(key)
    ]
    changed = [
        {"id": known[key].id, "state": _state(each), "agrees": list(each.agrees)}
        for key, each in wanted.items()
        if key in known and known[key].state in FOUND and known[key].state != _state(each)
    ]
    fresh = [
        {
            "debtor_id": each.older,
            "other_id": each.newer,
            "state": _state(each),
            "agrees": list(each.agrees),
            "found_at": at,
        }
        for key, each in wanted.items()
        if key not in known
    ]
    if gone:
        connection.execute(
            delete(person_links).where(one_of(person_links.c.id, "ids")), {"ids": sorted(gone)}
        )
    update_rows(connection, person_links, changed, key=("id",))
    insert_rows(connection, person_links, fresh)
    likely = {key for key, each in wanted.items() if not each.sure and _was(known, key) != LIKELY}
    settled = [row["id"] for row in changed if row["state"] == SURE]
    return [row.id for row in listed(connection, LIKELY) if (row.debtor_id, row.other_id) in likely], [
        *gone,
        *settled,
    ]


def _was(known: dict[tuple[int, int], Any], key: tuple[int, int]) -> str:
    return str(known[key].state) if key in known else ""


def _state(each: Alike) -> str:
    return SURE if each.sure else LIKELY


_first, _second = debtors.alias("first"), debtors.alias("second")
_of_first, _of_second = creditors.alias("of_first"), creditors.alias("of_second")
_LISTED = (
    select(
        person_links,
        (_of_first.c.key + "/" + _first.c.reference).label("record"),
        (_of_second.c.key + "/" + _second.c.reference).label("other"),
    )
    .join(_first, _first.c.id == person_links.c.debtor_id)
    .join(_second, _second.c.id == person_links.c.other_id)
    .join(_of_first, _of_first.c.id == _first.c.creditor_id)
    .join(_of_second, _of_second.c.id == _second.c.creditor_id)
    .order_by(person_links.c.id)
)


def listed(connection: Connection, state: str = "") -> Sequence[Any]:
    """Links in a state, or all, with both records as `creditor/reference`."""
    query = _LISTED.where(person_links.c.state == state) if state else _LISTED
    return connection.execute(query).all()


def get(connection: Connection, key: int) -> Any:
    """One link, or None."""
    return connection.execute(_LISTED.where(person_links.c.id == key)).first()


def decide(connection: Connection, key: int, state: str, *, by: str, at: datetime) -> None:
    """Write down what a person said of a link."""
    connection.execute(
        update(person_links).where(person_links.c.id == key).values(state=state, decided_by=by, decided_at=at)
    )
