"""Reads and writes incidents: which messages each concerns, and which message put each right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy import Text as AsText

from dispatcher.database.tables.incidents import incident_messages, incidents
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.portfolio import creditors, debtors, ledgers
from dispatcher.incidents.domain.incident import Cause, Incident, version_of
from dispatcher.messages.domain.message import UNSENT, State

_i, _m, _c = incidents.c, messages.c, incident_messages.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Concerned:
    """One message that is concerned; `content_sha256` names its exact bytes, `correction` what puts it right."""

    message_id: str
    recipient_id: int
    debtor: str
    person: str
    name: str
    channel: str
    address: str
    state: str
    sent_at: datetime | None
    content_sha256: str | None
    correction: str | None
    correction_state: str | None
    not_corrected: str  # why nothing puts it right


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """Write one down; returns its number."""
    key: int = connection.scalars(insert(incidents).values(**values).returning(_i.id)).one()
    return key


def change(connection: Connection, key: int, values: Mapping[str, Any]) -> None:
    """Write what became of it."""
    connection.execute(update(incidents).where(_i.id == key).values(**values))


def get(connection: Connection, key: int) -> Incident | None:
    """One by its number."""
    row = connection.execute(select(incidents).where(_i.id == key)).first()
    return _incident(row) if row else None


def every(connection: Connection) -> list[Incident]:
    """All of them, the newest first."""
    return [_incident(row) for row in connection.execute(select(incidents).order_by(_i.id.desc()))]


def creditor_of_ledger(connection: Connection, ledger: int) -> str | None:
    """Whose ledger it is; None where none of that number was brought in."""
    query = (
        select(creditors.c.key)
        .join(ledgers, ledgers.c.creditor_id == creditors.c.id)
        .where(ledgers.c.id == ledger, ledgers.c.state == "imported")
    )
    return connection.scalar(query)


def ledgers_brought_in(connection: Connection, *, limit: int) -> Sequence[Any]:
    """The newest ledgers, with `key`, the creditor's name."""
    query = select(ledgers, creditors.c.key).join(creditors, creditors.c.id == ledgers.c.creditor_id)
    return connection.execute(
        query.where(ledgers.c.state == "imported").order_by(ledgers.c.id.desc()).limit(limit)
    ).all()


def is_run(connection: Connection, run: int) -> bool:
    """Whether there was such a run."""
    return connection.scalar(select(runs.c.id).where(runs.c.id == run)) is not None


def note_concerned(connection: Connection, key: int, cause: Cause, name: str) -> int:
    """Write down every message that went, or may have gone, out of this; returns how many are new."""
    known = select(_c.message_id).where(_c.incident_id == key)
    query = select(literal(key), _m.id).where(
        _of(connection, cause, name),
        _m.state.not_in((*UNSENT, State.CANCELLED, State.EXPIRED)) | _m.sent_at.is_not(None),
        _m.id.not_in(known),
    )
    done = connection.execute(insert(incident_messages).from_select(["incident_id", "message_id"], query))
    return done.rowcount


def waiting_ids(connection: Connection, cause: Cause, name: str) -> list[str]:
    """The messages of it that have not gone yet."""
    query = select(_m.id).where(
        _of(connection, cause, name), _m.state.in_((State.PLANNED, State.QUEUED, State.DEFERRED))
    )
    return list(connection.scalars(query.order_by(_m.id)))


def count(connection: Connection, key: int) -> dict[str, int]:
    """How many messages and people are concerned, how many are put right, how many cannot be."""
    query = (
        select(
            func.count().label("messages"),
            func.count(_m.recipient_id.distinct()).label("people"),
            func.count(_c.correction_id).label("corrected"),
            func.count().filter(_c.not_corrected != "").label("refused"),
        )
        .select_from(incident_messages)
        .join(messages, _m.id == _c.message_id)
        .where(_c.incident_id == key)
    )
    names = ("messages", "people", "corrected", "refused")
    return dict(zip(names, connection.execute(query).one(), strict=True))


