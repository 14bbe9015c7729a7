"""Opens the broker that carries ids to workers: in memory, or Redis."""

from typing import Any, Final
from urllib.parse import urlsplit

import dramatiq
from dramatiq.brokers.stub import StubBroker

NAMESPACE: Final = "dispatcher"
# dramatiq's own retries and limits are left out: tries, times and leases are rows of the outbox.
MIDDLEWARE: Final[list[dramatiq.Middleware]] = []


class BrokerError(ValueError):
    """The broker's address cannot be used; the text says why."""


def open_broker(url: str) -> dramatiq.Broker:
    """`memory://` for an in-process queue, `redis://…` or `rediss://…` for one that many machines share."""
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        return StubBroker(middleware=list(MIDDLEWARE))
    if scheme in {"redis", "rediss", "unix"}:
        return _redis(url)
    raise BrokerError(f"DISPATCHER_BROKER_URL {url!r}: write memory:// or redis://HOST:PORT/NUMBER")


def _redis(url: str) -> dramatiq.Broker:
    from dramatiq.brokers.redis import RedisBroker

    options: dict[str, Any] = {"url": url, "namespace": NAMESPACE, "middleware": list(MIDDLEWARE)}
    return RedisBroker(**options)  # type: ignore[no-untyped-call]  # dramatiq leaves this one untyped


def is_in_memory(broker: dramatiq.Broker) -> bool:
    """Whether the queue lives and dies with this process."""
    return isinstance(broker, StubBroker)
