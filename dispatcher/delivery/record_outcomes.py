"""Writes down how attempts ended: states, attempts, log and what else follows, in one transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.outcome import Accepted
from channels.port import Channel
from dispatcher.database.engine import Connection
from dispatcher.delivery.channel_delivery import ChannelDelivery
from dispatcher.delivery.channel_trouble import announce_pause, stop_channel
from dispatcher.delivery.domain.attempt import Consequence, Ended, consequence
from dispatcher.delivery.log_offers import log_offers
from dispatcher.delivery.storage import attempts, confirmations
from dispatcher.delivery.storage.attempts import Standing
from dispatcher.gate.decision import Outcome, reported
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, after, entry_of, without_address
from dispatcher.messages.storage import outbox
from dispatcher.people.storage import addresses
from dispatcher.planning.storage import ladder

_KNOWN_SENT = frozenset({State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.RETURNED})
STEP_GIVEN_BACK = frozenset({State.FAILED, State.EXPIRED, State.CANCELLED})


_OUTCOMES = {
    State.ACCEPTED: Outcome.ALLOW,
    State.QUEUED: Outcome.DEFER,
    State.UNKNOWN: Outcome.HOLD,
    State.FAILED: Outcome.BLOCK,
    State.EXPIRED: Outcome.BLOCK,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judged:
    """An end, what it means, and whether the message is still where this attempt left it."""

    ended: Ended
    means: Consequence
    before: State
    after: State
    is_ours: bool

    @property
    def is_first_sent(self) -> bool:
        """Whether only now it is known to have gone out."""
        return self.means.event == "accepted" and self.before not in _KNOWN_SENT


def record_outcomes(
    connection: Connection, delivery: ChannelDelivery, ended: Sequence[Ended]
) -> Counter[str]:
    """Record ends; recording one twice changes nothing. Returns how many messages came to which state."""
    judged = _record(connection, delivery.channel, ended, delivery.actor)
    for j in judged:
        if delivery.breaker.paused_until is not None:
            why = without_address(j.means.reason, j.ended.message) or "the provider is failing"
            announce_pause(connection, delivery, why=why, at=j.ended.at)
    return Counter(j.after.value for j in judged)


def record_found_outcomes(
    connection: Connection, channel: Channel, ended: Sequence[Ended], *, actor: str
) -> Counter[str]:
    """The same of ends that a dead process left behind: whether the provider fails now is not for them to say."""
    return Counter(j.after.value for j in _record(connection, channel, ended, actor))


def _record(connection: Connection, channel: Channel, ended: Sequence[Ended], actor: str) -> list[_Judged]:
    judged = _judge(connection, channel, ended)
    attempts.end(connection, [_attempt(j) for j in judged])
    outbox.change(connection, [_columns(j) for j in judged])
    delivery_log.append(connection, [entry for j in judged for entry in _entries(j, channel, actor)])
    log_offers(connection, [(j.ended.message, j.ended.at) for j in judged if j.is_first_sent], actor=actor)
    unsent = [j.ended.message.id for j in judged if j.is_ours and j.after in STEP_GIVEN_BACK]
    if unsent:
        ladder.give_back(connection, unsent)
    arrived = [j.ended.message.id for j in judged if j.means.event == "accepted" and not j.is_ours]
    if arrived:  # it may have been given back meanwhile
        ladder.take_back(connection, arrived)
    for j in judged:
        _follow(connection, channel, actor, j)
    return judged


def _judge(connection: Connection, channel: Channel, ended: Sequence[Ended]) -> list[_Judged]:
    if not ended:
        return []
    standings = attempts.standings(connection, [e.message.id for e in ended])
    overtaken = [(e.message.id, e.message.attempts) for e in ended if not _is_newest(e, standings)]
    earlier = attempts.ends(connection, overtaken) if overtaken else {}
    return [_judged(e, standings[e.message.id], channel) for e in ended if _is_open(e, standings, earlier)]


def _is_newest(ended: Ended, standings: Mapping[str, Standing]) -> bool:
    return standings[ended.message.id].attempts == ended.message.attempts


def _is_open(
    ended: Ended, standings: Mapping[str, Standing], earlier: Mapping[tuple[str, int], str | None]
) -> bool:
    if _is_newest(ended, standings):
        outcome = standings[ended.message.id].outcome
    else:
        outcome = earlier.get((ended.message.id, ended.message.attempts), "lost")
    return outcome in {None, "unknown"}


def _judged(ended: Ended, standing: Standing, channel: Channel) -> _Judged:
    state = standing.state
    means = consequence(ended, repeat_is_safe=channel.repeat_is_safe)
    is_ours = standing.attempts == ended.message.attempts and state in {State.SENDING, State.UNKNOWN}
    if isinstance(ended.end, Accepted):  # whoever has moved the message since: the provider has it
        return _Judged(
            ended=ended, means=means, before=state, after=after(state, "accepted"), is_ours=is_ours
        )
    return _Judged(
        ended=ended, means=means, before=state, after=means.state if is_ours else state, is_ours=is_ours
    )


def _attempt(judged: _Judged) -> dict[str, Any]:
    means = judged.means
    return {
        "message_id": judged.ended.message.id,
        "number": judged.ended.message.attempts,
        "outcome": means.outcome,
        "ended_at": judged.ended.at,
        "provider_id": means.provider_id,
        "code": means.code,
        "reason": means.reason,
    }


def _columns(judged: _Judged) -> Mapping[str, Any]:
    message, means = judged.ended.message, judged.means
    if not judged.is_ours and means.event != "accepted":
        return {"id": message.id, "updated_at": judged.ended.at}
    row: dict[str, Any] = {
        "id": message.id,
        "state": judged.after,
        "updated_at": judged.ended.at,
        "lease_owner": None,
        "lease_until": None,
        "next_try_at": means.next_try_at,
    }
    if means.in_doubt:
        row["provider_id"] = means.provider_id or message.provider_id
    else:
        row["sent_at"] = None
    if means.reason:
        row["reasons"] = [_reason(means, judged.ended)]
    return row


def _reason(means: Consequence, ended: Ended) -> dict[str, Any]:
    reference = " ".join(filter(None, (ended.message.provider, means.code)))
    detail = without_address(means.reason, ended.message)
    return reported("provider", means.outcome, _OUTCOMES[means.state], reference, detail).as_json()


def _entries(judged: _Judged, channel: Channel, actor: str) -> Iterable[LogEntry]:
    ended, means = judged.ended, judged.means
    message = ended.message
    details = {"attempt": message.attempts, **means.details}
    said = (("code", means.code), ("reason", without_address(means.reason, message)))
    details |= {name: value for name, value in said if value}
    if means.next_try_at is not None:
        details["next_try_at"] = means.next_try_at.isoformat()
    yield entry_of(
        message,
        means.event if judged.is_ours or means.event is Event.ACCEPTED else Event.LATE_ANSWER,
        at=ended.at,
        actor=actor,
        provider=channel.provider,
        provider_id=means.provider_id or None,
        details=details,
    )


def _follow(connection: Connection, channel: Channel, actor: str, judged: _Judged) -> None:
    message, means, at = judged.ended.message, judged.means, judged.ended.at
    if means.close_address:
        close_address(connection, message, actor, at=at, reason=means.reason)
    if means.opted_out:
        record_provider_opt_out(connection, channel, actor, judged)
    if means.stop_channel:
        why = without_address(means.reason, message)
        stop_channel(connection, channel, why=why, code=means.code, at=at)


def close_address(connection: Connection, message: Message, actor: str, *, at: Any, reason: str) -> None:
    """Close the address a message could not reach, and say so in the log."""
    address = message.address or message.envelope.printed_address
    if addresses.close(connection, message.recipient_id, message.channel, address, at=at, reason=reason):
        details = {"reason": without_address(reason, message)}
        entry = entry_of(message, Event.ADDRESS_CLOSED, at=at, actor=actor, details=details)
        delivery_log.append(connection, [entry])


def record_provider_opt_out(connection: Connection, channel: Channel, actor: str, judged: _Judged) -> None:
    """A provider that refuses because the debtor told it to stop knows of an opt-out that we keep too.

    Where it refuses the very confirmation of a stop, that stop is recorded, and a start has to end all of it.
    """
    message = judged.ended.message
    if message.kind == confirmations.KIND:
        return
    recorded = addresses.opt_out(
        connection,
        debtor_id=None,
        address=message.address,
        medium=message.channel,
        at=judged.ended.at,
        raw=judged.means.reason,
        source=channel.provider,
    )
    if recorded:
        details = {
            "scope": "address",
            "medium": message.channel,
            "source": channel.provider,
            "code": judged.means.code,
        }
        entry = entry_of(message, Event.OPTED_OUT, at=judged.ended.at, actor=actor, details=details)
        delivery_log.append(connection, [entry])
