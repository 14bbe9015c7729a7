"""Messages of any day that nobody has decided about yet: they are told until somebody has."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.messages.domain.message import State
from dispatcher.messages.storage.undecided import undecided
from dispatcher.runs.domain.left_open import STATES, LeftOpen


def left_open(connection: Connection, *, mode: str = "") -> list[LeftOpen]:
    """What is open of all runs, or of those of a mode and what belongs to none; the gravest first."""
    query = select(messages.c.state, func.count(), func.min(messages.c.as_of)).where(undecided)
    if mode:
        joined = query.outerjoin(runs, runs.c.id == messages.c.run_id)
        query = joined.where(func.coalesce(runs.c.mode, "live") == mode)
    rows = connection.execute(query.group_by(messages.c.state))
    found = {row[0]: LeftOpen(state=row[0], count=row[1], oldest=row[2]) for row in rows}
    return [found[state] for state in STATES if state in found]


def expired_lately(connection: Connection, *, now: datetime) -> int:
    """Messages that expired untold, or were told of within a day."""
    told = messages.c.acknowledged_at > now - timedelta(days=1)
    condition = and_(messages.c.state == State.EXPIRED, or_(messages.c.acknowledged_at.is_(None), told))
    return connection.scalar(select(func.count()).select_from(messages).where(condition)) or 0
