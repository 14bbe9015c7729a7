"""Reads what a day came to, for those who are told about it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.operations import fires
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.record import seals
from dispatcher.people.storage import task_lists
from dispatcher.record.storage import drill_counts
from dispatcher.runs.domain.left_open import UNDECIDED, LeftOpen
from dispatcher.runs.storage import left_open

_MOST_REASONS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class DayReport:
    """Counts by name, the most frequent first."""

    sent: Sequence[tuple[str, int]]  # by channel
    kept_back: Sequence[tuple[str, int]]  # by rule
    needs_a_person: Sequence[tuple[str, int]]
    left_open: Sequence[LeftOpen]  # of any day
    expired: int  # within the time told of
    failed_jobs: Sequence[tuple[str, str]]  # schedule, why it failed the last time
    refused: Mapping[str, str]  # creditors that the newest run refused, and why
    seal: str
    drill: Mapping[str, Any] | None  # what the newest practice of a restore came to


def read(connection: Connection, since: datetime, until: datetime) -> DayReport:
    """The report of what happened after one instant and up to another."""
    within = (log_entries.c.at > since, log_entries.c.at <= until)
    sent = connection.execute(
        select(log_entries.c.channel, func.count())
        .where(log_entries.c.event == "accepted", *within)
        .group_by(log_entries.c.channel)
    )
    kept = connection.scalars(
        select(log_entries.c.entry).where(log_entries.c.event.in_(("blocked", "held", "cancelled")), *within)
    )
    return DayReport(
        sent=sorted((row[0] or "", row[1]) for row in sent),
        kept_back=_reasons(kept),
        needs_a_person=_for_a_person(connection),
        left_open=[one for one in left_open.left_open(connection) if one.state in UNDECIDED],
        expired=connection.scalar(
            select(func.count()).select_from(log_entries).where(log_entries.c.event == "expired", *within)
        )
        or 0,
        failed_jobs=failed_jobs(connection, since),
        refused=_refused(connection),
        seal=connection.scalar(select(seals.c.root).order_by(seals.c.number.desc()).limit(1)) or "",
        drill=(drill_counts.newest_drill(connection) or {}).get("details"),
    )


def has_finished_run(connection: Connection, day: date) -> bool:
    """Whether a live run for that day has done its work: its summary is written."""
    finished = runs.c.state.in_(("releasing", "finished"))
    return bool(
        connection.scalar(select(exists().where(runs.c.as_of == day, runs.c.mode == "live", finished)))
    )


def failed_jobs(connection: Connection, since: datetime) -> list[tuple[str, str]]:
    """Schedules whose newest fire since an instant failed, and why; one that has run well since then is no matter."""
    query = (
        select(fires.c.schedule, fires.c.state, fires.c.note)
        .where(fires.c.fire_at >= since, fires.c.state.in_(("done", "failed")))
        .order_by(fires.c.fire_at)
    )
    newest = {name: (state, note) for name, state, note in connection.execute(query)}
    return sorted((name, note) for name, (state, note) in newest.items() if state == "failed")


def _refused(connection: Connection) -> Mapping[str, str]:
    newest = select(runs.c.summary).where(runs.c.mode == "live").order_by(runs.c.id.desc()).limit(1)
    found: Mapping[str, str] = (connection.scalar(newest) or {}).get("day", {}).get("refused_creditors", {})
    return found


def _reasons(entries: object) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for entry in entries:  # type: ignore[attr-defined]  # a result of rows
        for reason in json.loads(entry).get("reasons") or ():
            counts[f"{reason.get('pack', '')}/{reason.get('rule', '')}"] += 1
    return counts.most_common(_MOST_REASONS)


def _for_a_person(connection: Connection) -> list[tuple[str, int]]:
    states = [one for one in left_open.left_open(connection) if one.state in UNDECIDED]
    waiting = [(f"{one.state} messages", one.count) for one in states]
    return sorted([*waiting, *((f"tasks: {kind}", n) for kind, n in task_lists.counts(connection).items())])
