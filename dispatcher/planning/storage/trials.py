"""Writes down who has come into a trial whose arms have the step on several days: it counts from then."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from dispatcher.database.bulk import insert_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.planning import trial_entries
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.planning.domain.experiments import Entered
from dispatcher.planning.storage.plans import RunOfPlan


def enter(connection: Connection, run: RunOfPlan, entered: Sequence[Entered]) -> None:
    """Each debt and person once a trial, with an entry of the log."""
    if not entered:
        return
    ids = sorted({each.debt_id for each in entered})
    rows = connection.execute(
        select(trial_entries.c.debt_id, trial_entries.c.recipient_id, trial_entries.c.trial).where(
            one_of(trial_entries.c.debt_id, "ids")
        ),
        {"ids": ids},
    )
    known = {tuple(row) for row in rows}
    new = [each for each in entered if (each.debt_id, each.person.id, each.trial) not in known]
    if not new:
        return
    values = [
        {
            "debt_id": each.debt_id,
            "recipient_id": each.person.id,
            "trial": each.trial,
            "arm": each.arm,
            "at": run.now,
        }
        for each in new
    ]
    insert_rows(connection, trial_entries, values)
    delivery_log.append_about(connection, [_entry(run, each) for each in new])


def _entry(run: RunOfPlan, each: Entered) -> tuple[dict[str, object], list[LogEntry]]:
    entry = LogEntry(
        event=Event.TRIAL_ENTERED,
        at=run.now,
        actor=run.actor,
        run_id=run.id,
        as_of=run.as_of,
        person=each.person.person,
        creditor=each.person.creditor,
        strategy=each.strategy,
        step=each.step,
        kind="collection",
        simulated=run.simulated,
        details={"arm": f"{each.trial}: {each.arm}"},
    )
    return {"debtor": each.person.full_reference, "debts": [each.debt]}, [entry]
