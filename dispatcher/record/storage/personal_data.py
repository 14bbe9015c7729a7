"""Finds and erases what is known of a person; the log's entries, hashes and seals stay."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.agreements import arrangements, handovers, instalments
from dispatcher.database.tables.calls import calls
from dispatcher.database.tables.delivery import attempts, provider_events, tasks
from dispatcher.database.tables.incidents import incident_messages
from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.messages import contents, messages
from dispatcher.database.tables.people import (
    affordability,
    care_notes,
    consents,
    contacts,
    debtor_handlers,
    holds,
    notices,
    opt_outs,
    wishes,
)
from dispatcher.database.tables.planning import looked_plans
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors, debts, payments
from dispatcher.database.tables.wire import debt_documents
from dispatcher.log.domain.vocabulary import VOCABULARY
from dispatcher.messages.storage.contents import ERASED
from dispatcher.record.storage import word_index

# A person's own log-ins to their file and what we did for them do not prolong what we may keep.
NO_ACTIVITY = tuple(event.value for event, meaning in VOCABULARY.items() if not meaning.counts)
ON_THE_WAY = ("planned", "queued", "deferred", "held", "sending", "unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class Holdings:
    """What is kept of one person and could be erased. `kept_bodies` are also another person's."""

    person: str
    debtor: str
    debtor_id: int
    personal: tuple[int, ...]
    bodies: tuple[str, ...]
    kept_bodies: tuple[str, ...]
    legal_hold: bool
    on_the_way: int
    messages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LastActivity:
    """When a person was last written to or heard, and whether they still owe anything."""

    person: str
    country: str
    region: str
    at: datetime
    open_debts: int


def holdings_of(connection: Connection, person: str) -> Holdings | None:
    """Collect what is kept of a person; None for an unknown one."""
    head = connection.execute(
        select(debtors.c.id, debtors.c.reference, creditors.c.key)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(debtors.c.person == person)
    ).first()
    if head is None:
        return None
    own, shared = _bodies(connection, person)
    return Holdings(
        person=person,
        debtor=f"{head.key}/{head.reference}",
        debtor_id=head.id,
        personal=tuple(
            connection.scalars(
                select(personal_values.c.id)
                .where(personal_values.c.person == person)
                .order_by(personal_values.c.id)
            )
        ),
        bodies=own,
        kept_bodies=shared,
        legal_hold=_has_legal_hold(connection, head.id),
        on_the_way=connection.scalar(
            select(func.count())
            .select_from(messages)
            .where(messages.c.recipient_id == head.id, messages.c.state.in_(ON_THE_WAY))
        )
        or 0,
        messages=tuple(connection.scalars(select(messages.c.id).where(messages.c.recipient_id == head.id))),
    )


