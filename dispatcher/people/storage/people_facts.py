"""Keeps what a person said or did: holds, wishes, consents, notices, payments, contacts; finds whom it concerns."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, literal, or_, select, union, update

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import (
    affordability,
    consents,
    contacts,
    holds,
    notices,
    opt_outs,
    wishes,
)
from dispatcher.database.tables.portfolio import creditors, debt_parties, debtors, debts
from dispatcher.people.storage.humans import with_other_records
from dispatcher.portfolio.storage.debts import OWED, open_on
from dispatcher.values.money import Money
from dispatcher.values.written_address import address_key

_REFERENCE = re.compile(
    r"(?<![\w/-])(?=[\w-]*\d)[\w-]{4,60}(?![\w/-])"
)  # a digit in it: no word of a language


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownDebtor:
    """Whom a fact concerns."""

    id: int
    person: str  # pseudonym
    creditor: str
    reference: str
    country: str

    @property
    def full_reference(self) -> str:
        """`creditor/reference`."""
        return f"{self.creditor}/{self.reference}"


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownDebt:
    """A debt that a debtor owes, alone or with others."""

    id: int
    reference: str
    owed: Money
    is_open: bool


def known_zones(connection: Connection, debtor_id: int) -> tuple[str, ...]:
    """The zones in which the newest message thought the debtor to be, sorted; none where nothing was planned yet."""
    query = select(messages.c.zones).where(messages.c.recipient_id == debtor_id, messages.c.zones != [])
    return tuple(connection.scalar(query.order_by(messages.c.created_at.desc()).limit(1)) or ())


def country_of(connection: Connection, debtor_id: int) -> str:
    """Where a debtor lives, as far as it is on file."""
    return str(connection.scalar(select(debtors.c.country).where(debtors.c.id == debtor_id)) or "")


def find_debtors(connection: Connection, reference: str, *, creditor: str | None = None) -> list[KnownDebtor]:
    """Debtors of that reference, of one creditor or of any."""
    query = (
        select(debtors.c.id, debtors.c.person, creditors.c.key, debtors.c.reference, debtors.c.country)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(debtors.c.reference == reference)
        .order_by(creditors.c.key)
    )
    if creditor is not None:
        query = query.where(creditors.c.key == creditor)
    rows = connection.execute(query)
    return [
        KnownDebtor(id=r.id, person=r.person, creditor=r.key, reference=r.reference, country=r.country)
        for r in rows
    ]


def debts_of(connection: Connection, debtor_id: int, on: date) -> list[KnownDebt]:
    """What a debtor owes, as the debtor or with them; oldest due date first."""
    shared = select(debt_parties.c.debt_id).where(debt_parties.c.debtor_id == debtor_id)
    query = select(
        debts.c.id, debts.c.reference, OWED.label("owed"), debts.c.currency, open_on(on).label("is_open")
    )
    query = query.where(or_(debts.c.debtor_id == debtor_id, debts.c.id.in_(shared))).order_by(
        debts.c.due_date, debts.c.reference
    )
    return [
        KnownDebt(id=r.id, reference=r.reference, owed=Money(r.owed, r.currency), is_open=bool(r.is_open))
        for r in connection.execute(query)
    ]


def people_owing(connection: Connection, debt_ids: Collection[int]) -> list[int]:
    """Everyone who owes one of these debts, by id."""
    owners = select(debts.c.debtor_id).where(debts.c.id.in_(debt_ids))
    others = select(debt_parties.c.debtor_id).where(debt_parties.c.debt_id.in_(debt_ids))
    return sorted(connection.scalars(union(owners, others)))


def people_named(connection: Connection, text: str) -> list[int]:
    """The one person whose reference, or a debt's, stands in a text; nobody where it could be several."""
    named = set(_REFERENCE.findall(text[:5_000]))
    own = select(debtors.c.id).where(debtors.c.reference.in_(named))
    owing = select(debts.c.debtor_id).where(debts.c.reference.in_(named))
    people = sorted(connection.scalars(union(own, owing))) if named else []
    return people if len(people) == 1 else []


def people_bound(connection: Connection, debtor_id: int, named: Collection[int]) -> list[int]:
    """Whom a fact of somebody may bind: who owes the debts named, or any with them, wherever they are on record."""
    if named:
        return people_owing(connection, named)
    records = with_other_records(connection, [debtor_id])
    owned = select(debts.c.id).where(debts.c.debtor_id.in_(records))
    shared = select(debt_parties.c.debt_id).where(debt_parties.c.debtor_id.in_(records))
    return people_owing(connection, list(connection.scalars(union(owned, shared))))


