"""Counts what became of a run's messages, for its summary."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select, update

from dispatcher.database.tables.log import log_entries, log_facets
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.portfolio import creditors, debtors
from dispatcher.messages.domain.message import State
from dispatcher.messages.storage.message_counts import count_messages
from dispatcher.messages.storage.planned import UNRELEASED
from dispatcher.runs.domain.run_summary import WORD_OF_STATE

_REFUSED = ("blocked", "held", "deferred")  # events, and the summary's words for them
_WAITING = (State.PLANNED, State.QUEUED, State.DEFERRED, State.SENDING)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptReason:
    """One reason with how many messages it keeps."""

    state: str
    pack: str
    rule: str
    reference: str
    link: str
    count: int


def count_states(connection: Connection, run_id: int, creditor: str = "") -> Counter[tuple[str, str, str]]:
    """(step, channel, state) -> messages of a run, of one creditor or of all."""
    by = (messages.c.step, messages.c.channel, messages.c.state)
    return count_messages(connection, *by, where=and_(messages.c.run_id == run_id, *_of(creditor)))


def counts_of_creditor(
    connection: Connection, ids: Collection[int], creditor: str
) -> dict[int, dict[str, int]]:
    """Run -> the summary's words -> one creditor's messages, and its debts that never became one."""
    found: dict[int, Counter[str]] = {}
    by, mine = (messages.c.run_id, messages.c.state), and_(messages.c.run_id.in_(ids), *_of(creditor))
    for (run_id, state), count in count_messages(connection, *by, where=mine).items():
        found.setdefault(run_id, Counter())[WORD_OF_STATE[state]] += count
    for (run_id, word), count in refused_of_creditor(connection, ids, creditor).items():
        found.setdefault(run_id, Counter())[word] += count
    return {run_id: dict(counts) for run_id, counts in found.items()}


def refused_of_creditor(
    connection: Connection, ids: Collection[int], creditor: str
) -> Counter[tuple[int, str]]:
    """(run, word) -> debts of a creditor that its plan refused, as the log has them."""
    which = select(log_facets.c.facet).where(
        log_facets.c.event.in_(list(_REFUSED)),
        log_facets.c.creditor == creditor,
        log_facets.c.of_message.is_(False),
    )
    query = (
        select(log_entries.c.run_id, log_entries.c.event, func.count())
        .where(log_entries.c.run_id.in_(ids), log_entries.c.facet.in_(which))
        .group_by(log_entries.c.run_id, log_entries.c.event)
    )
    return Counter({(row[0], row[1]): row[2] for row in connection.execute(query)})


def _of(creditor: str) -> list[Any]:
    if not creditor:
        return []
    owner = select(creditors.c.id).where(creditors.c.key == creditor).scalar_subquery()
    return [messages.c.creditor_id == owner]


def count_besides(connection: Connection, day: date) -> Counter[tuple[str, str, str]]:
    """The same of a day's messages that no run planned: confirmations and answers, as they were recorded."""
    by = (messages.c.step, messages.c.channel, messages.c.state)
    besides = and_(messages.c.run_id.is_(None), messages.c.as_of == day)
    return count_messages(connection, *by, where=besides)


def kept_reasons(connection: Connection, run_id: int, creditor: str = "") -> list[KeptReason]:
    """Why messages of a run, of one creditor or of all, wait, were cancelled or expired, most frequent first."""
    query = select(messages.c.state, messages.c.reasons, func.count()).where(
        messages.c.run_id == run_id,
        messages.c.state.in_((State.DEFERRED, State.HELD, State.CANCELLED, State.EXPIRED)),
        *_of(creditor),
    )
    counts: Counter[tuple[str, str, str, str, str]] = Counter()
    for state, reasons, count in connection.execute(query.group_by(messages.c.state, messages.c.reasons)):
        for key in {_key(state, reason) for reason in reasons or ()}:
            counts[key] += count
    return [
        KeptReason(state=k[0], pack=k[1], rule=k[2], reference=k[3], link=k[4], count=count)
        for k, count in counts.most_common()
    ]


