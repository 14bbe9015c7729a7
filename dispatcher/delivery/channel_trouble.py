"""Says in the database and the log that a channel pauses or is stopped, so that every process knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.port import Channel
from dispatcher.database import leases
from dispatcher.database.engine import Connection
from dispatcher.delivery.channel_delivery import ChannelDelivery
from dispatcher.delivery.domain.pacing import LONGEST_PAUSE
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.storage import attempts, stops
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log

PAUSED = "paused:"  # leases whose name begins so tell which channels pause, by the real clock
SECOND = "/second"  # ends the name where it is the second provider of a channel that fails
# Every waiting message may be in its pause between two tries: a provider that fails is not asked more often than that.
ONE_TROUBLE = 2 * LONGEST_PAUSE
FRESH = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A provider that fails: until when nothing is tried, since when (business clock), and why.

    `second_from` is the instant (real clock) from which the channel's second provider serves instead.
    """

    provider: str
    why: str
    until: datetime
    since: datetime
    second_from: datetime | None = None


def announce_pause(connection: Connection, delivery: ChannelDelivery, *, why: str, at: datetime) -> None:
    """The breaker of this process has opened: nothing more is handed out until it lets a message through again."""
    until = delivery.breaker.paused_until
    real_now = delivery.real_clock()
    if until is None or until <= real_now:
        return
    name = f"{PAUSED}{delivery.channel.kind.value}{SECOND if delivery.is_second else ''}"
    known = any(lease.name == name for lease in leases.living(connection, prefix=PAUSED, real_now=real_now))
    if known:
        return
    details = _details(connection, name, delivery, why, at)
    if leases.take(connection, name, delivery.worker, until=until, real_now=real_now, details=details):
        entry = LogEntry(
            event=Event.CHANNEL_PAUSED,
            at=at,
            actor=delivery.actor,
            channel=delivery.channel.kind.value,
            provider=delivery.channel.provider,
            details={"reason": why, "until": until.isoformat()},
        )
        delivery_log.append(connection, [entry])


def _details(
    connection: Connection, name: str, delivery: ChannelDelivery, why: str, at: datetime
) -> dict[str, str]:
    """A pause that follows another without an end between them belongs to the same trouble."""
    real_now = delivery.real_clock()
    details = {
        "why": why,
        "provider": delivery.channel.provider,
        "since": at.isoformat(),
        "real_since": real_now.isoformat(),
    }
    before = leases.last(connection, name)
    if before is not None and _is_one_trouble(connection, before, delivery):
        details |= {key: before.details[key] for key in ("since", "real_since") if key in before.details}
    if delivery.second_after is not None:
        second_from = datetime.fromisoformat(details["real_since"]) + delivery.second_after
        details["second_from"] = second_from.isoformat()
    return details


def _is_one_trouble(connection: Connection, before: leases.Lease, delivery: ChannelDelivery) -> bool:
    if before.until < delivery.real_clock() - ONE_TROUBLE or "since" not in before.details:
        return False
    if before.details.get("provider") != delivery.channel.provider:
        return False
    since = datetime.fromisoformat(str(before.details["since"]))
    return not attempts.accepted_since(
        connection, delivery.channel.kind.value, delivery.channel.provider, since
    )


def paused_channels(connection: Connection, real_now: datetime) -> dict[str, Pause]:
    """Channel -> why and until when it pauses; not where a second provider serves."""
    return _serving_none(_pauses(connection, real_now), real_now)


def _serving_none(pauses: Mapping[str, Pause], real_now: datetime) -> dict[str, Pause]:
    found = {}
    for name, pause in pauses.items():
        if name.endswith(SECOND):
            continue
        if pause.second_from is None or pause.second_from > real_now:
            found[name] = pause
        elif (second := pauses.get(name + SECOND)) is not None:
            found[name] = second
    return found


def failing_for(connection: Connection, *, now: datetime, real_now: datetime) -> dict[str, timedelta]:
    """Channel -> for how long its provider has failed (business clock), of those that fail without a second one.

    A pause is over after a minute, and who waits may be tried again only later: until FRESH has passed without a new
    one, or the provider has taken something, it fails still.
    """
    paused = _serving_none(_pauses(connection, real_now - FRESH), real_now)
    return {
        name: now - pause.since
        for name, pause in paused.items()
        if not attempts.accepted_since(connection, name, pause.provider, pause.since)
    }


def trouble_of(connection: Connection, delivery: ChannelDelivery) -> datetime | None:
    """Until when the newest pause of a provider runs or ran, where it fails still as far as is known."""
    name = f"{delivery.channel.kind.value}{SECOND if delivery.is_second else ''}"
    pause = _pauses(connection, delivery.real_clock() - FRESH).get(name)
    if pause is None or pause.provider != delivery.channel.provider:
        return None
    kind = delivery.channel.kind.value
    return None if attempts.accepted_since(connection, kind, pause.provider, pause.since) else pause.until


def second_serves(connection: Connection, channel: str, real_now: datetime) -> bool:
    """Whether the channel's second provider serves now."""
    pause = _pauses(connection, real_now).get(channel)
    return pause is not None and pause.second_from is not None and pause.second_from <= real_now


def _pauses(connection: Connection, real_now: datetime) -> dict[str, Pause]:
    return {
        lease.name.removeprefix(PAUSED): _pause(lease)
        for lease in leases.living(connection, prefix=PAUSED, real_now=real_now)
    }


def _pause(lease: leases.Lease) -> Pause:
    said = lease.details
    second = said.get("second_from")
    return Pause(
        provider=str(said.get("provider", "")),
        why=str(said.get("why", "")),
        until=lease.until,
        since=datetime.fromisoformat(str(said["since"])) if "since" in said else lease.until,
        second_from=datetime.fromisoformat(str(second)) if second else None,
    )


def end_pause(connection: Connection, channel: str) -> None:
    """A person says that the provider is well: the next message may be handed out at once."""
    for name in (channel, channel + SECOND):
        leases.drop(connection, f"{PAUSED}{name}")


def stop_channel(connection: Connection, channel: Channel, *, why: str, code: str, at: datetime) -> None:
    """The provider refuses us as a whole (wrong key, closed account): stop until a person resumes."""
    stop = Stop(scope="channel", name=channel.kind.value)
    text = f"{channel.provider} refuses everything from us: {why}"
    if stops.add(connection, stop, why=text, by=stops.PROGRAM, at=at):
        entry = LogEntry(
            event=Event.STOPPED,
            at=at,
            actor=stops.PROGRAM,
            channel=stop.name,
            provider=channel.provider,
            details={"scope": stop.scope, "name": stop.name, "why": text, "code": code},
        )
        delivery_log.append(connection, [entry])