def erase(connection: Connection, found: Holdings, *, now: datetime) -> None:
    """Remove bodies and personal values for good. The caller logs it in the same transaction."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")  # freed pages are overwritten
    _erase_bodies(connection, found.bodies, now)
    connection.execute(delete(personal_values).where(personal_values.c.person == found.person))
    owner = found.debtor_id
    _blank(connection, debtors, debtors.c.id == owner, now)
    connection.execute(delete(contact_points).where(contact_points.c.debtor_id == owner))
    _blank(connection, messages, messages.c.recipient_id == owner, now)
    for table in (contacts, holds, wishes, consents, notices, tasks, arrangements, calls, affordability):
        _blank(connection, table, table.c.debtor_id == owner, now)
    theirs = select(debts.c.id).where(debts.c.debtor_id == owner)
    _blank(connection, payments, payments.c.debt_id.in_(theirs), now)
    _blank(connection, handovers, handovers.c.debt_id.in_(theirs), now)
    _blank(connection, debt_documents, debt_documents.c.debt_id.in_(theirs), now)
    _blank(connection, debts, debts.c.debtor_id == owner, now)
    connection.execute(delete(looked_plans).where(looked_plans.c.recipient_id == owner))
    _blank(connection, debtor_handlers, debtor_handlers.c.debtor_id == owner, now)
    concerned = incident_messages.c.message_id.in_(
        select(messages.c.id).where(messages.c.recipient_id == owner)
    )
    connection.execute(
        update(incident_messages)
        .where(concerned, incident_messages.c.not_corrected != "")
        .values(not_corrected="erased")
    )
    connection.execute(delete(care_notes).where(care_notes.c.debtor_id == owner))
    sent = select(messages.c.id).where(messages.c.recipient_id == owner)
    connection.execute(update(provider_events).where(provider_events.c.message_id.in_(sent)).values(raw={}))
    connection.execute(update(attempts).where(attempts.c.message_id.in_(sent)).values(reason=""))
    # an opt-out stays with its address: without it the next ledger would have the person written to again
    connection.execute(update(opt_outs).where(opt_outs.c.debtor_id == owner).values(raw="", note=""))


def fold_write_ahead_log(database: Database) -> None:
    """Take SQLite's journal of recent writes into the file, so that the erased pages are gone from it too.

    Left for the next checkpoint where a reader needs the journal still.
    """
    if database.is_sqlite:
        with closing(sqlite3.connect(str(database.writer.url.database))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def file_of(connection: Connection, person: str) -> dict[str, Any]:
    """Collect what the tables hold of one person, and nobody else: for that person."""
    owner = connection.scalar(select(debtors.c.id).where(debtors.c.person == person))
    own = {table.name: table.c.debtor_id == owner for table in _THEIRS}
    own["debtors"] = debtors.c.id == owner
    agreed = select(arrangements.c.id).where(arrangements.c.debtor_id == owner)
    own["instalments"] = instalments.c.arrangement_id.in_(agreed)
    theirs = select(debts.c.id).where(debts.c.debtor_id == owner)
    own["payments"] = payments.c.debt_id.in_(theirs)
    own["debt_documents"] = debt_documents.c.debt_id.in_(theirs)
    return {
        table.name: [
            {name: value for name, value in row._mapping.items() if name not in _OF_THE_MACHINE}  # noqa: SLF001 by name
            for row in connection.execute(select(table).where(own[table.name]).order_by(*table.primary_key))
        ]
        for table in (debtors, *_THEIRS, instalments, payments, debt_documents)
    }


def last_activities(connection: Connection, today: date) -> list[LastActivity]:
    """List every person who was not erased, with the last sign of collection."""
    last = (
        select(log_entries.c.person, func.max(log_entries.c.at).label("at"))
        .where(log_entries.c.person.is_not(None), log_entries.c.event.not_in(NO_ACTIVITY))
        .group_by(log_entries.c.person)
        .subquery()
    )
    is_open = and_(debts.c.balance_minor > 0, or_(debts.c.settled_on.is_(None), debts.c.settled_on > today))
    owed = select(func.count()).where(debts.c.debtor_id == debtors.c.id, is_open).scalar_subquery()
    query = (
        select(debtors.c.person, debtors.c.country, debtors.c.region, last.c.at, owed.label("open_debts"))
        .join(last, last.c.person == debtors.c.person)
        .where(debtors.c.erased_at.is_(None))
        .order_by(last.c.at)
    )
    return [LastActivity(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 SQLAlchemy's public way to read by name


def _bodies(connection: Connection, person: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split the digests of a person's bodies into theirs alone and those that others received too."""
    digests = set(
        connection.scalars(
            select(log_entries.c.body_sha256).where(
                log_entries.c.person == person, log_entries.c.body_sha256.is_not(None)
            )
        )
    )
    query = select(messages.c.content_sha256).join(debtors, debtors.c.id == messages.c.recipient_id)
    digests |= set(
        connection.scalars(query.where(debtors.c.person == person, messages.c.content_sha256.is_not(None)))
    )
    there = sorted(
        connection.scalars(
            select(contents.c.sha256).where(contents.c.sha256.in_(digests), contents.c.body.is_not(None))
        )
    )
    others = set(
        connection.scalars(
            select(log_entries.c.body_sha256)
            .distinct()
            .where(log_entries.c.body_sha256.in_(there), log_entries.c.person != person)
        )
    )
    return tuple(each for each in there if each not in others), tuple(
        each for each in there if each in others
    )


def _has_legal_hold(connection: Connection, debtor_id: int) -> bool:
    query = select(holds.c.id).where(
        holds.c.debtor_id == debtor_id, holds.c.kind == "legal", holds.c.released_at.is_(None)
    )
    return connection.scalar(query.limit(1)) is not None


def _erase_bodies(connection: Connection, digests: Sequence[str], now: datetime) -> None:
    chosen = contents.c.sha256.in_(digests)
    rows = connection.execute(select(contents.c.id, contents.c.text).where(chosen)).all()
    word_index.forget(connection, [(row.id, row.text) for row in rows])
    connection.execute(update(contents).where(chosen).values(**ERASED, erased_at=now))


_THEIRS = (
    contact_points, debts, holds, wishes, consents, notices, opt_outs, contacts, arrangements, calls, affordability,
    debtor_handlers,
)  # fmt: skip
_OF_THE_MACHINE = frozenset({"id", "digest", "creditor_id", "debtor_id", "debt_id", "row", "base", "told"})
_BLANKS: dict[str, dict[str, Any]] = {
    "debtors": {
        "name": "", "city": "", "postal_code": "", "address_lines": [], "represented_by": "", "ledger_segment": "",
    },
    "messages": {"address": "", "envelope": None, "contact_point_id": None},
    "contacts": {"address": "", "details": {}, "note": ""},
    "holds": {"details": {}, "note": ""},
    "wishes": {"details": {}, "note": ""},
    "consents": {"address": "", "details": {}, "note": ""},
    "notices": {"details": {}, "note": ""},
    "affordability": {"details": {}, "note": ""},
    "tasks": {"text": "", "details": {}},
    "calls": {"address": ""},
    "payments": {"note": "", "reversed_why": ""},
    "arrangements": {"note": "", "ended_why": ""},
    "handovers": {"note": ""},
    "debt_documents": {"title": "", "url": "", "sha256": None, "withdrawn_why": ""},
    "debts": {"extra": {}},
    "debtor_handlers": {"why": ""},
}  # fmt: skip


def _blank(connection: Connection, table: Any, chosen: Any, now: datetime) -> None:
    """Empty the columns that can hold personal values."""
    values = {name: value for name, value in _BLANKS[table.name].items() if name in table.c}
    if table is debtors:
        values["erased_at"] = now
    connection.execute(update(table).where(chosen).values(values))
