"""Settles what killed workers of this machine had begun, where their marks tell: not called, or how the call ended.

What was being called when they died stays open: `sweep_leases` finds it when its lease is over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from channels.kind import ChannelKind
from channels.port import Channel
from dispatcher.database import instance
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.call_marks import Called, CallMark, MarkFiles
from dispatcher.delivery.channel_delivery import OpenProvider
from dispatcher.delivery.domain.attempt import Ended, NotMade
from dispatcher.delivery.record_outcomes import record_found_outcomes
from dispatcher.delivery.storage import attempts
from dispatcher.messages.domain.message import Message, State
from dispatcher.messages.storage import outbox

NOT_CALLED = "the worker that had begun this attempt is gone, and had not called the provider yet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """Messages that wait again since nobody had called, and those whose end was known."""

    not_called: int = 0
    ended: int = 0

    @property
    def total(self) -> int:
        """Messages that were moved."""
        return self.not_called + self.ended


def settle_killed_calls(
    database: Database,
    channels: OpenProvider,
    marks: MarkFiles,
    *,
    now: datetime,
    real_now: datetime,
    is_dead: Callable[[str], bool],
    actor: str = "dispatcher",
) -> Settled:
    """Settle once; `remove_marks` once what was being called has been swept, too.

    A worker is believed whose lock on its marks is gone, and that besides `is_dead`, or whose lease is over where that
    cannot be told (another container of this machine): long before, it no longer calls what it has not called.
    """
    settled = Settled()
    for worker in marks.left_behind():
        dead = is_dead(worker)
        with database.writing() as connection:
            known = list(_known(connection, channels, marks, worker, now, None if dead else real_now))
            for channel, ended in known:
                record_found_outcomes(connection, channel, [ended], actor=actor)
        not_called = sum(isinstance(ended.end, NotMade) for _, ended in known)
        settled = Settled(
            not_called=settled.not_called + not_called, ended=settled.ended + len(known) - not_called
        )
    return settled


def remove_marks(database: Database, marks: MarkFiles) -> None:
    """Remove the marks of processes that are gone and of which nothing is open any more."""
    for worker in marks.left_behind():
        with database.reading() as connection:
            is_open = bool(attempts.open_of(connection, worker))
        if not is_open:
            marks.remove(worker)


def _known(
    connection: Connection,
    channels: OpenProvider,
    marks: MarkFiles,
    worker: str,
    now: datetime,
    over_by: datetime | None,
) -> Iterator[tuple[Channel, Ended]]:
    """`over_by`: only of what is leased no longer than until then; None: of all."""
    ids = {
        key: number
        for key, (number, until) in attempts.open_of(connection, worker).items()
        if over_by is None or (until is not None and until <= over_by)
    }
    here = instance.read(connection) if ids else None
    if here is None:
        return
    outbox.lock_people(connection, list(ids))
    read = marks.read(worker, here.id)
    for message in outbox.read(connection, list(ids), lock=True):
        mark = read.get((message.id, message.attempts))
        channel = channels(ChannelKind(message.channel), message.provider)
        is_his = message.state is State.SENDING and message.attempts == ids[message.id]
        if mark is not None and is_his and channel.provider == message.provider:
            ended = _end(message, mark, now)
            if ended is not None:
                yield channel, ended


def _end(message: Message, mark: CallMark, now: datetime) -> Ended | None:
    """None: it was being called."""
    claimed = message._replace(sent_at=mark.sent_at)
    if mark.called is Called.NOT_YET:
        return Ended(message=claimed, end=NotMade(why=NOT_CALLED, at_once=True), at=now)
    if mark.end is None or mark.ended_at is None:
        return None
    return Ended(message=claimed, end=mark.end, at=mark.ended_at)