def relations(connection: Connection, debt_ids: Collection[int]) -> dict[tuple[int, int], str]:
    """(debt, person) -> as what they owe it."""
    owners = select(debts.c.id, debts.c.debtor_id, literal("debtor")).where(debts.c.id.in_(debt_ids))
    others = select(debt_parties.c.debt_id, debt_parties.c.debtor_id, debt_parties.c.relation).where(
        debt_parties.c.debt_id.in_(debt_ids)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(union(owners, others))}


def add_hold(connection: Connection, values: Mapping[str, Any]) -> int:
    """A hold on a person or on one of their debts."""
    return _add(connection, holds, values)


def standing_hold(
    connection: Connection, debtor_id: int, debt_id: int | None, kind: str, until: date | None
) -> int | None:
    """The id of the same hold where it stands already."""
    same = and_(holds.c.debtor_id == debtor_id, holds.c.kind == kind, holds.c.released_at.is_(None))
    query = select(holds.c.id).where(
        same, holds.c.debt_id.is_not_distinct_from(debt_id), holds.c.until.is_not_distinct_from(until)
    )
    return connection.scalar(query.limit(1))


def release_holds(
    connection: Connection, debtor_id: int, kind: str, debt_ids: Sequence[int], *, at: datetime, why: str
) -> list[tuple[int, int | None]]:
    """End holds of a kind, on these debts or (none named) on any; returns (hold, debt) of those ended."""
    mine = and_(holds.c.debtor_id == debtor_id, holds.c.kind == kind, holds.c.released_at.is_(None))
    if debt_ids:
        mine = and_(mine, holds.c.debt_id.in_(debt_ids))
    ended = [(row[0], row[1]) for row in connection.execute(select(holds.c.id, holds.c.debt_id).where(mine))]
    connection.execute(
        update(holds).where(holds.c.id.in_([i for i, _ in ended])).values(released_at=at, released_why=why)
    )
    return ended


def detail_holds(
    connection: Connection, debtor_id: int, kind: str, debt_id: int | None, details: Mapping[str, Any]
) -> int:
    """Add details to standing holds (a verification was sent, a request answered); returns how many."""
    mine = and_(holds.c.debtor_id == debtor_id, holds.c.kind == kind, holds.c.released_at.is_(None))
    if debt_id is not None:
        mine = and_(mine, or_(holds.c.debt_id == debt_id, holds.c.debt_id.is_(None)))
    rows = connection.execute(select(holds.c.id, holds.c.details).where(mine)).all()
    for row in rows:
        connection.execute(
            update(holds).where(holds.c.id == row.id).values(details={**row.details, **details})
        )
    return len(rows)


def add_wish(connection: Connection, values: Mapping[str, Any]) -> int:
    """A wish about times, places, language."""
    return _add(connection, wishes, values)


def release_wishes(connection: Connection, debtor_id: int, kind: str, *, at: datetime) -> int:
    """End wishes of a kind; returns how many."""
    mine = and_(wishes.c.debtor_id == debtor_id, wishes.c.kind == kind, wishes.c.released_at.is_(None))
    return connection.execute(update(wishes).where(mine).values(released_at=at)).rowcount


def add_affordability(connection: Connection, values: Mapping[str, Any]) -> int:
    """What somebody states they have and spend."""
    return _add(connection, affordability, values)


def release_affordability(connection: Connection, debtor_id: int, *, at: datetime) -> int:
    """End what somebody stated; returns how many statements."""
    mine = and_(affordability.c.debtor_id == debtor_id, affordability.c.released_at.is_(None))
    return connection.execute(update(affordability).where(mine).values(released_at=at)).rowcount


def add_consent(connection: Connection, values: Mapping[str, Any]) -> int:
    """A consent, or a check that stands in for one."""
    return _add(connection, consents, values)


def withdraw_consents(
    connection: Connection, debtor_id: int, kind: str, address: str, *, at: datetime
) -> int:
    """End recorded consents of a kind, at one address or (empty) at all; returns how many."""
    mine = and_(consents.c.debtor_id == debtor_id, consents.c.kind == kind, consents.c.withdrawn_at.is_(None))
    if address:
        mine = and_(mine, func.lower(consents.c.address) == address_key(address))
    return connection.execute(update(consents).where(mine).values(withdrawn_at=at)).rowcount


def add_notice(connection: Connection, values: Mapping[str, Any]) -> int:
    """A notice that the law wants, sent already."""
    return _add(connection, notices, values)


