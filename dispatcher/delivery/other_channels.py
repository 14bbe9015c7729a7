"""By which other channels a message that waits could go: where its person is reached and the gate agrees."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from channels.kind import ChannelKind
from dispatcher.database.engine import Connection
from dispatcher.delivery.judge_messages import contact_of_message
from dispatcher.gate.decision import Outcome
from dispatcher.messages.domain.message import Message
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import reachable_points, zones_of
from dispatcher.planning.policy import Policy
from dispatcher.writing.message_files import MessageFiles, gather


def other_channels(
    connection: Connection, messages: Sequence[Message], policy: Policy, *, now: datetime
) -> Iterator[tuple[Message, list[ChannelKind]]]:
    """Each message with the channels, in its step's order, that would take it before it expires.

    It is the first gate's question; the text of the other channel has not been made and is judged when it is.
    """
    files = gather(connection, messages, now=now)
    for message in messages:
        strategy = policy.strategy(message.strategy)
        step = strategy.step(message.step) if strategy else None
        others = [channel for channel in step.channels if channel != message.channel] if step else []
        yield message, [each for each in others if _takes(message, files, each, policy, now)]


def _takes(
    message: Message, files: MessageFiles, channel: ChannelKind, policy: Policy, now: datetime
) -> bool:
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
