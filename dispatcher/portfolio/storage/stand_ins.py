"""Marks addresses that too many different people share, over all creditors."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select, update

from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.portfolio.domain.stand_ins import StandIns, different_people
from dispatcher.portfolio.storage.portfolio_staging import staged_points

_MAILBOX = func.lower(contact_points.c.address)
_PAGE = 500


def mark_shared(connection: Connection, stand_ins: StandIns) -> list[tuple[str, str, int]]:
    """(medium, address, people) of the file's addresses that are newly taken for stand-ins."""
    known = _marked(connection)
    shared = _shared_by_many(connection, stand_ins.people)
    wanted = {}
    for page in _pages(sorted({*shared, *known})):
        for address, (medium, names) in _people_at(connection, page).items():
            count = different_people(names)
            if count >= stand_ins.people and address not in stand_ins.allowed:
                wanted[address] = (medium, count)
    marked = {address for address, in_ledger in known.items() if in_ledger}
    said = {
        address: f"{count} different people share it: it is nobody's own"
        for address, (_, count) in wanted.items()
    }
    _say(connection, said | dict.fromkeys(marked - said.keys(), ""))
    return [
        (medium, address, count)
        for address, (medium, count) in sorted(wanted.items())
        if address not in marked
    ]


def _marked(connection: Connection) -> dict[str, bool]:
    """Addresses that bear the mark, and whether a ledger still names them."""
    marked = select(_MAILBOX, contact_points.c.in_ledger).where(contact_points.c.stand_in != "").distinct()
    found: dict[str, bool] = {}
    for address, in_ledger in connection.execute(marked):
        found[address] = in_ledger or found.get(address, False)
    return found


def _shared_by_many(connection: Connection, people: int) -> Sequence[str]:
    """Addresses of the file with so many debtors."""
    of_file = select(func.lower(staged_points.c.address))
    query = (
        select(_MAILBOX)
        .where(contact_points.c.in_ledger, contact_points.c.medium != "post", _MAILBOX.in_(of_file))
        .group_by(_MAILBOX)
        .having(func.count(contact_points.c.debtor_id.distinct()) >= people)
    )
    return connection.scalars(query).all()


def _people_at(connection: Connection, addresses: Sequence[str]) -> dict[str, tuple[str, list[str]]]:
    query = (
        select(_MAILBOX, contact_points.c.medium, debtors.c.name)
        .join(debtors, debtors.c.id == contact_points.c.debtor_id)
        .where(_MAILBOX.in_(addresses), contact_points.c.in_ledger, debtors.c.kind == "person")
    )
    found: dict[str, tuple[str, list[str]]] = {}
    for address, medium, name in connection.execute(query):
        found.setdefault(address, (medium, []))[1].append(name)
    return found


def _say(connection: Connection, said: Mapping[str, str]) -> None:
    """Write down of each address why it is nobody's own, or "", where something else stands there."""
    alike: dict[str, list[str]] = defaultdict(list)
    for address, why in sorted(said.items()):
        alike[why].append(address)
    for why, addresses in alike.items():
        for page in _pages(addresses):
            differs = contact_points.c.stand_in != why  # each row that is written raises its person's version
            connection.execute(update(contact_points).where(_MAILBOX.in_(page), differs).values(stand_in=why))


def _pages(addresses: Sequence[str]) -> list[Sequence[str]]:
    return [addresses[i : i + _PAGE] for i in range(0, len(addresses), _PAGE)]
