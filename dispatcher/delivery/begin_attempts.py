"""The second gate and the intent: what may be sent now is marked as begun, the rest goes where it belongs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dispatcher.database.engine import Connection
from dispatcher.delivery.channel_delivery import ChannelDelivery
from dispatcher.delivery.domain.stop import stopping
from dispatcher.delivery.domain.verdict import TOO_LATE, Verdict, VerdictKind
from dispatcher.delivery.storage import attempts, stops
from dispatcher.gate.decision import PROGRAM, Outcome, own_reason, reasons_json, utc_text
from dispatcher.gate.grounds import same_grounds
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, entry_of
from dispatcher.messages.storage import contents, outbox
from dispatcher.planning.storage import ladder

WAITS_FOR_ITS_OWN = timedelta(minutes=15)
_STATES = {
    VerdictKind.DEFER: (State.DEFERRED, Event.DEFERRED),
    VerdictKind.HOLD: (State.HELD, Event.HELD),
    VerdictKind.CANCEL: (State.CANCELLED, Event.CANCELLED),
    VerdictKind.PREPARE: (State.PLANNED, Event.OUTDATED),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A message whose intent is written; `closes_at` is the first instant at which it may no longer go."""

    message: Message  # `attempts` counts the attempt that begins; `sent_at` the first one in doubt, if any
    body: bytes
    closes_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What begins, and how many messages were put into which other state."""

    begun: list[Begun]
    kept_back: Counter[str] = field(default_factory=Counter)


def begin_attempts(connection: Connection, delivery: ChannelDelivery, owner: str, ids: Sequence[str]) -> Turn:
    """Judge the messages of `ids` that `owner` holds and begin those that may go.

    Runs in one transaction with the people locked. Nothing is sent here.
    """
    now = delivery.clock()
    claimed = outbox.claim(connection, ids, owner=owner)
    free = _without_others(connection, delivery, _without_stopped(connection, claimed, owner), now)
    bodies = contents.bodies(connection, {m.content_sha256 for m in free if m.content_sha256})
    verdicts = _verdicts(connection, delivery, free, bodies, now)
    going = [m for m in free if verdicts[m.id].kind is VerdictKind.SEND]
    begun = [_begun(m, verdicts[m.id], bodies, delivery) for m in going if m.content_sha256 in bodies]
    lost = [m for m in going if m.content_sha256 not in bodies]
    verdicts |= {m.id: _CONTENT_LOST for m in lost}
    if begun:
        _begin(connection, delivery, begun, verdicts, now)
    kept = [m for m in free if verdicts[m.id].kind is not VerdictKind.SEND]
    return Turn(begun=begun, kept_back=_keep_back(connection, delivery, kept, verdicts, now))


def _without_stopped(connection: Connection, claimed: list[Message], owner: str) -> list[Message]:
    in_force = [row.stop for row in stops.in_force(connection)]
    if not in_force:
        return claimed
    stopped = {m.id for m in claimed if stopping(m, in_force)}
    if stopped:
        outbox.give_back(connection, stopped, owner=owner)
    return [m for m in claimed if m.id not in stopped]


def _without_others(
    connection: Connection, delivery: ChannelDelivery, claimed: list[Message], now: datetime
) -> list[Message]:
    """A message in doubt at the channel's other provider waits for that one: it must never go by both."""
    others = [m for m in claimed if m.is_in_doubt and m.provider == delivery.other != ""]
    if others:
        row = {"next_try_at": now + WAITS_FOR_ITS_OWN, "lease_owner": None, "lease_until": None}
        outbox.change(connection, [{"id": m.id, **row} for m in others])
    return [m for m in claimed if m not in others]


def _verdicts(
    connection: Connection,
    delivery: ChannelDelivery,
    messages: Sequence[Message],
    bodies: Mapping[str, bytes],
    now: datetime,
) -> dict[str, Verdict]:
    refused = {m.id: _EXPIRED for m in messages if m.expires_at <= now}
    refused |= {
        m.id: _OTHER_PROVIDER for m in messages if m.is_in_doubt and m.provider != delivery.channel.provider
    }
    refused |= {m.id: _REPLAYED for m in messages if m.simulated and not delivery.simulated}
    judged = [m for m in messages if m.id not in refused]
    return {**refused, **(delivery.judge(connection, judged, bodies, now) if judged else {})}


def _begun(
    message: Message, verdict: Verdict, bodies: Mapping[str, bytes], delivery: ChannelDelivery
) -> Begun:
    closes_at = min(message.expires_at, verdict.not_after or message.expires_at)
    rule_packs = verdict.rule_packs or message.rule_packs
    attempt = message._replace(
        attempts=message.attempts + 1, provider=delivery.channel.provider, rule_packs=rule_packs
    )
    return Begun(message=attempt, body=bodies[message.content_sha256 or ""], closes_at=closes_at)


def _begin(
    connection: Connection,
    delivery: ChannelDelivery,
    begun: Sequence[Begun],
    verdicts: Mapping[str, Verdict],
    now: datetime,
) -> None:
    real_now = delivery.real_clock()
    outbox.change(
        connection,
        [
            {
                "id": b.message.id,
                "state": State.SENDING,
                "attempts": b.message.attempts,
                "sent_at": b.message.sent_at or now,
                "not_after": verdicts[b.message.id].not_after,
                "provider": b.message.provider,
                "rule_packs": list(b.message.rule_packs),
                "reasons": [],
                "clearance": None,
                "next_try_at": None,
                "lease_until": real_now + delivery.lease,
                "updated_at": now,
            }
            for b in begun
        ],
    )
    attempts.begin(
        connection,
        [
            {
                "message_id": b.message.id,
                "number": b.message.attempts,
                "began_at": now,
                "real_began_at": real_now,
                "worker": delivery.worker,
                "provider": b.message.provider,
                "content_sha256": b.message.content_sha256,
            }
            for b in begun
        ],
    )
    kept = _grounds(connection, begun, verdicts)
    delivery_log.append(
        connection,
        [_attempting(b, verdicts[b.message.id], kept.get(b.message.id), delivery, now) for b in begun],
    )


