"""How many messages runs came to, and which of a run's messages look alike."""

from datetime import date, timedelta

from sqlalchemy import Connection, func, or_, select

from dispatcher.database.tables.messages import contents, messages
from dispatcher.database.tables.planning import runs
from dispatcher.messages.domain.message import UNSENT, State

WEEKS = timedelta(weeks=4)
_GONE = (State.CANCELLED, State.EXPIRED, State.FAILED)


def earlier_volumes(connection: Connection, run_id: int, as_of: date) -> list[int]:
    """Messages of each live run of the weeks before, this one left out."""
    query = (
        select(func.count(messages.c.id))
        .select_from(runs)
        .outerjoin(messages, messages.c.run_id == runs.c.id)
        .where(runs.c.mode == "live", runs.c.id != run_id, runs.c.as_of.between(as_of - WEEKS, as_of))
        .group_by(runs.c.id)
    )
    return list(connection.scalars(query))


def run_of(connection: Connection, run_id: int) -> tuple[date, str]:
    """(as-of date, mode) of a run."""
    as_of, mode = connection.execute(select(runs.c.as_of, runs.c.mode).where(runs.c.id == run_id)).one()
    return as_of, mode


def unsent_ids(connection: Connection, run_id: int) -> list[str]:
    """Messages of a run that have not been sent and are not held, in order of planning."""
    going = [state.value for state in UNSENT if state is not State.HELD]
    query = select(messages.c.id).where(messages.c.run_id == run_id, messages.c.state.in_(going))
    return list(connection.scalars(query.order_by(messages.c.id)))


def held_by_rule(connection: Connection, pack: str, rule: str) -> list[str]:
    """Held messages among whose reasons a rule stands, oldest first."""
    query = select(messages.c.id, messages.c.reasons).where(messages.c.state == State.HELD)
    return [
        row.id
        for row in connection.execute(query.order_by(messages.c.id))
        if any(reason.get("pack") == pack and reason.get("rule") == rule for reason in row.reasons)
    ]


def look_alikes(connection: Connection, run_id: int, as_of: date) -> list[tuple[str, str]]:
    """(message of the run, the earlier one it repeats): the same person, address and text on the same day."""
    other, other_text = messages.alias("other"), contents.alias("other_text")
    query = (
        select(messages.c.id, func.min(other.c.id))
        .join(contents, contents.c.sha256 == messages.c.content_sha256)
        .join(
            other,
            (other.c.recipient_id == messages.c.recipient_id)
            & (other.c.address == messages.c.address)
            & (other.c.channel == messages.c.channel)
            & (other.c.as_of == messages.c.as_of)
            & (other.c.id < messages.c.id),
        )
        .join(other_text, other_text.c.sha256 == other.c.content_sha256)
        .where(
            messages.c.run_id == run_id,
            messages.c.as_of == as_of,
            or_(messages.c.state == State.QUEUED, messages.c.state == State.DEFERRED),
            other.c.state.not_in(_GONE),
            other_text.c.text == contents.c.text,
            other_text.c.text != "",
        )
        .group_by(messages.c.id)
        .order_by(messages.c.id)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]
