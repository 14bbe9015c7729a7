"""What adopting a copy reads and writes: what was not at its end, the gap, who held leases."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, and_, delete, func, select

from dispatcher.database.bulk import upsert_rows
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.operations import leases, marks
from dispatcher.database.tables.portfolio import debts
from dispatcher.messages.domain.message import UNSENT, Message, State
from dispatcher.messages.storage import outbox
from dispatcher.runs.domain.gap import DueStep, Gap

_GAP = "gap-of-a-copy"
_OPEN = [*UNSENT, State.SENDING, State.UNKNOWN]
_HOLDABLE = [State.PLANNED, State.QUEUED, State.DEFERRED]


def open_messages(connection: Connection, *, after: str, limit: int) -> list[Message]:
    """Messages that were not at their end, after an id."""
    condition = and_(messages.c.state.in_(_OPEN), messages.c.id > after)
    return outbox.read_where(connection, condition, limit=limit)


def end_leases(connection: Connection) -> None:
    """Whoever held them works on the other database."""
    connection.execute(delete(leases))


def read_gap(connection: Connection) -> Gap | None:
    """The newest gap, None where no copy was ever adopted."""
    value = connection.scalar(select(marks.c.value).where(marks.c.name == _GAP))
    return Gap.of(value) if value else None


def write_gap(connection: Connection, gap: Gap) -> None:
    """Remember it; a later one contains those before."""
    upsert_rows(connection, marks, [{"name": _GAP, "value": gap.as_json()}], key=("name",))


def newest_debt(connection: Connection) -> int:
    """The highest number of a debt, 0 where there is none."""
    return connection.scalar(select(func.max(debts.c.id))) or 0


def steps_of(connection: Connection, run_id: int) -> Sequence[tuple[str, DueStep]]:
    """(message, step) of a run's messages that wait: of each debt one for every step before it."""
    before, earlier = message_debts.alias("before"), messages.alias("earlier")
    query = (
        select(
            messages.c.id,
            messages.c.as_of,
            message_debts.c.debt_id,
            message_debts.c.day,
            debts.c.due_date,
            earlier.c.as_of.label("before_on"),
            before.c.day.label("before_day"),
        )
        .join(message_debts, message_debts.c.message_id == messages.c.id)
        .join(debts, debts.c.id == message_debts.c.debt_id)
        .outerjoin(
            before,
            (before.c.debt_id == message_debts.c.debt_id)
            & (before.c.recipient_id == message_debts.c.recipient_id)
            & (before.c.message_id != messages.c.id)
            & before.c.given_back.is_(False),
        )
        .outerjoin(earlier, earlier.c.id == before.c.message_id)
        .where(messages.c.run_id == run_id, messages.c.state.in_(_HOLDABLE))
        .order_by(messages.c.id)
    )
    return [
        (
            row.id,
            DueStep(
                debt_id=row.debt_id,
                as_of=row.as_of,
                due_date=row.due_date,
                day=row.day,
                anchor=row.before_on - timedelta(days=row.before_day) if row.before_on else None,
            ),
        )
        for row in connection.execute(query)
    ]
