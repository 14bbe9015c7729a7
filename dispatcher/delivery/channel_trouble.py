"""Says in the database and the log that a channel pauses or is stopped, so that every process knows."""

from datetime import datetime

from dispatcher.database import leases
from dispatcher.database.engine import Connection
from dispatcher.delivery.channel_delivery import ChannelDelivery
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.storage import stops
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log

PAUSED = "paused:"  # leases whose name begins so tell which channels pause, by the real clock


def announce_pause(connection: Connection, delivery: ChannelDelivery, *, why: str, at: datetime) -> None:
    """The breaker of this process has opened: nothing more is handed out until it lets a message through again."""
    until = delivery.breaker.paused_until
    real_now = delivery.real_clock()
    if until is None or until <= real_now:
        return
    name = f"{PAUSED}{delivery.channel.kind.value}"
    known = any(lease.name == name for lease in leases.living(connection, prefix=PAUSED, real_now=real_now))
    if known:
        return
    details = {"why": why, "provider": delivery.channel.provider}
    if leases.take(connection, name, delivery.worker, until=until, real_now=real_now, details=details):
        entry = LogEntry(
            event="channel_paused",
            at=at,
            actor=delivery.actor,
            channel=delivery.channel.kind.value,
            provider=delivery.channel.provider,
            details={"reason": why, "until": until.isoformat()},
        )
        delivery_log.append(connection, [entry])


def paused_channels(connection: Connection, real_now: datetime) -> dict[str, leases.Lease]:
    """Channel -> why and until when it pauses."""
    return {
        lease.name.removeprefix(PAUSED): lease
        for lease in leases.living(connection, prefix=PAUSED, real_now=real_now)
    }


def end_pause(connection: Connection, channel: str) -> None:
    """A person says that the provider is well: the next message may be handed out at once."""
    leases.drop(connection, f"{PAUSED}{channel}")


def stop_channel(
    connection: Connection, delivery: ChannelDelivery, *, why: str, code: str, at: datetime
) -> None:
    """The provider refuses us as a whole (wrong key, closed account): stop until a person resumes."""
    stop = Stop(scope="channel", name=delivery.channel.kind.value)
    text = f"{delivery.channel.provider} refuses everything from us: {why}"
    if stops.add(connection, stop, why=text, by=stops.PROGRAM, at=at):
        entry = LogEntry(
            event="stopped",
            at=at,
            actor=stops.PROGRAM,
            channel=stop.name,
            provider=delivery.channel.provider,
            details={"scope": stop.scope, "name": stop.name, "why": text, "code": code},
        )
        delivery_log.append(connection, [entry])
