"""Records what providers report: each event once, in any order, with what follows from it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.event import DeliveryEvent
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.domain.delivery_event import EventMeaning, meaning_of
from dispatcher.delivery.log_offers import log_offers
from dispatcher.delivery.reconcile_messages import UNKNOWN_END
from dispatcher.delivery.record_outcomes import STEP_GIVEN_BACK, close_address
from dispatcher.delivery.storage import provider_events
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, entry_of, without_address
from dispatcher.messages.storage import outbox
from dispatcher.people.storage import addresses, tasks
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.storage import ladder


@dataclass(frozen=True, kw_only=True, slots=True)
class _Book:
    """The open transaction, the moment of receipt, and which steps go on to another channel."""

    connection: Connection
    now: datetime
    frees: Callable[[Message], bool]

    def log(self, *entries: LogEntry) -> None:
        delivery_log.append(self.connection, entries)


def record_delivery_events(
    database: Database,
    events: Sequence[DeliveryEvent],
    *,
    now: datetime,
    strategies: Iterable[Strategy] = (),
) -> Counter[str]:
    """Record events; returns how many were new by kind, `repeated` and `unmatched` (of no message of ours).

    `now` is when we received them; an event's own time is its provider's.
    """
    with database.writing() as connection:
        keys = _message_keys(connection, events)
        outbox.lock_people(connection, list(keys.values()))
        fresh = _keep(connection, events, keys, now)
        messages = {m.id: m for m in outbox.read(connection, sorted(set(keys.values())), lock=True)}
        book = _Book(connection=connection, now=now, frees=_next_channel_wanted(strategies))
        counts: Counter[str] = Counter()
        for i, event in sorted(enumerate(events), key=lambda one: one[1].at):
            if (event.provider, event.event_id) not in fresh:
                counts["repeated"] += 1
                continue
            fresh.discard((event.provider, event.event_id))
            counts[_record_one(book, event, messages, keys.get(i, ""))] += 1
    return counts


def _record_one(book: _Book, event: DeliveryEvent, messages: dict[str, Message], key: str) -> str:
    message = messages.get(key)
    if message is None:
        book.log(_unmatched(event, book.now))
        return "unmatched"
    means = meaning_of(event, message.state)
    changed = message._replace(
        state=means.after,
        provider=message.provider or event.provider,
        provider_id=message.provider_id or event.provider_id,
    )
    messages[key] = changed
    book.log(*(_entry(changed, word, event, book.now) for word in means.words))
    if changed != message:
        row = {"id": key, "state": changed.state, "provider_id": changed.provider_id, "updated_at": book.now}
        outbox.change(book.connection, [row])
    if message.state is State.UNKNOWN and changed.state is not State.UNKNOWN:
        _settle(book, changed, event)
    if Event.ACCEPTED in means.words:
        log_offers(book.connection, [(changed, book.now)], actor=event.provider)
    _follow(book, changed, event, means, before=message.state)
    return event.kind.value


def _settle(book: _Book, message: Message, event: DeliveryEvent) -> None:
    """Nobody need ask any more what became of it."""
    tasks.finish_for_message(
        book.connection,
        message.id,
        kind=UNKNOWN_END,
        by=event.provider,
        at=book.now,
        outcome=event.kind.value,
    )


def _follow(
    book: _Book, message: Message, event: DeliveryEvent, means: EventMeaning, *, before: State
) -> None:
    if means.close_address:
        reason = " ".join(filter(None, (event.kind.value, event.code, event.reason)))
        close_address(book.connection, message, event.provider, at=book.now, reason=reason)
    if means.opted_out:
        _opt_out(book, message, event)
    if before in STEP_GIVEN_BACK and means.after not in STEP_GIVEN_BACK:
        ladder.take_back(book.connection, [message.id])
    if means.after is State.FAILED:
        ladder.give_back(book.connection, [message.id])
    elif means.frees_next_channel and book.frees(message):
        free_next_channel(book.connection, message)


def free_next_channel(connection: Connection, message: Message) -> None:
    """The step may be planned again: on the next channel, because this address is closed."""
    ladder.give_back(connection, [message.id])


def _opt_out(book: _Book, message: Message, event: DeliveryEvent) -> None:
    recorded = addresses.opt_out(
        book.connection,
        debtor_id=message.recipient_id,
        address=message.address,
        medium=message.channel,
        at=event.at,
        raw=event.reason,
        source=event.provider,
        scope="address",
    )
    if recorded:
        details = {
            "scope": "address",
            "medium": message.channel,
            "source": event.provider,
            "because": event.kind.value,
        }
        book.log(entry_of(message, Event.OPTED_OUT, at=book.now, actor=event.provider, details=details))


def _entry(message: Message, word: Event, event: DeliveryEvent, now: datetime) -> LogEntry:
    details: dict[str, object] = {
        # An entry of a provider's list is known by the address, which no sealed entry may hold.
        "event_id": str(event.raw.get("entry", "")) or event.event_id,
        "provider_time": event.at.isoformat(),
        "permanent": event.permanent or None,
        "code": event.code or None,
        "reason": without_address(event.reason, message) or None,
        "found_by": str(event.raw.get("list") or event.raw.get("log") or "")
        or ("receipt" if word is Event.ACCEPTED else None),
        "word": str(event.raw.get("event", "")) or None if word is Event.PROVIDER_EVENT else None,
    }
    return entry_of(
        message,
        word,
        at=now,
        actor=event.provider,
        provider=event.provider,
        details={name: value for name, value in details.items() if value is not None},
    )


def _unmatched(event: DeliveryEvent, now: datetime) -> LogEntry:
    return LogEntry(
        event=Event.UNMATCHED_EVENT,
        at=now,
        actor=event.provider,
        provider=event.provider,
        provider_id=event.provider_id or None,
        details={"event_id": event.event_id, "kind": event.kind.value, "said_message": event.message_id},
    )


def _message_keys(connection: Connection, events: Sequence[DeliveryEvent]) -> dict[int, str]:
    """Index of an event -> the message it speaks of, by our id or by the provider's."""
    ours = {m.id for m in outbox.read(connection, sorted({e.message_id for e in events if e.message_id}))}
    others = provider_events.message_ids(
        connection, {e.provider_id for e in events if e.message_id not in ours}
    )
    found = {}
    for i, event in enumerate(events):
        key = event.message_id if event.message_id in ours else others.get(event.provider_id)
        if key:
            found[i] = key
    return found


def _keep(
    connection: Connection, events: Sequence[DeliveryEvent], keys: Mapping[int, str], now: datetime
) -> set[tuple[str, str]]:
    rows = [
        provider_events.event_row(event, message_id=keys.get(i), kind=event.kind.value, received_at=now)
        for i, event in enumerate(events)
    ]
    return provider_events.keep(connection, rows)


def _next_channel_wanted(strategies: Iterable[Strategy]) -> Callable[[Message], bool]:
    wanted = {
        (strategy.name, step.name)
        for strategy in strategies
        for step in strategy.steps
        if step.next_channel_on_bounce
    }
    return lambda message: (message.strategy, message.step) in wanted
