"""Opens the broker that carries ids to workers: in memory, or Redis."""

from typing import Any, Final
from urllib.parse import urlsplit

import dramatiq
from dramatiq.brokers.stub import StubBroker

NAMESPACE: Final = "dispatcher"
REASONS: Final = f"{NAMESPACE}:dead-reasons"  # a hash: id of a dead batch -> why it died
_REASONS_KEPT = 7 * 24 * 3600  # seconds: as long as dramatiq keeps the batch
_LONGEST_REASON = 300


class BrokerError(ValueError):
    """The broker's address cannot be used; the text says why."""


class KeepReason(dramatiq.Middleware):
    """Calls a batch that raised dead, and keeps why beside it: the message itself is stored as it was sent."""

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: "dramatiq.MessageProxy",
        *,
        result: object = None,
        exception: BaseException | None = None,
    ) -> None:
        """Put it among the dead when it raised."""
        del result
        key = message.options.get("redis_message_id")
        if exception is None or key is None:
            return
        message.fail()  # without dramatiq's retries nothing else would call it dead
        client: Any = broker.client  # type: ignore[attr-defined]  # only Redis messages have that id
        client.hset(REASONS, key, f"{type(exception).__name__}: {exception}"[:_LONGEST_REASON])
        client.expire(REASONS, _REASONS_KEPT)


def open_broker(url: str) -> dramatiq.Broker:
    """`memory://` for an in-process queue, `redis://…` or `rediss://…` for one that many machines share."""
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        return StubBroker(middleware=[])  # as below, none of its own
    if scheme in {"redis", "rediss", "unix"}:
        return _redis(url)
    raise BrokerError(f"DISPATCHER_BROKER_URL {url!r}: write memory:// or redis://HOST:PORT/NUMBER")


def _redis(url: str) -> dramatiq.Broker:
    from dramatiq.brokers.redis import RedisBroker

    # dramatiq's own retries and limits are left out: tries, times and leases are rows of the outbox.
    options: dict[str, Any] = {"url": url, "namespace": NAMESPACE, "middleware": [KeepReason()]}
    return RedisBroker(**options)  # type: ignore[no-untyped-call]  # dramatiq leaves this one untyped


def is_in_memory(broker: dramatiq.Broker) -> bool:
    """Whether the queue lives and dies with this process."""
    return isinstance(broker, StubBroker)
