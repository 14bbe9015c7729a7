"""Holds a run whole when it plans more than is usual, until a person says that it may go."""

from collections.abc import Collection, Sequence
from datetime import datetime

from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.intervene import Intervention, release_messages
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.hold_for_guard import PACK, VOLUME, guard_reason, hold_for_guard
from dispatcher.runs.domain.volume import Excess, VolumeLimits, excesses, groups_of
from dispatcher.runs.storage import run_volumes

REFERENCE = "config: guards.volume_factor, guards.volume_first"
_SAID = 4  # groups that a sentence names


def guard_volume(
    database: Database,
    run_id: int,
    limits: VolumeLimits,
    *,
    confirmed: bool,
    now: datetime,
    actor: str,
    real_channels: Collection[str] = (),
) -> str:
    """Hold an unusual live run whole; returns why, or "" when nothing is held.

    `confirmed` lets it go, and what was held of earlier runs, and logs that somebody said so. What a day held back is
    no history for the days after it; a message whose hold ended by expiry is held again when it is planned anew.
    """
    if confirmed:
        confirm_volume(database, now=now, actor=actor)
    with database.writing() as connection:
        as_of, mode = run_volumes.run_of(connection, run_id)
        if mode != "live":
            return ""
        planned = groups_of(run_volumes.unsent_by_group(connection, run_id), real_channels)
        found = excesses(planned, run_volumes.earlier_days(connection, run_id, as_of), limits, as_of)
        verdict = ("confirmed" if confirmed else "held") if found else "usual"
        run_volumes.keep_volume(connection, run_id, planned, verdict, [excess.as_json() for excess in found])
        if confirmed:
            if found:
                _log_confirmed(connection, run_id, found, now, actor)
            return ""
        if found:
            return _hold_whole(connection, run_id, found, now)
        return _hold_again(connection, run_id, now)


def confirm_volume(database: Database, *, now: datetime, actor: str, run_id: int | None = None) -> int:
    """Let go what was held for its volume, of one run or of all, by somebody's word; returns how many messages."""
    with database.reading() as connection:
        held = run_volumes.held_by_rule(connection, PACK, VOLUME, run_id=run_id)
    if held:
        by = Intervention(actor=actor, now=now, why="the unusual volume was confirmed")
        release_messages(database, held, by)
    with database.writing() as connection:
        for number, found in run_volumes.confirm(connection, run_id):
            _log_confirmed(connection, number, [Excess(**excess) for excess in found], now, actor)
    return len(held)


def _hold_whole(connection: Connection, run_id: int, found: Sequence[Excess], now: datetime) -> str:
    more = f" and {len(found) - _SAID} groups more" if len(found) > _SAID else ""
    detail = "; ".join(map(str, found[:_SAID])) + more
    reason = guard_reason(VOLUME, REFERENCE, detail)
    held = hold_for_guard(connection, run_volumes.unsent_ids(connection, run_id), reason, now=now)
    return (
        f"run {run_id} waits whole ({held} messages): {detail}. Look at its difference from the last run, then "
        "`dispatcher run --confirm`, or `dispatcher messages cancel`"
    )


def _hold_again(connection: Connection, run_id: int, now: datetime) -> str:
    ids = run_volumes.held_back_before(connection, run_id, PACK, VOLUME)
    if not ids:
        return ""
    detail = "it was held for an unusual volume before, that hold expired, and nobody has said that it may go"
    reason = guard_reason(VOLUME, REFERENCE, detail)
    held = hold_for_guard(connection, ids, reason, now=now)
    return f"run {run_id}: {held} messages are held again: {detail}; `dispatcher run --confirm` lets them go"


def _log_confirmed(
    connection: Connection, run_id: int, found: Sequence[Excess], now: datetime, actor: str
) -> None:
    entry = LogEntry(
        event=Event.VOLUME_CONFIRMED,
        at=now,
        actor=actor,
        run_id=run_id,
        details={"excesses": [excess.as_json() for excess in found]},
    )
    delivery_log.append(connection, [entry])
