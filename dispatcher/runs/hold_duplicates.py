"""Finds messages that say the same to the same person on the same day, before they are released."""

from datetime import datetime

from dispatcher.database.engine import Database
from dispatcher.messages.hold_for_guard import guard_reason, hold_for_guard
from dispatcher.runs.storage import run_volumes


def hold_duplicates(database: Database, run_id: int, *, now: datetime) -> str:
    """Hold every message of a run that repeats an earlier one; returns why, or "" when there is none.

    Such a pair comes from strategies that overlap or from a ledger that names a debt twice.
    """
    with database.writing() as connection:
        as_of, _ = run_volumes.run_of(connection, run_id)
        pairs = run_volumes.look_alikes(connection, run_id, as_of)
        for key, earlier in pairs:
            detail = f"it says the same as message {earlier} to the same address on the same day"
            reason = guard_reason("duplicate", "one message says it once", detail)
            hold_for_guard(connection, [key], reason, now=now)
    if not pairs:
        return ""
    return (
        f"run {run_id}: {len(pairs)} messages repeat another to the same person on the same day and are held: "
        "look for overlapping strategies or doubled debts, then `dispatcher messages release` or `cancel`"
    )
