"""Finds people and what is on file about one of them, for the pages and the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.people import (
    affordability,
    consents,
    contacts,
    holds,
    notices,
    opt_outs,
    wishes,
)
from dispatcher.database.tables.planning import refusals
from dispatcher.database.tables.portfolio import (
    contact_points,
    creditors,
    debt_parties,
    debtors,
    debts,
    payments,
)
from dispatcher.values.written_address import address_key

_WORD_END = "\U0010ffff"


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonFilter:
    """Whom to list; empty fields ask nothing. `search` is a reference's beginning, a whole address or a debt."""

    search: str = ""
    creditor: str = ""
    country: str = ""
    hold: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonLine:
    """One line of a list of people."""

    id: int
    person: str
    debtor: str
    name: str
    kind: str
    country: str
    language: str
    debts: int
    holds: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineEntry:
    """One entry of the log about a person, as written."""

    id: int
    at: datetime
    event: str
    message_id: str | None
    entry: str
    personal: dict[str, Any] | None


def page_of_people(
    connection: Connection, wanted: PersonFilter, *, after: int = 0, limit: int = 50
) -> list[PersonLine]:
    """People in the order they came into the portfolio, with an id greater than `after`."""
    query = (
        select(debtors, creditors.c.key)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(debtors.c.id > after, *_conditions(connection, wanted))
        .order_by(debtors.c.id)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    owed, held = _debts_of(connection, ids), _holds_of(connection, ids)
    return [_line(row, owed.get(row.id, 0), held.get(row.id, ())) for row in rows]


def person_row(connection: Connection, debtor_id: int) -> Any:
    """The debtor's row with `key`, the creditor's name; None where there is none."""
    return connection.execute(
        select(debtors, creditors.c.key)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(debtors.c.id == debtor_id)
    ).first()


def id_of_person(connection: Connection, person: str) -> int | None:
    """The debtor behind a pseudonym."""
    return connection.scalar(select(debtors.c.id).where(debtors.c.person == person))


def points_of(connection: Connection, debtor_id: int) -> Sequence[Any]:
    """All addresses and numbers, closed and gone ones too."""
    return connection.execute(
        select(contact_points).where(contact_points.c.debtor_id == debtor_id).order_by(contact_points.c.id)
    ).all()


def debts_of(connection: Connection, debtor_id: int) -> Sequence[Any]:
    """Own debts and those the person answers for, oldest due date first, with `relation` and `key`."""
    shared = select(debt_parties.c.debt_id).where(debt_parties.c.debtor_id == debtor_id)
    rows = connection.execute(
        select(debts, creditors.c.key, debt_parties.c.relation)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .outerjoin(
            debt_parties, and_(debt_parties.c.debt_id == debts.c.id, debt_parties.c.debtor_id == debtor_id)
        )
        .where(or_(debts.c.debtor_id == debtor_id, debts.c.id.in_(shared)))
        .order_by(debts.c.due_date, debts.c.id)
    )
    return rows.all()


def records_of(connection: Connection, debtor_id: int) -> dict[str, Sequence[Any]]:
    """What people said and did: holds, wishes, what they can pay, consents, notices and so on; newest first."""
    addresses = select(func.lower(contact_points.c.address)).where(contact_points.c.debtor_id == debtor_id)
    heard = or_(
        opt_outs.c.debtor_id == debtor_id,
        and_(opt_outs.c.debtor_id.is_(None), opt_outs.c.address != "", opt_outs.c.address.in_(addresses)),
    )
    own = select(debts.c.id).where(debts.c.debtor_id == debtor_id)
    queries = {
        "holds": select(holds).where(holds.c.debtor_id == debtor_id).order_by(holds.c.id.desc()),
        "wishes": select(wishes).where(wishes.c.debtor_id == debtor_id).order_by(wishes.c.id.desc()),
        "consents": select(consents).where(consents.c.debtor_id == debtor_id).order_by(consents.c.id.desc()),
        "notices": select(notices).where(notices.c.debtor_id == debtor_id).order_by(notices.c.id.desc()),
        "affordability": select(affordability)
        .where(affordability.c.debtor_id == debtor_id)
        .order_by(affordability.c.stated_on.desc(), affordability.c.id.desc()),
        "opt_outs": select(opt_outs).where(heard).order_by(opt_outs.c.id.desc()),
        "contacts": select(contacts).where(contacts.c.debtor_id == debtor_id).order_by(contacts.c.at.desc()),
        "payments": select(payments, debts.c.reference, debts.c.currency)
        .join(debts, debts.c.id == payments.c.debt_id)
        .where(payments.c.debt_id.in_(own))
        .order_by(payments.c.id.desc()),
    }
    return {name: connection.execute(query.limit(200)).all() for name, query in queries.items()}


def standing_refusals(connection: Connection, debtor_id: int) -> Sequence[Any]:
    """What the last runs kept back for this person, with how often."""
    return connection.execute(
        select(refusals, debts.c.reference, creditors.c.key)
        .join(debts, debts.c.id == refusals.c.debt_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(refusals.c.recipient_id == debtor_id)
        .order_by(refusals.c.last_run_id.desc(), refusals.c.debt_id)
    ).all()


def timeline(
    connection: Connection, person: str, *, before: int | None = None, limit: int = 60
) -> list[TimelineEntry]:
    """The log about a person, newest first."""
    query = (
        select(
            log_entries.c.id,
            log_entries.c.at,
            log_entries.c.event,
            log_entries.c.message_id,
            log_entries.c.entry,
            personal_values.c["values"],
        )
        .outerjoin(personal_values, personal_values.c.id == log_entries.c.personal_id)
        .where(log_entries.c.person == person)
        .order_by(log_entries.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(log_entries.c.id < before)
    return [
        TimelineEntry(id=row[0], at=row[1], event=row[2], message_id=row[3], entry=row[4], personal=row[5])
        for row in connection.execute(query)
    ]


def countries(connection: Connection) -> list[str]:
    """Which countries people are in."""
    return [
        row
        for row in connection.scalars(select(debtors.c.country).distinct().order_by(debtors.c.country))
        if row
    ]


def creditor_keys(connection: Connection) -> list[str]:
    """Every creditor's name."""
    return list(connection.scalars(select(creditors.c.key).order_by(creditors.c.key)))


def count_people(connection: Connection) -> int:
    """How many people are on file."""
    return connection.scalar(select(func.count()).select_from(debtors)) or 0


def _conditions(connection: Connection, wanted: PersonFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.creditor:
        owner = select(creditors.c.id).where(creditors.c.key == wanted.creditor).scalar_subquery()
        found.append(debtors.c.creditor_id == owner)
    if wanted.country:
        found.append(debtors.c.country == wanted.country)
    if wanted.hold:
        kept = exists().where(
            holds.c.debtor_id == debtors.c.id, holds.c.released_at.is_(None), holds.c.kind == wanted.hold
        )
        found.append(kept)
    if wanted.search:
        found.append(debtors.c.id.in_(_matching(connection, wanted.search)))
    return found


def _matching(connection: Connection, search: str) -> list[int]:
    """Ids by the beginning of a reference, any part of a name, a whole address, or a debt's reference."""
    reference = search.partition("/")[2] or search
    owners = connection.scalars(select(creditors.c.id)).all()
    beginning = [
        and_(
            debtors.c.creditor_id == owner,
            debtors.c.reference >= reference,
            debtors.c.reference < reference + _WORD_END,
        )
        for owner in owners
    ]
    found: set[int] = set()
    for query in (
        *(select(debtors.c.id).where(one) for one in beginning),
        select(contact_points.c.debtor_id).where(func.lower(contact_points.c.address) == address_key(search)),
        *(
            select(debts.c.debtor_id).where(debts.c.creditor_id == owner, debts.c.reference == reference)
            for owner in owners
        ),
        select(debtors.c.id).where(func.lower(debtors.c.name).contains(search.lower(), autoescape=True)),
    ):
        found.update(connection.scalars(query.limit(500)))
    return sorted(found)


def _debts_of(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(debts.c.debtor_id, func.count()).where(debts.c.debtor_id.in_(ids)).group_by(debts.c.debtor_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _holds_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    query = select(holds.c.debtor_id, holds.c.kind).where(
        holds.c.debtor_id.in_(ids), holds.c.released_at.is_(None)
    )
    found: dict[int, tuple[str, ...]] = {}
    for debtor_id, kind in connection.execute(query.distinct().order_by(holds.c.debtor_id, holds.c.kind)):
        found[debtor_id] = (*found.get(debtor_id, ()), kind)
    return found


def _line(row: Any, owed: int, held: tuple[str, ...]) -> PersonLine:
    return PersonLine(
        id=row.id,
        person=row.person,
        debtor=f"{row.key}/{row.reference}",
        name=row.name,
        kind=row.kind,
        country=row.country,
        language=row.language,
        debts=owed,
        holds=held,
    )


def is_open(debt: Any, on: date) -> bool:
    """Whether a debt's row counts on a date."""
    return (debt.issued_on is None or debt.issued_on <= on) and (
        debt.settled_on is None or debt.settled_on > on
    )
