"""Finds what has begun a duty: recorded disputes, complaints, requests and proposals, and first messages."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, case, func, select

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.duties.domain.begun import Begun
from dispatcher.gate.duty import Begins
from dispatcher.people.storage.history import HAS_REACHED
from dispatcher.people.storage.told import local_day
from dispatcher.values.validation_period import VALIDATION

LOOK_BACK = timedelta(days=400)  # longer than any duty; what is older has its task already
_OF_HOLDS = (Begins.DISPUTE, Begins.COMPLAINT, Begins.ACCESS_REQUEST, Begins.PROPOSAL)
_ANSWERED = ("verification_sent", "answered")


def of_holds(connection: Connection, as_of: date) -> Iterator[Begun]:
    """Each hold that begins a duty; one that was released or answered says so."""
    query = (
        select(holds, creditors.c.key, debtors.c.reference)
        .join(debtors, debtors.c.id == holds.c.debtor_id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(
            holds.c.kind.in_([str(kind) for kind in _OF_HOLDS]),
            holds.c.starts_on <= as_of,
            holds.c.starts_on > as_of - LOOK_BACK,
        )
        .order_by(holds.c.id)
    )
    for row in connection.execute(query):
        answered = next((row.details[name] for name in _ANSWERED if row.details.get(name)), "")
        released = f"released on {row.released_at:%Y-%m-%d}" if row.released_at else ""
        yield Begun(
            begins=Begins(row.kind),
            at=_noon(row.starts_on),
            key=f"hold/{row.id}",
            what=f"{row.kind.replace('_', ' ')} of {row.key}/{row.reference}, {row.starts_on}",
            debtor_id=row.debtor_id,
            debt_id=row.debt_id,
            ended=f"answered on {answered}" if answered else released,
        )


def of_first_contacts(connection: Connection, as_of: date) -> Iterator[Begun]:
    """The first message about each debt, to each who was written to, of the last weeks; a notice of ours ends it."""
    first = func.min(messages.c.sent_at).label("first")
    noticed = func.min(case((messages.c.notice == VALIDATION, messages.c.sent_at))).label("noticed")
    query = (
        select(
            message_debts.c.debt_id,
            messages.c.recipient_id,
            first,
            noticed,
            func.max(creditors.c.key).label("key"),
            func.max(debts.c.reference).label("reference"),
        )
        .join(messages, messages.c.id == message_debts.c.message_id)
        .join(debts, debts.c.id == message_debts.c.debt_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(messages.c.sent_at.is_not(None), messages.c.kind.in_(("collection", "notice")), HAS_REACHED)
        .group_by(message_debts.c.debt_id, messages.c.recipient_id)
        .having(first > datetime.combine(as_of - timedelta(days=30), time(), tzinfo=UTC))
        .order_by(message_debts.c.debt_id, messages.c.recipient_id)
    )
    for row in connection.execute(query):
        day = local_day(row.first, ())
        yield Begun(
            begins=Begins.FIRST_CONTACT,
            at=_noon(day),
            key=f"first/{row.debt_id}/{row.recipient_id}",
            what=f"first message about {row.key}/{row.reference}, {day}",
            debtor_id=row.recipient_id,
            debt_id=row.debt_id,
            ended=f"the notice was sent on {local_day(row.noticed, ())}" if row.noticed else "",
        )


def open_or_done(connection: Connection, kind: str) -> dict[str, tuple[int, bool]]:
    """Key of each duty that has its task -> (task, whether it is open)."""
    query = select(tasks.c.id, tasks.c.details, tasks.c.done_at).where(tasks.c.kind == kind)
    return {row.details["key"]: (row.id, row.done_at is None) for row in connection.execute(query)}


def due_dates(connection: Connection, kind: str) -> list[str]:
    """When each open duty is due, as text that sorts."""
    query = select(tasks.c.details).where(tasks.c.kind == kind, tasks.c.done_at.is_(None))
    return sorted(str(details.get("due", "")) for details in connection.scalars(query))


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)
