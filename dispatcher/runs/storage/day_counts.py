"""Counts for the first page and the list of runs: what went out, what was kept back, what waits for a person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.operations import fires
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.portfolio import creditors
from dispatcher.database.tables.templates import template_versions
from dispatcher.messages.storage.message_counts import count_messages
from dispatcher.people.storage import task_lists
from dispatcher.runs.domain.left_open import UNDECIDED, LeftOpen
from dispatcher.runs.domain.run_summary import WORD_OF_STATE
from dispatcher.runs.storage import left_open, run_totals


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLine:
    """One run in a list, with what its messages came to."""

    id: int
    as_of: date
    mode: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    actor: str
    due: int
    counts: dict[str, int]
    summary: dict[str, Any]
    moving: int = 0  # messages that go as soon as somebody delivers

    @property
    def stands(self) -> str:
        """Its state as people mean it: what only waits for the hours of its messages is not being released."""
        return "waiting" if self.state == "releasing" and not self.moving else self.state

    @property
    def sent(self) -> int:
        """How many went out."""
        return self.counts.get("sent", 0)

    @property
    def kept(self) -> int:
        """How many did not, or not yet."""
        return self.due - self.sent


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What needs a person."""

    messages: Sequence[LeftOpen]  # of any day, the gravest first
    expired: int  # untold, or told of within a day
    tasks: dict[str, int]
    reviews: int


def page_of_runs(
    connection: Connection,
    *,
    mode: str = "",
    state: str = "",
    before: int | None = None,
    limit: int = 30,
    creditor: str = "",
) -> list[RunLine]:
    """Runs, newest first; with a creditor each counts that one's messages and refusals alone."""
    query = select(runs).order_by(runs.c.id.desc()).limit(limit)
    if mode:
        query = query.where(runs.c.mode == mode)
    if state:
        query = query.where(runs.c.state == state)
    if before is not None:
        query = query.where(runs.c.id < before)
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    if creditor:
        counts = run_totals.counts_of_creditor(connection, ids, creditor)
        return [_own_line(row, counts.get(row.id, {})) for row in rows]
    counts = _counts(connection, ids)
    going = moving(connection, ids)
    return [replace(_line(row, counts.get(row.id, {})), moving=going.get(row.id, 0)) for row in rows]


def moving(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """Run -> its messages that go as soon as somebody delivers: neither ended nor waiting for an hour or a person."""
    going = messages.c.state.in_(("planned", "queued", "sending"))
    found = count_messages(connection, messages.c.run_id, where=and_(messages.c.run_id.in_(ids), going))
    return {run_id: count for (run_id,), count in found.items()}


def waiting_for_a_person(connection: Connection, *, now: datetime) -> Waiting:
    """Messages that nobody has decided about, open tasks by kind, template versions to review."""
    submitted = (
        select(func.count())
        .select_from(template_versions)
        .where(template_versions.c.state.in_(("submitted", "approved")))
    )
    return Waiting(
        messages=[one for one in left_open.left_open(connection) if one.state in UNDECIDED],
        expired=left_open.expired_lately(connection, now=now),
        tasks=task_lists.counts(connection),
        reviews=connection.scalar(submitted) or 0,
    )


def ledgers(connection: Connection) -> Sequence[Any]:
    """Each creditor with its ledger's day and import."""
    query = select(creditors.c.key, creditors.c.ledger_as_of, creditors.c.ledger_imported_at)
    return connection.execute(query.order_by(creditors.c.key)).all()


def last_fires(connection: Connection, schedules: Sequence[str]) -> dict[str, Any]:
    """Schedule -> its newest fire."""
    found: dict[str, Any] = {}
    for name in schedules:
        query = select(fires).where(fires.c.schedule == name).order_by(fires.c.fire_at.desc()).limit(1)
        row = connection.execute(query).first()
        if row is not None:
            found[name] = row
    return found


def _counts(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Run -> the summary's words -> messages; read from the index on (run, state) alone."""
    by = (messages.c.run_id, messages.c.state)
    found: dict[int, dict[str, int]] = {}
    for (run_id, state), count in count_messages(connection, *by, where=messages.c.run_id.in_(ids)).items():
        word = WORD_OF_STATE[state]
        words = found.setdefault(run_id, {})
        words[word] = words.get(word, 0) + count
    return found


def _line(row: Any, counts: dict[str, int]) -> RunLine:
    refused = row.summary.get("plan", {}).get("refused", {}).get("by_outcome", {})
    counts = dict(counts)
    for outcome, count in refused.items():
        word = {"block": "blocked", "hold": "held", "defer": "deferred"}[outcome]
        counts[word] = counts.get(word, 0) + count
    return _own_line(row, counts)


def _own_line(row: Any, counts: dict[str, int]) -> RunLine:
    return RunLine(
        id=row.id,
        as_of=row.as_of,
        mode=row.mode,
        state=row.state,
        started_at=row.started_at,
        finished_at=row.finished_at,
        actor=row.actor,
        due=sum(counts.values()),
        counts=counts,
        summary=row.summary,
    )
