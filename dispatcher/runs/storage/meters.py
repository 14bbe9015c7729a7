"""Numbers for monitoring, from the database so that they survive restarts and are one truth for all processes."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, extract, func, or_, select

from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.log import log_entries, log_facets
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.messages.domain.message import State
from dispatcher.messages.storage.message_counts import count_messages

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
# What a message has come to when the log says so; what is only said of one at the end moves none.
STATE_OF_EVENT = {
    "planned": "planned", "queued": "queued", "deferred": "deferred", "held": "held", "attempting": "sending",
    "accepted": "accepted", "delivered": "delivered", "rejected": "failed", "bounced": "bounced",
    "returned": "returned", "unknown": "unknown", "cancelled": "cancelled", "expired": "expired",
}  # fmt: skip
_TAKEN = ("accepted", "unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class Durations:
    """How long something took: how many up to each bound of BUCKETS, how many in all, seconds in all."""

    up_to: tuple[int, ...]
    count: int
    seconds: float


def messages_by_state(connection: Connection) -> dict[tuple[str, str], int]:
    """(channel, state) -> messages; read from an index alone."""
    by_state = count_messages(connection, messages.c.state, messages.c.channel)
    return {(channel, state): count for (state, channel), count in by_state.items()}


def came_to(connection: Connection) -> dict[tuple[str, str], int]:
    """(channel, state) -> how often a message came to that state, by the log: a number that never falls."""
    each = select(
        log_facets.c.facet, log_facets.c.event, log_facets.c.channel, log_facets.c.of_message
    ).distinct()
    known = {row.facet: row for row in connection.execute(each)}
    of_index = select(log_entries.c.facet, func.count()).group_by(log_entries.c.facet)
    found: Counter[tuple[str, str]] = Counter()
    for facet, count in connection.execute(of_index):
        row = known[facet]
        state = STATE_OF_EVENT.get(row.event) if row.of_message else None
        if state is not None:
            found[row.channel or "", state] += count
    return dict(found)


def decisions(connection: Connection) -> dict[tuple[str, str], int]:
    """(decision, pack/rule) -> how often the plans of all live runs came to it; `allow` has no rule."""
    found: Counter[tuple[str, str]] = Counter()
    for summary in connection.scalars(select(runs.c.summary).where(runs.c.mode == "live")):
        plan = summary.get("plan", {})
        found["allow", ""] += plan.get("by_outcome", {}).get("allow", 0)
        for reason in plan.get("reasons", ()):
            found[reason["outcome"], f"{reason['pack']}/{reason['rule']}"] += reason["count"]
    return dict(found)


def unknown_outcomes(connection: Connection) -> int:
    """Messages whose end nobody knows."""
    return connection.scalar(select(func.count()).where(messages.c.state == State.UNKNOWN)) or 0


def window_violations(connection: Connection) -> int:
    """Attempts that reached a provider outside the window of the decision they were made under."""
    outside = or_(
        attempts.c.began_at >= messages.c.not_after,
        and_(messages.c.not_before.is_not(None), attempts.c.began_at < messages.c.not_before),
    )
    query = (
        select(func.count())
        .select_from(messages.join(attempts, _last_attempt()))
        .where(attempts.c.outcome.in_(_TAKEN), outside)
    )
    return connection.scalar(query) or 0


def send_seconds(connection: Connection) -> Durations:
    """How long providers took to answer."""
    took = _seconds(connection, attempts.c.ended_at, attempts.c.began_at)
    ended = attempts.c.ended_at.is_not(None)
    return _durations(connection, took, ended)


def plan_seconds(connection: Connection) -> tuple[int, float]:
    """How many live runs say how long their planning took, and the seconds in all."""
    said = [
        summary["plan_seconds"]
        for summary in connection.scalars(select(runs.c.summary).where(runs.c.mode == "live"))
        if "plan_seconds" in summary
    ]
    return len(said), float(sum(map(float, said)))


def _last_attempt() -> ColumnElement[bool]:
    return and_(attempts.c.message_id == messages.c.id, attempts.c.number == messages.c.attempts)


def _durations(connection: Connection, took: Any, condition: Any) -> Durations:
    columns = [func.sum(case((took <= bound, 1), else_=0)) for bound in BUCKETS]
    row = connection.execute(
        select(func.count(), func.sum(took), *columns).select_from(attempts).where(condition)
    ).one()
    return Durations(
        up_to=tuple(int(n or 0) for n in row[2:]), count=int(row[0]), seconds=max(0.0, float(row[1] or 0))
    )


def _seconds(connection: Connection, end: Any, begin: Any) -> Any:
    if connection.dialect.name == "sqlite":
        return (func.julianday(end) - func.julianday(begin)) * 86_400
    return extract("epoch", end) - extract("epoch", begin)
