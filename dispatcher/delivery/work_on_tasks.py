"""What people do with tasks: take them on their desk, finish them with what came of it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import entry_of
from dispatcher.messages.storage import outbox
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.hear_words import UNCLEAR
from dispatcher.people.recording import Said
from dispatcher.people.release_hold import release
from dispatcher.people.storage import task_lists, tasks


class TaskError(ValueError):
    """The tasks cannot be worked on like this; the text says why."""


def take_tasks(database: Database, ids: Collection[int], *, owner: str, actor: str, now: datetime) -> int:
    """Put open tasks on somebody's desk; returns how many."""
    with database.writing() as connection:
        taken = task_lists.take(connection, ids, owner)
        delivery_log.append(
            connection,
            [LogEntry(event=Event.TASKS_TAKEN, at=now, actor=actor, details={"tasks": sorted(ids)})],
        )
    return taken


def take_messages(database: Database, ids: Collection[str], *, owner: str, actor: str, now: datetime) -> int:
    """Put held or unknown messages on somebody's desk; returns how many."""
    with database.writing() as connection:
        found = outbox.read(connection, list(ids))
        outbox.take(connection, [message.id for message in found], owner)
        delivery_log.append(
            connection, [entry_of(message, Event.TAKEN, at=now, actor=actor) for message in found]
        )
    return len(found)


def finish_tasks(
    database: Database, ids: Sequence[int], *, outcome: str, release_quiet: bool, actor: str, now: datetime
) -> int:
    """Close tasks with what came of them; `release_quiet` ends the hold that an unclear reply put on its sender."""
    if not outcome.strip():
        raise TaskError("say what came of it: the log keeps who decided what")
    with database.writing() as connection:
        rows = {row.id: row for row in task_lists.get(connection, ids)}
        done = task_lists.finish(connection, ids, by=actor, at=now, outcome=outcome)
        details = {"tasks": sorted(done), "outcome_given": True}
        delivery_log.append(
            connection, [LogEntry(event=Event.TASKS_DONE, at=now, actor=actor, details=details)]
        )
        read = {rows[key].debtor_id: rows[key] for key in done if rows[key].kind == UNCLEAR and rows[key].key}
        unread = tasks.debtors_with_open(connection, UNCLEAR, read)
    if release_quiet:
        said = Said(now=now, actor=actor, source="task", note=outcome)
        for debtor_id, row in read.items():
            if debtor_id not in unread:  # another answer of theirs waits still
                _release(database, f"{row.key}/{row.reference}", said)
    return len(done)


def _release(database: Database, who: str, said: Said) -> None:
    try:
        release(database, who, UNCLEAR, said)
    except RecordError:
        return  # somebody has released it before: what was wanted is so
