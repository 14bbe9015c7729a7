"""What was cleared and would not have been let go: its channel stops, and a person is told.

Nothing is cleared until they have looked: what is compared then lacks something that the gate reads.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from dispatcher.database.engine import Connection
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.domain.verdict import Verdict, VerdictKind
from dispatcher.delivery.stop_delivery import add_stop
from dispatcher.delivery.storage import stops
from dispatcher.messages.domain.message import Message
from dispatcher.people.storage import task_lists, tasks

CONTRADICTED: Final = "contradicted_clearance"  # the kind of its tasks


def contradiction(cleared: Verdict, judged: Verdict) -> str:
    """Why the gate's word is other than the clearance, "" where they agree."""
    if judged == replace(cleared, cleared_at=None, grounds=judged.grounds):
        return ""
    if judged.kind is VerdictKind.PREPARE:
        return "what its text was made from has changed"
    if judged.kind is not VerdictKind.SEND:
        return "; ".join(reason.detail or reason.rule for reason in judged.reasons) or judged.kind.value
    return "other hours or other rules hold for it"


def tell_contradictions(connection: Connection, why: Mapping[Message, str], at: datetime) -> None:
    """Stop the channel and leave a task for each of the messages."""
    message, reason = next(iter(why.items()))
    stop = Stop(scope="channel", name=message.channel)
    said = f"message {message.id} was cleared to be sent and would not be let go: {reason}; a task says what to do"
    add_stop(connection, stop, why=said, by=stops.PROGRAM, at=at)
    known = tasks.open_for_messages(connection, CONTRADICTED, [one.id for one in why])
    for one, reason in why.items():
        if one.id not in known:
            tasks.add(
                connection,
                CONTRADICTED,
                at=at,
                text=_text(reason),
                debtor_id=one.recipient_id,
                message_id=one.id,
            )


def is_any_contradicted(connection: Connection) -> bool:
    """Whether a person has still to look: until then nothing is cleared."""
    return tasks.is_any_open(connection, CONTRADICTED)


def contradictions_open(connection: Connection) -> list[str]:
    """A sentence where there are any, for a run's summary."""
    count = task_lists.counts(connection).get(CONTRADICTED, 0)
    if not count:
        return []
    was = "message was" if count == 1 else "messages were"
    return [
        f"{count} {was} cleared to be sent and would not be let go: see the tasks; every message is judged again"
    ]


def _text(reason: str) -> str:
    return (
        f"It was cleared to be sent when its text was made, and would not be let go now: {reason}. It did not go by "
        "that. Look at what went by its clearance since (the log says so of each), tell whoever looks after the "
        "program, and end the channel's stop. Until this task is done every message is judged again before it goes."
    )