def revoke_opt_outs(
    connection: Connection, debtor_id: int, address: str, medium: str, *, at: datetime, by: str
) -> int:
    """End a person's opt-outs, at one address or medium or (empty) all; returns how many."""
    mine = and_(opt_outs.c.debtor_id == debtor_id, opt_outs.c.revoked_at.is_(None))
    if address:
        mine = and_(
            or_(opt_outs.c.debtor_id == debtor_id, opt_outs.c.debtor_id.is_(None)),
            opt_outs.c.address == address_key(address),
        )
        mine = and_(mine, opt_outs.c.revoked_at.is_(None))
    if medium:
        mine = and_(mine, opt_outs.c.medium == medium)
    return connection.execute(update(opt_outs).where(mine).values(revoked_at=at, revoked_by=by)).rowcount


def add_contact(connection: Connection, values: Mapping[str, Any]) -> int:
    """A contact made elsewhere, or one that the debtor made."""
    return _add(connection, contacts, values)


def settle_contact(connection: Connection, key: int, *, at: datetime, outcome: str) -> None:
    """Say of a contact that kept its place in the caps when it was made and what it came to."""
    connection.execute(update(contacts).where(contacts.c.id == key).values(at=at, outcome=outcome))


def contact_made_at(connection: Connection, key: int) -> datetime | None:
    """When a contact was made; None where it is not on file any more."""
    return connection.scalar(select(contacts.c.at).where(contacts.c.id == key))


def withdraw_contact(connection: Connection, key: int) -> None:
    """Give back the place of a contact that was never made."""
    connection.execute(delete(contacts).where(contacts.c.id == key))


def debtor_of_contact(connection: Connection, source: str, external_id: str) -> int | None:
    """Whose contact another system's id is; None where it is not recorded."""
    query = select(contacts.c.debtor_id).where(
        contacts.c.source == source, contacts.c.external_id == external_id
    )
    return connection.scalar(query)


def known_external_ids(connection: Connection, source: str, ids: Collection[str]) -> set[str]:
    """Which of another system's contacts are recorded already."""
    query = select(contacts.c.external_id).where(
        contacts.c.source == source, contacts.c.external_id.in_(sorted(ids))
    )
    return {str(known) for known in connection.scalars(query)}


def add_contacts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Many contacts at once."""
    if rows:
        connection.execute(insert(contacts), [dict(row) for row in rows])


def find_many(connection: Connection, references: Collection[str]) -> dict[str, list[KnownDebtor]]:
    """Debtors by reference, of whatever creditor; several where the reference is not unique."""
    query: Select[Any] = (
        select(debtors.c.id, debtors.c.person, creditors.c.key, debtors.c.reference, debtors.c.country)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(debtors.c.reference.in_(sorted(references)))
    )
    found: dict[str, list[KnownDebtor]] = {}
    for r in connection.execute(query):
        known = KnownDebtor(
            id=r.id, person=r.person, creditor=r.key, reference=r.reference, country=r.country
        )
        found.setdefault(r.reference, []).append(known)
    return found


_FACTS = {table.name: table for table in (contacts, holds, wishes, consents, notices, affordability)}
_ENDED = {
    "holds": "released_at",
    "wishes": "released_at",
    "consents": "withdrawn_at",
    "affordability": "released_at",
}


def find_same(connection: Connection, table: str, columns: Mapping[str, Any]) -> Sequence[Any]:
    """The facts of a table that have these columns and stand, the oldest first."""
    facts = _FACTS[table]
    wanted = [
        facts.c[name].is_not_distinct_from(value) for name, value in columns.items() if name != "details"
    ]
    if table in _ENDED:
        wanted.append(facts.c[_ENDED[table]].is_(None))
    return connection.execute(select(facts).where(*wanted).order_by(facts.c.id)).all()


def add(connection: Connection, table: str, values: Mapping[str, Any]) -> int:
    """A fact; returns its id."""
    return _ADD[table](connection, values)


def change(connection: Connection, table: str, key: int, columns: Mapping[str, Any]) -> None:
    """What a repeat adds to a fact that stands."""
    facts = _FACTS[table]
    connection.execute(update(facts).where(facts.c.id == key).values(**columns))


def _add(connection: Connection, table: Any, values: Mapping[str, Any]) -> int:
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


_ADD = {
    "contacts": add_contact,
    "holds": add_hold,
    "wishes": add_wish,
    "consents": add_consent,
    "notices": add_notice,
    "affordability": add_affordability,
}
