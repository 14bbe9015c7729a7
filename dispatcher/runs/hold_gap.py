"""Holds the steps that came due between the making of an adopted copy and its adoption: they may have been done."""

from collections.abc import Sequence
from datetime import datetime

from dispatcher.database.engine import Database
from dispatcher.messages.hold_for_guard import guard_reason, hold_for_guard
from dispatcher.runs.domain.gap import DueStep, Gap
from dispatcher.runs.storage import copies

RULE = "copy"


def hold_gap(database: Database, run_id: int, *, now: datetime) -> str:
    """Hold those of a run until a person releases them; returns why, or "" when none is held."""
    with database.writing() as connection:
        gap = copies.read_gap(connection)
        if gap is None:
            return ""
        doubtful = _doubtful(copies.steps_of(connection, run_id), gap)
        if not doubtful:
            return ""
        detail = (
            f"its step came due before {gap.until}, when this database was adopted: it may have been done"
        )
        reason = guard_reason(RULE, "dispatcher adopt", detail)
        held = hold_for_guard(connection, doubtful, reason, now=now)
    return (
        f"run {run_id}: {held} messages are held whose step came due between the making of this copy and "
        f"{gap.until}: look at what the other machine sent, then `dispatcher messages release` or `cancel`"
    )


def _doubtful(steps: Sequence[tuple[str, DueStep]], gap: Gap) -> list[str]:
    """Messages of which a debt's step came due in the gap; of several steps before it the last one counts."""
    covered: dict[tuple[str, int], bool] = {}
    for key, step in steps:
        covered[key, step.debt_id] = covered.get((key, step.debt_id), True) and gap.covers(step)
    return sorted({key for (key, _), is_covered in covered.items() if is_covered})
