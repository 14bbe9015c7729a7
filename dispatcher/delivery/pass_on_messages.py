"""Lets steps go on to their next channel where the provider of the one they wait for has failed for too long."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from channels.kind import ChannelKind
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.channel_trouble import failing_for
from dispatcher.delivery.domain.pacing import chunks
from dispatcher.delivery.other_channels import other_channels
from dispatcher.delivery.storage import waiting
from dispatcher.gate.decision import PROGRAM, Outcome, Reason, own_reason
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import UNSENT, Message, State, entry_of
from dispatcher.messages.storage import outbox
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import ladder

CHUNK = 500


def waiting_to_pass_on(
    database: Database, policy: Policy, *, now: datetime, real_now: datetime
) -> dict[str, ChannelKind]:
    """Messages that another channel would take now, by id, and which: it is the first gate's question."""
    with database.reading() as connection:
        paused = failing_for(connection, now=now, real_now=real_now)
        found = [
            message
            for channel, duration in paused.items()
            for message in _left_behind(connection, policy, channel, duration, now, real_now)
        ]
        return {
            message.id: channel
            for part in chunks(found, CHUNK)
            for message, channel in _takers(connection, part, policy, paused, now)
        }


def pass_on_messages(
    database: Database, policy: Policy, *, now: datetime, real_now: datetime, actor: str
) -> int:
    """Cancel them and give their steps back, so that the plan decides anew and both gates are asked; returns how many.

    What a provider may have taken stays where it is, and so does what no other channel would take.
    """
    takers = waiting_to_pass_on(database, policy, now=now, real_now=real_now)
    count = 0
    for ids in chunks(sorted(takers), CHUNK):
        with database.writing() as connection:
            outbox.lock_people(connection, ids)
            held = outbox.read(connection, ids, lock=True)
            free = [m for m in held if m.state in UNSENT and m.lease_owner is None and not m.is_in_doubt]
            _pass_on(connection, free, takers, now, actor)
        count += len(free)
    return count


def _left_behind(
    connection: Connection,
    policy: Policy,
    channel: str,
    duration: timedelta,
    now: datetime,
    real_now: datetime,
) -> Iterator[Message]:
    steps = [
        (strategy.name, step.name)
        for strategy in policy.strategies
        for step in strategy.steps
        if channel in step.channels and step.leaves(duration)
    ]
    if steps:
        ids = waiting.left_behind(connection, channel, steps, now=now, real_now=real_now)
        yield from outbox.read(connection, ids)


def _takers(
    connection: Connection,
    messages: Sequence[Message],
    policy: Policy,
    paused: Mapping[str, timedelta],
    now: datetime,
) -> Iterator[tuple[Message, ChannelKind]]:
    for message, channels in other_channels(connection, messages, policy, now=now):
        taker = next((channel for channel in channels if channel not in paused), None)
        if taker is not None:
            yield message, taker


def _pass_on(
    connection: Connection,
    messages: Sequence[Message],
    takers: Mapping[str, ChannelKind],
    now: datetime,
    actor: str,
) -> None:
    reasons = {m.id: _reason(m, takers[m.id]).as_json() for m in messages}
    outbox.change(
        connection,
        [
            {"id": m.id, "state": State.CANCELLED, "reasons": [reasons[m.id]], "updated_at": now}
            for m in messages
        ],
    )
    delivery_log.append(
        connection,
        [
            entry_of(m, Event.CANCELLED, at=now, actor=actor, decision="block", reasons=(reasons[m.id],))
            for m in messages
        ],
    )
    ladder.give_back(connection, [m.id for m in messages])


def _reason(message: Message, taker: ChannelKind) -> Reason:
    return own_reason(
        PROGRAM,
        "channel-paused",
        Outcome.BLOCK,
        "the step's next_channel_on_pause",
        f"the provider of {message.channel} has failed for longer than the step waits: it goes on to {taker.value}",
    )
