"""Says in the database and the log that a channel pauses or is stopped, so that every process knows."""

from datetime import datetime

from dispatcher.database import leases
from dispatcher.database.engine import Connection
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.outlet import Outlet
from dispatcher.delivery.storage import stops
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log

PAUSED = "paused:"  # leases whose name begins so tell which channels pause, by the real clock


def announce_pause(connection: Connection, outlet: Outlet, *, why: str, at: datetime) -> None:
    """The breaker of this process has opened: nothing more is handed out until it lets a message through again."""
    until = outlet.breaker.paused_until
    real_now = outlet.real_clock()
    if until is None or until <= real_now:
        return
    name = f"{PAUSED}{outlet.channel.kind.value}"
    known = any(lease.name == name for lease in leases.living(connection, prefix=PAUSED, real_now=real_now))
    if known:
        return
    details = {"why": why, "provider": outlet.channel.provider}
    if leases.take(connection, name, outlet.worker, until=until, real_now=real_now, details=details):
        entry = LogEntry(
            event="channel_paused",
            at=at,
            actor=outlet.actor,
            channel=outlet.channel.kind.value,
            provider=outlet.channel.provider,
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


def stop_channel(connection: Connection, outlet: Outlet, *, why: str, code: str, at: datetime) -> None:
    """The provider refuses us as a whole (wrong key, closed account): stop until a person resumes."""
    stop = Stop(scope="channel", name=outlet.channel.kind.value)
    text = f"{outlet.channel.provider} refuses everything from us: {why}"
    if stops.add(connection, stop, why=text, by=stops.PROGRAM, at=at):
        entry = LogEntry(
            event="stopped",
            at=at,
            actor=stops.PROGRAM,
            channel=stop.name,
            provider=outlet.channel.provider,
            details={"scope": stop.scope, "name": stop.name, "why": text, "code": code},
        )
        delivery_log.append(connection, [entry])
