"""Adds up what replayed days came to."""

from collections import Counter

from sqlalchemy import Connection, func, select

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import refusals, runs

_SIMULATED = runs.c.mode == "simulated"


def by_step_and_channel(connection: Connection) -> list[dict[str, object]]:
    """Messages of replays, counted by step, channel and state."""
    query = (
        select(messages.c.step, messages.c.channel, messages.c.state, func.count())
        .join(runs, runs.c.id == messages.c.run_id)
        .where(_SIMULATED)
        .group_by(messages.c.step, messages.c.channel, messages.c.state)
        .order_by(func.min(messages.c.as_of), messages.c.step, messages.c.channel, messages.c.state)
    )
    return [
        {"step": step, "channel": channel, "state": state, "count": count}
        for step, channel, state, count in connection.execute(query)
    ]


def days_with_messages(connection: Connection) -> int:
    """On how many days something was planned."""
    query = (
        select(func.count(messages.c.as_of.distinct()))
        .join(runs, runs.c.id == messages.c.run_id)
        .where(_SIMULATED)
    )
    return connection.scalar(query) or 0


def kept_back(connection: Connection) -> list[dict[str, object]]:
    """Reasons of refusals, each counted by the days it was repeated, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for reasons, days in connection.execute(select(refusals.c.reasons, refusals.c.count)):
        for key in {(str(r.get("pack", "")), str(r.get("rule", ""))) for r in reasons or ()}:
            counts[key] += days
    return [{"pack": pack, "rule": rule, "days": days} for (pack, rule), days in counts.most_common()]