def _grounds(
    connection: Connection, begun: Sequence[Begun], verdicts: Mapping[str, Verdict]
) -> dict[str, delivery_log.PersonalReference]:
    """By message, what the rules read now, kept anew where it is not what they read when it was planned."""
    planned = delivery_log.personal_of(
        connection,
        [b.message.personal_id for b in begun if b.message.personal_id and verdicts[b.message.id].grounds],
    )
    changed = []
    for b in begun:
        values = planned.get(b.message.personal_id or 0, {})
        now = verdicts[b.message.id].grounds
        if now and "grounds" in values and not any(same_grounds(each, now) for each in values["grounds"]):
            changed.append((b.message.id, b.message.person, {**values, "grounds": [dict(now)]}))
    kept = delivery_log.keep_personal(connection, [(person, values) for _, person, values in changed])
    return {key: reference for (key, _, _), reference in zip(changed, kept, strict=True)}


def _attempting(
    begun: Begun,
    verdict: Verdict,
    kept: delivery_log.PersonalReference | None,
    delivery: ChannelDelivery,
    now: datetime,
) -> LogEntry:
    """By its commitment the entry keeps what the rules read (`personal.grounds`): as planned, or as it has become."""
    message = (
        begun.message if kept is None else begun.message._replace(personal_id=kept[0], commitment=kept[1])
    )
    details: dict[str, Any] = {"attempt": begun.message.attempts, "grounds": message.commitment}
    if verdict.not_after is not None:
        details["not_after"] = verdict.not_after.isoformat()
    if verdict.cleared_at is not None:
        details["cleared"] = f"judged at {utc_text(verdict.cleared_at)}"
    return entry_of(
        message,
        Event.ATTEMPTING,
        at=now,
        actor=delivery.actor,
        decision="allow",
        reasons=tuple(reasons_json(verdict.reasons)),
        details=details,
    )


def _keep_back(
    connection: Connection,
    delivery: ChannelDelivery,
    kept: Sequence[Message],
    verdicts: Mapping[str, Verdict],
    now: datetime,
) -> Counter[str]:
    rows, entries, states = [], [], Counter[str]()
    for message in kept:
        state, event = _where(message, verdicts[message.id])
        states[state.value] += 1
        rows.append(_kept_row(message, state, verdicts[message.id], now))
        entries.append(_kept_entry(message, event, verdicts[message.id], delivery, now))
    outbox.change(connection, rows)
    delivery_log.append(connection, entries)
    gone = [row["id"] for row in rows if row["state"] in {State.CANCELLED, State.EXPIRED}]
    if gone:
        ladder.give_back(connection, gone)
    return states


def _where(message: Message, verdict: Verdict) -> tuple[State, Event]:
    # It may have been sent: waiting leaves that open, anything else would deny it.
    if message.is_in_doubt and verdict.kind is not VerdictKind.DEFER:
        return State.UNKNOWN, Event.UNKNOWN
    if verdict is _EXPIRED:
        return State.EXPIRED, Event.EXPIRED
    return _STATES[verdict.kind]


def _kept_row(message: Message, state: State, verdict: Verdict, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": message.id,
        "state": state,
        "reasons": reasons_json(verdict.reasons),
        "rule_packs": list(verdict.rule_packs or message.rule_packs),
        "not_before": verdict.not_before if state is State.DEFERRED else message.not_before,
        "next_try_at": None,
        "lease_owner": None,
        "lease_until": None,
        "updated_at": now,
    }
    if state is State.PLANNED:
        row |= {"content_sha256": None, "inputs_digest": ""}
    return row


def _kept_entry(
    message: Message, event: Event, verdict: Verdict, delivery: ChannelDelivery, now: datetime
) -> LogEntry:
    details: dict[str, Any] = {}
    if verdict.not_before is not None:
        details["not_before"] = verdict.not_before.isoformat()
    if event is Event.UNKNOWN:
        details["reason"] = "an earlier attempt may have been sent, and it may not be repeated now"
    return entry_of(
        message,
        event,
        at=now,
        actor=delivery.actor,
        decision=verdict.kind.value,
        reasons=tuple(reasons_json(verdict.reasons)),
        rule_packs=verdict.rule_packs or message.rule_packs,
        details=details,
    )


_EXPIRED = Verdict(kind=VerdictKind.CANCEL, reasons=(TOO_LATE,))
_CONTENT_LOST = Verdict(
    kind=VerdictKind.HOLD,
    reasons=(
        own_reason(
            PROGRAM,
            "content",
            Outcome.HOLD,
            "the message's stored bytes",
            "the bytes to be sent have been erased",
        ),
    ),
)
_OTHER_PROVIDER = Verdict(
    kind=VerdictKind.HOLD,
    reasons=(
        own_reason(
            PROGRAM,
            "provider",
            Outcome.HOLD,
            "the message's earlier attempts",
            "an earlier attempt went to another provider and may have arrived",
        ),
    ),
)
_REPLAYED = Verdict(
    kind=VerdictKind.CANCEL,
    reasons=(
        own_reason(
            PROGRAM,
            "replay",
            Outcome.BLOCK,
            "the run it belongs to",
            "it was planned in a replay, which has ended",
        ),
    ),
)
