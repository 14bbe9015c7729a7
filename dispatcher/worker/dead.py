"""Shows and revives batches that failed on a worker. They hold ids alone: the outbox holds the truth."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import redis

from channels.kind import ChannelKind
from dispatcher.worker.broker import NAMESPACE, open_broker

_LONGEST_ERROR = 200


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
        return [_batch(kind.value, raw) for kind in ChannelKind for raw in _raw(client, kind.value).values()]


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


def _message(raw: bytes) -> Any:
    from dramatiq import Message

    message = Message.decode(raw)
    options = {name: value for name, value in message.options.items() if name != "traceback"}
    return message.copy(options=options)


def _batch(queue: str, raw: bytes) -> DeadBatch:
    document = json.loads(raw)
    args = document.get("args") or ["", []]
    trouble = str(document.get("options", {}).get("traceback", "")).strip().splitlines()
    return DeadBatch(
        id=str(document.get("options", {}).get("redis_message_id", document.get("message_id"))),
        queue=queue,
        ids=tuple(args[1]),
        error=trouble[-1][:_LONGEST_ERROR] if trouble else "",
    )
