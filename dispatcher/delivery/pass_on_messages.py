"""Lets steps go on to their next channel where the provider of the one they wait for has failed for too long."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from channels.kind import ChannelKind
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.channel_trouble import failing_for
from dispatcher.delivery.domain.pacing import chunks
from dispatcher.delivery.judge_messages import contact_of_message
from dispatcher.delivery.storage import waiting
from dispatcher.gate.decision import PROGRAM, Outcome, Reason, own_reason
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import UNSENT, Message, State, entry_of
from dispatcher.messages.storage import outbox
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import reachable_points, zones_of
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import ladder
from dispatcher.writing.message_files import MessageFiles, gather

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
    files = gather(connection, messages, now=now)
    for message in messages:
        strategy = policy.strategy(message.strategy)
        step = strategy.step(message.step) if strategy else None
        others = [each for each in step.channels if each not in paused] if step else []
        taker = next((each for each in others if _takes(message, files, each, policy, now)), None)
        if taker is not None:
            yield message, taker


def _takes(
    message: Message, files: MessageFiles, channel: ChannelKind, policy: Policy, now: datetime
) -> bool:
    """Whether the person is reached there, and the gate would let it go before it expires."""
    if message.creditor not in policy.senders:
        return False
    asked = contact_of_message(message, files, policy)
    for point in reachable_points(asked.person, channel):
        contact = replace(asked, channel=channel, point=point)
        zones = zones_of(contact.person, point, policy.places)
        decision = policy.judge(contact, contact_facts(contact, now=now, zones=zones))
        in_time = decision.not_before is None or decision.not_before < message.expires_at
        if decision.outcome in {Outcome.ALLOW, Outcome.DEFER} and in_time:
            return True
    return False


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
            entry_of(m, "cancelled", at=now, actor=actor, decision="block", reasons=(reasons[m.id],))
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