def concerned(
    connection: Connection, key: int, *, after: str = "", limit: int = 50, only_open: bool = False
) -> list[Concerned]:
    """Messages by id after one; `only_open`: those that nothing has put right, nor found that nothing can."""
    right = messages.alias("right")
    query = (
        select(
            _m.id, _m.recipient_id, creditors.c.key, debtors.c.reference, debtors.c.person, debtors.c.name,
            _m.channel, _m.address, _m.state, _m.sent_at, _m.content_sha256, _c.correction_id,
            right.c.state.label("right_state"), _c.not_corrected,
        )
        .join(incident_messages, _c.message_id == _m.id)
        .join(debtors, debtors.c.id == _m.recipient_id)
        .join(creditors, creditors.c.id == _m.creditor_id)
        .outerjoin(right, right.c.id == _c.correction_id)
        .where(_c.incident_id == key, _m.id > after)
        .order_by(_m.id)
        .limit(limit)
    )  # fmt: skip
    if only_open:
        query = query.where(_c.correction_id.is_(None), _c.not_corrected == "")
    return [
        Concerned(
            message_id=row.id,
            recipient_id=row.recipient_id,
            debtor=f"{row.key}/{row.reference}",
            person=row.person,
            name=row.name,
            channel=row.channel,
            address=row.address,
            state=row.state,
            sent_at=row.sent_at,
            content_sha256=row.content_sha256,
            correction=row.correction_id,
            correction_state=row.right_state,
            not_corrected=row.not_corrected,
        )
        for row in connection.execute(query)
    ]


def debts_of(connection: Connection, message_ids: Sequence[str]) -> dict[str, list[int]]:
    """By message, the debts that it spoke of."""
    query = select(message_debts.c.message_id, message_debts.c.debt_id).where(
        message_debts.c.message_id.in_(list(message_ids))
    )
    found: dict[str, list[int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.message_id, []).append(row.debt_id)
    return found


def put_right(connection: Connection, key: int, message_ids: Sequence[str], correction: str) -> None:
    """Say which message puts these right."""
    _mark(connection, key, message_ids, correction_id=correction)


def cannot(connection: Connection, key: int, message_ids: Sequence[str], why: str) -> None:
    """Say why nothing may be sent to put these right."""
    _mark(connection, key, message_ids, not_corrected=why[:500])


def try_again(connection: Connection, key: int) -> None:
    """Forget what could not be put right: facts have changed."""
    connection.execute(update(incident_messages).where(_c.incident_id == key).values(not_corrected=""))


def _mark(connection: Connection, key: int, message_ids: Sequence[str], **values: Any) -> None:
    connection.execute(
        update(incident_messages)
        .where(_c.incident_id == key, _c.message_id.in_(list(message_ids)))
        .values(**values)
    )


def _of(connection: Connection, cause: Cause, name: str) -> ColumnElement[bool]:
    if cause is Cause.RUN:
        return _m.run_id == int(name)
    if cause is Cause.TEMPLATE:
        template, version = version_of(name)
        return and_(_m.template == template, true() if version is None else _m.template_version == version)
    if cause is Cause.PACK:
        packs, pack = type_coerce(_m.rule_packs, AsText), name.lower()
        return or_(
            func.lower(packs).contains(f'"{pack}"', autoescape=True),
            func.lower(packs).contains(f'"{pack}@', autoescape=True),
        )
    return _of_ledger(connection, int(name))


def _of_ledger(connection: Connection, ledger: int) -> ColumnElement[bool]:
    """What was planned on it: the creditor's messages between its import and that of the next."""
    row = connection.execute(select(ledgers).where(ledgers.c.id == ledger)).one()
    following = connection.scalar(
        select(func.min(ledgers.c.id)).where(
            ledgers.c.creditor_id == row.creditor_id, ledgers.c.state == "imported", ledgers.c.id > ledger
        )
    )
    until = connection.scalar(select(ledgers.c.as_of).where(ledgers.c.id == following)) if following else None
    return and_(
        _m.creditor_id == row.creditor_id,
        _m.as_of >= row.as_of,
        true() if until is None else _m.as_of < until,
    )


def _incident(row: Any) -> Incident:
    return Incident(
        id=row.id,
        cause=Cause(row.cause),
        name=row.name,
        why=row.why,
        aware_at=row.aware_at,
        is_breach=row.is_breach,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        creditor=row.creditor,
        template=row.template,
        corrected_by=row.corrected_by,
        corrected_at=row.corrected_at,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
        outcome=row.outcome,
    )
