"""Sends each receiver its events in order, one after the other: one that fails waits, and what comes after it too."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dispatcher.database import leases
from dispatcher.database.engine import Database
from dispatcher.values.instants import instant_text
from dispatcher.wire.domain.backoff import wait_after
from dispatcher.wire.domain.signature import headers_of, secret_of
from dispatcher.wire.domain.wire_event import WireEvent
from dispatcher.wire.storage import webhooks, wire_events
from dispatcher.wire.storage.webhooks import Try, Webhook

BATCH = 50  # events of a receiver between two notes of how far it has come
LEASE = timedelta(minutes=15)  # more than a batch takes where every answer comes at the last moment
GONE = 410  # the receiver's own word that it wants nothing more

Post = Callable[[str, bytes, Mapping[str, str]], int]
"""(url, body, headers) -> status; raises OSError where nobody answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventPorts:
    """What sending needs. `real_now` is the real clock; `seal` gives what was just written its place in the order."""

    database: Database
    post: Post
    key: Callable[[], bytes]
    seal: Callable[[], object]
    real_now: Callable[[], datetime]
    owner: str


@dataclass(slots=True)
class _Progress:
    position: int
    tries: list[Try] = field(default_factory=list)
    failed: bool = False
    gone: bool = False


def send_events(ports: EventPorts) -> int:
    """Send what waits, to every receiver whose time has come; returns how many events were taken."""
    with ports.database.reading() as connection:
        if not webhooks.living(connection):
            return 0
        unsealed = wire_events.is_anything_unsealed(connection)
    if unsealed:
        ports.seal()
    with ports.database.reading() as connection:
        due = webhooks.due(connection, ports.real_now())
    return sum(_serve(ports, webhook.id) for webhook in due)


def _serve(ports: EventPorts, webhook_id: int) -> int:
    """One receiver's next events, by one process at a time."""
    now, name = ports.real_now(), f"webhook:{webhook_id}"
    with ports.database.writing() as connection:
        if not leases.take(connection, name, ports.owner, until=now + LEASE, real_now=now):
            return 0
        webhook = webhooks.get(
            connection, webhook_id
        )  # under the lease: somebody else may have sent meanwhile
    try:
        if webhook is None or webhook.ended_at is not None:
            return 0
        with ports.database.reading() as connection:
            events = wire_events.events_after(connection, webhook.position, webhook.creditor, BATCH)
        return _send(ports, webhook, events) if events else 0
    finally:
        with ports.database.writing() as connection:
            leases.release(connection, name, ports.owner)


def _send(ports: EventPorts, webhook: Webhook, events: list[WireEvent]) -> int:
    secret = secret_of(ports.key(), webhook.nonce)
    progress = _Progress(position=webhook.position)
    for event in events:
        tried = _try(ports, webhook.url, secret, event)
        progress.tries.append(tried)
        if tried.status is None or not 200 <= tried.status < 300:
            progress.failed, progress.gone = True, tried.status == GONE
            break
        progress.position = event.position
    _note(ports, webhook, progress)
    return len(progress.tries) - progress.failed


def _try(ports: EventPorts, url: str, secret: str, event: WireEvent) -> Try:
    at = ports.real_now()
    document = {"type": event.type, "timestamp": instant_text(event.at), "data": event.as_json()}
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = headers_of(secret, f"evt_{event.position}", int(at.timestamp()), body)
    try:
        status = ports.post(url, body, {"Content-Type": "application/json", **headers})
    except OSError as error:
        return Try(position=event.position, at=at, status=None, said=str(error)[:300])
    return Try(position=event.position, at=at, status=status)


def _note(ports: EventPorts, webhook: Webhook, progress: _Progress) -> None:
    now = ports.real_now()
    moved = progress.position > webhook.position
    with ports.database.writing() as connection:
        webhooks.note_tries(connection, webhook.id, progress.tries)
        if not progress.failed:
            webhooks.move(
                connection,
                webhook.id,
                position=progress.position,
                failures=0,
                failing_since=None,
                next_try_at=None,
            )
            return
        failures = 1 if moved else webhook.failures + 1
        webhooks.move(
            connection,
            webhook.id,
            position=progress.position,
            failures=failures,
            failing_since=now if moved or webhook.failing_since is None else webhook.failing_since,
            next_try_at=now + wait_after(failures),
            ended_at=now if progress.gone else None,
        )
