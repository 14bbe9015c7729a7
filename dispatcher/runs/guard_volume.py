"""Holds what a run plans above the usual volume, until a person confirms it."""

from collections.abc import Sequence
from datetime import datetime

from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.intervene import Intervention, release_messages
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.hold_for_guard import PACK, GuardReason, hold_for_guard
from dispatcher.runs.domain.volume import VolumeLimits, usual_at_most
from dispatcher.runs.storage import run_volumes

RULE = "volume"


def guard_volume(
    database: Database, run_id: int, limits: VolumeLimits, *, confirmed: bool, now: datetime, actor: str
) -> str:
    """Hold the excess of a live run; returns why, or "" when nothing is held.

    The first messages in order of planning go; `confirmed` lets all go, what was held of earlier runs included, and
    logs that somebody said so.
    """
    if confirmed:
        _let_go(database, now, actor)
    with database.writing() as connection:
        as_of, mode = run_volumes.run_of(connection, run_id)
        ids = run_volumes.unsent_ids(connection, run_id)
        most = usual_at_most(run_volumes.earlier_volumes(connection, run_id, as_of), limits)
        if mode != "live" or most is None or len(ids) <= most:
            return ""
        if confirmed:
            _log_confirmed(connection, run_id, len(ids), most, now, actor)
            return ""
        return _hold(connection, run_id, ids, most, now)


def _let_go(database: Database, now: datetime, actor: str) -> None:
    with database.reading() as connection:
        held = run_volumes.held_by_rule(connection, PACK, RULE)
    if held:
        by = Intervention(actor=actor, now=now, why="the unusual volume was confirmed")
        release_messages(database, held, by)


def _hold(connection: Connection, run_id: int, ids: Sequence[str], most: int, now: datetime) -> str:
    detail = f"{len(ids)} messages are planned where the last weeks' days had at most {most} as a rule"
    reason = GuardReason(rule=RULE, reference="config: guards.volume_factor", detail=detail)
    held = hold_for_guard(connection, ids[most:], reason, now=now)
    return (
        f"run {run_id}: {detail}; {held} of them are held: look at the plan, then "
        "`dispatcher run --confirm`, or `dispatcher messages release`"
    )


def _log_confirmed(
    connection: Connection, run_id: int, planned: int, most: int, now: datetime, actor: str
) -> None:
    entry = LogEntry(
        event="volume_confirmed",
        at=now,
        actor=actor,
        run_id=run_id,
        details={"planned": planned, "usual_at_most": most},
    )
    delivery_log.append(connection, [entry])
