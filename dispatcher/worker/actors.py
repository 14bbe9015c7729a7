"""The actors: a queue a channel, each message the ids of one batch."""

from collections.abc import Callable, Mapping, Sequence

import dramatiq

from channels.kind import ChannelKind

Deliver = Callable[[ChannelKind, str, Sequence[str]], object]
Enqueue = Callable[[ChannelKind, str, Sequence[str]], object]


def declare_actors(
    broker: dramatiq.Broker, deliver: Deliver
) -> Mapping[ChannelKind, "dramatiq.Actor[..., None]"]:
    """One actor a channel on its own queue; a worker may serve some of them."""

    def actor_of(kind: ChannelKind) -> "dramatiq.Actor[..., None]":
        @dramatiq.actor(broker=broker, queue_name=kind.value, actor_name=f"deliver_{kind.value}")
        def deliver_batch(owner: str, ids: list[str]) -> None:
            deliver(kind, owner, ids)

        return deliver_batch

    return {kind: actor_of(kind) for kind in ChannelKind}


def enqueue_with(actors: Mapping[ChannelKind, "dramatiq.Actor[..., None]"]) -> Enqueue:
    """How the relay puts a batch on its channel's queue."""

    def enqueue(kind: ChannelKind, owner: str, ids: Sequence[str]) -> None:
        actors[kind].send(owner, list(ids))

    return enqueue
