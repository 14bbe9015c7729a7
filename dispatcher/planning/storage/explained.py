"""Reads one person's debts, ladders, messages and standing refusals, for an explanation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, literal, or_, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import follow_ups
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import debt_parties, debts
from dispatcher.planning.domain.ladder import Rung
from dispatcher.planning.storage.ladder import rung_of


@dataclass(frozen=True, kw_only=True, slots=True)
class SentStep:
    """A message about a debt, as far as it has come."""

    message_id: str
    debt_id: int
    step: str
    channel: str
    state: str
    as_of: date
    sent_at: datetime | None
    not_before: datetime | None
    reasons: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """A message that stands on no ladder, as far as it has come."""

    message_id: str
    step: str
    channel: str
    state: str
    as_of: date
    sent_at: datetime | None
    not_before: datetime | None
    reasons: tuple[str, ...]


_OWN = select(debts.c.id, debts.c.debtor_id, literal("debtor"), debts.c.due_date).where(
    one_of(debts.c.debtor_id, "ids")
)
_SHARED = (
    select(debts.c.id, debt_parties.c.debtor_id, debt_parties.c.relation, debts.c.due_date)
    .join(debt_parties, debt_parties.c.debt_id == debts.c.id)
    .where(one_of(debt_parties.c.debtor_id, "ids"))
)


def debt_ids_of(connection: Connection, debtor_id: int) -> dict[int, str]:
    """Debt id -> the person's relation to it, oldest due date first."""
    return debt_ids_of_people(connection, [debtor_id])[debtor_id]


def debt_ids_of_people(connection: Connection, debtor_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """The same for many people in two statements: by person, who has none too."""
    ids = {"ids": list(debtor_ids)}
    rows = [*connection.execute(_OWN, ids), *connection.execute(_SHARED, ids)]
    found: dict[int, dict[int, str]] = {debtor_id: {} for debtor_id in debtor_ids}
    for debt_id, debtor_id, relation, _ in sorted(rows, key=lambda row: (row[3], row[0])):
        found[debtor_id][debt_id] = relation
    return found


def rungs_of(connection: Connection, debtor_id: int, debt_ids: Sequence[int]) -> dict[int, Rung]:
    """Debt -> the last step of its ladder with this person."""
    rows = connection.execute(
        select(ladder).where(ladder.c.recipient_id == debtor_id, ladder.c.debt_id.in_(debt_ids))
    )
    return {row.debt_id: rung_of(row) for row in rows}


def besides(connection: Connection, debtor_id: int, since: date) -> list[Beside]:
    """Messages to this person that no ladder planned: of agreements, answers, confirmations; the newest first."""
    query = (
        select(
            messages.c.id, messages.c.step, messages.c.channel, messages.c.state, messages.c.as_of,
            messages.c.sent_at, messages.c.not_before, messages.c.reasons,
        )
        .outerjoin(follow_ups, follow_ups.c.message_id == messages.c.id)
        .where(
            messages.c.recipient_id == debtor_id,
            messages.c.as_of >= since,
            or_(messages.c.run_id.is_(None), follow_ups.c.message_id.is_not(None)),
        )
        .order_by(messages.c.id.desc())
        .limit(20)
    )  # fmt: skip
    return [
        Beside(
            message_id=row.id,
            step=row.step,
            channel=row.channel,
            state=row.state,
            as_of=row.as_of,
            sent_at=row.sent_at,
            not_before=row.not_before,
            reasons=tuple(str(reason.get("detail", "")) for reason in row.reasons),
        )
        for row in connection.execute(query)
    ]


def steps_sent(connection: Connection, debtor_id: int, debt_ids: Sequence[int]) -> list[SentStep]:
    """All messages to this person about these debts, oldest first."""
    rows = connection.execute(
        select(
            messages.c.id,
            message_debts.c.debt_id,
            message_debts.c.step,
            messages.c.channel,
            messages.c.state,
            messages.c.as_of,
            messages.c.sent_at,
            messages.c.not_before,
            messages.c.reasons,
        )
        .join(messages, messages.c.id == message_debts.c.message_id)
        .where(message_debts.c.recipient_id == debtor_id, message_debts.c.debt_id.in_(debt_ids))
        .order_by(messages.c.id)
    )
    return [
        SentStep(
            message_id=r.id,
            debt_id=r.debt_id,
            step=r.step,
            channel=r.channel,
            state=r.state,
            as_of=r.as_of,
            sent_at=r.sent_at,
            not_before=r.not_before,
            reasons=tuple(r.reasons),
        )
        for r in rows
    ]
