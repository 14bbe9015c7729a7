"""Delivery processes for tests: a fake provider, a gate that allows, and whatever queue is asked for."""

from datetime import UTC, datetime
from typing import Any

from channels.kind import ChannelKind
from channels.port import Channel
from dispatcher.database.engine import Database
from dispatcher.worker.broker import open_broker
from dispatcher.worker.channel_deliveries import DeliveryPorts, Throttle
from dispatcher.worker.delivery_process import DeliveryProcess
from tests.delivery.builders import NOW, allow_all
from tests.doubles.fake_channel import FakeChannel


def fakes() -> dict[ChannelKind, FakeChannel]:
    """A fake provider a channel."""
    return {kind: FakeChannel(kind) for kind in ChannelKind}


def ports(database: Database, channels: dict[ChannelKind, Channel], **changes: Any) -> DeliveryPorts:
    """Business clock standing at NOW, leases on the real clock."""
    fields: dict[str, Any] = {
        "database": database,
        "open_channel": channels.__getitem__,
        "judge": allow_all,
        "clock": lambda: NOW,
        "real_clock": lambda: datetime.now(UTC),
        "throttles": {kind: Throttle(concurrency=8) for kind in ChannelKind},
    }
    return DeliveryPorts(**(fields | changes))


def a_process(
    database: Database, channels: dict[ChannelKind, Channel], broker: str = "memory://", **changes: Any
) -> DeliveryProcess:
    """A delivery process on a queue in memory unless told otherwise."""
    names = ("threads", "lease", "window", "grace")
    if "lane_lease" in changes:  # of an attempt under way; `lease` is that of a batch
        lease = changes.pop("lane_lease")
        channel_ports = ports(
            database, channels, lease=lease, **{k: v for k, v in changes.items() if k not in names}
        )
        return DeliveryProcess(
            channel_ports, open_broker(broker), **{k: v for k, v in changes.items() if k in names}
        )
    own = {name: changes.pop(name) for name in names if name in changes}
    return DeliveryProcess(ports(database, channels, **changes), open_broker(broker), **own)
