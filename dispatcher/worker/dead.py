"""Shows and revives batches that failed on a worker. They hold ids alone: the outbox holds the truth."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import redis

from channels.kind import ChannelKind
from dispatcher.worker.broker import NAMESPACE, REASONS, open_broker


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadBatch:
    """One dead queue message: its id, its queue, the ids of the batch, why it failed."""

    id: str
    queue: str
    ids: tuple[str, ...]
    error: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"id": self.id, "queue": self.queue, "messages": list(self.ids), "error": self.error}


def dead_batches(broker_url: str) -> list[DeadBatch]:
    """Dead batches on Redis, oldest first; a queue in memory dies with its process."""
    if not broker_url.startswith(("redis", "unix")):
        return []
    with redis.Redis.from_url(broker_url) as client:
        reasons: Any = client.hgetall(REASONS)
        return [
            _batch(kind.value, key, raw, reasons.get(key.encode(), b"").decode())
            for kind in ChannelKind
            for key, raw in _raw(client, kind.value).items()
        ]


def revive(broker_url: str, ids: Collection[str] = ()) -> int:
    """Put dead batches (all when none is named) back on their queues; returns how many."""
    if not broker_url.startswith(("redis", "unix")):
        return 0
    broker = open_broker(broker_url)
    revived = 0
    with redis.Redis.from_url(broker_url) as client:
        for kind in ChannelKind:
            broker.declare_queue(kind.value)
            for key, raw in _raw(client, kind.value).items():
                if not ids or key in ids:
                    broker.enqueue(_message(raw))
                    _forget(client, kind.value, key)
                    revived += 1
    broker.close()
    return revived


def _raw(client: "redis.Redis", queue: str) -> dict[str, bytes]:
    found: Any = client.hgetall(f"{NAMESPACE}:{queue}.XQ.msgs")
    return {key.decode(): value for key, value in sorted(found.items())}


def _forget(client: "redis.Redis", queue: str, key: str) -> None:
    client.zrem(f"{NAMESPACE}:{queue}.XQ", key)
    client.hdel(f"{NAMESPACE}:{queue}.XQ.msgs", key)
    client.hdel(REASONS, key)


def _message(raw: bytes) -> Any:
    from dramatiq import Message

    return Message.decode(raw)


def _batch(queue: str, key: str, raw: bytes, reason: str) -> DeadBatch:
    arguments = json.loads(raw).get("args") or ["", []]
    return DeadBatch(id=key, queue=queue, ids=tuple(arguments[1]), error=reason)