def _key(state: str, reason: dict[str, Any]) -> tuple[str, str, str, str, str]:
    said = [str(reason.get(name, "")) for name in ("pack", "rule", "reference", "link")]
    return (state, said[0], said[1], said[2], said[3])


def count_all_states(connection: Connection) -> Counter[str]:
    """State -> messages, of all runs."""
    return Counter({state: count for (state,), count in count_messages(connection, messages.c.state).items()})


def waiting_plans(connection: Connection, *, mode: str) -> list[int]:
    """Runs whose plan waits to be released, those that died while planning included, oldest first."""
    query = select(runs.c.id).where(runs.c.mode == mode, runs.c.state.in_(UNRELEASED)).order_by(runs.c.id)
    return list(connection.scalars(query))


def release_plans(connection: Connection, ids: Collection[int]) -> None:
    """Let the messages of these runs go."""
    condition = (runs.c.id.in_(ids), runs.c.state.in_(UNRELEASED))
    connection.execute(update(runs).where(*condition).values(state="releasing"))


def finish_runs(connection: Connection, *, mode: str, now: datetime) -> None:
    """Finish released runs whose messages are all at an end or listed for a person."""
    waiting = select(messages.c.run_id).where(messages.c.state.in_(_WAITING), messages.c.run_id.is_not(None))
    connection.execute(
        update(runs)
        .where(runs.c.mode == mode, runs.c.state == "releasing", runs.c.id.not_in(waiting))
        .values(state="finished", finished_at=now)
    )


def unfinished(connection: Connection, *, mode: str) -> list[int]:
    """Runs of whose messages some are on their way."""
    return list(connection.scalars(select(runs.c.id).where(runs.c.mode == mode, runs.c.state != "finished")))


def count_sent(connection: Connection, ids: Collection[int]) -> int:
    """How many messages of these runs have gone out, whatever became of them."""
    gone = [state for state, word in WORD_OF_STATE.items() if word == "sent"]
    query = select(func.count()).where(messages.c.run_id.in_(ids), messages.c.state.in_(gone))
    return connection.scalar(query) or 0


def count_in_state(connection: Connection, run_id: int, state: State) -> int:
    """How many messages of a run stand in a state."""
    query = select(func.count()).where(messages.c.run_id == run_id, messages.c.state == state)
    return connection.scalar(query) or 0


def ledger_times(connection: Connection) -> dict[str, tuple[datetime | None, date | None]]:
    """Creditor -> when its ledger was last imported, on the real clock, and the day it speaks of."""
    query = select(creditors.c.key, creditors.c.ledger_imported_at, creditors.c.ledger_as_of)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def list_messages(
    connection: Connection,
    *,
    state: str | None,
    run_id: int | None,
    channel: str | None,
    after: str,
    limit: int,
) -> Sequence[Any]:
    """Messages in order of their ids, after an id."""
    query = (
        select(
            messages.c.id,
            messages.c.run_id,
            messages.c.as_of,
            messages.c.step,
            messages.c.kind,
            messages.c.channel,
            messages.c.state,
            messages.c.address,
            messages.c.provider,
            messages.c.provider_id,
            messages.c.not_before,
            messages.c.expires_at,
            messages.c.sent_at,
            messages.c.attempts,
            messages.c.template,
            messages.c.template_version,
            messages.c.reasons,
            creditors.c.key.label("creditor"),
            debtors.c.reference.label("debtor"),
        )
        .join(creditors, creditors.c.id == messages.c.creditor_id)
        .join(debtors, debtors.c.id == messages.c.recipient_id)
        .where(messages.c.id > after)
        .order_by(messages.c.id)
        .limit(limit)
    )
    for column, wanted in (
        (messages.c.state, state),
        (messages.c.run_id, run_id),
        (messages.c.channel, channel),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    return connection.execute(query).all()
