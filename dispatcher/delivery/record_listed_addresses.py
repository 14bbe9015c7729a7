"""Takes over what a provider's lists say: as events of the messages they came of, else of the people at an address."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from channels.event import DeliveryEvent, EventKind
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.domain.delivery_event import meaning_of
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.delivery.storage import confirmations, provider_accounts, provider_events
from dispatcher.delivery.storage.provider_accounts import Sent
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import State
from dispatcher.people.storage import addresses
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.values.written_address import address_key

SLACK = timedelta(minutes=5)  # the provider's clock and ours
OPEN = frozenset({State.SENDING, State.ACCEPTED, State.UNKNOWN, State.DELIVERED})
_UNHEARD = frozenset({State.SENDING, State.ACCEPTED, State.UNKNOWN})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What we hold about the addresses of a list, by address as it is compared."""

    sent: Mapping[str, Sequence[Sent]]
    people: Mapping[str, Sequence[int]]
    stopped: frozenset[str]


def record_listed_addresses(
    database: Database,
    provider: str,
    medium: str,
    listed: Iterable[DeliveryEvent],
    *,
    now: datetime,
    strategies: Iterable[Strategy],
) -> Counter[str]:
    """Record what is new in a provider's lists of addresses we know; returns how many of each kind of event.

    Strangers' addresses are passed over and looked at again the next time: they may stand in a later ledger.
    """
    rows = list(_each_once(listed))
    with database.reading() as connection:
        fresh, known = _fresh(connection, provider, medium, rows)
    of_messages: list[DeliveryEvent] = []
    of_people: list[DeliveryEvent] = []
    for event in fresh:
        spoken = list(_of_messages(event, known))
        of_messages += spoken
        if not spoken:
            of_people.append(event)
    counts = record_delivery_events(database, of_messages, now=now, strategies=strategies)
    with database.writing() as connection:
        for event in of_people:
            counts.update(_of_people(connection, event, medium, known, now))
    return counts


def _each_once(listed: Iterable[DeliveryEvent]) -> Iterator[DeliveryEvent]:
    """A list that grows while it is read shows a row again on its next page."""
    seen: set[str] = set()
    for event in sorted(listed, key=lambda one: (one.at, one.event_id)):
        if event.event_id not in seen:
            seen.add(event.event_id)
            yield event


def _fresh(
    connection: Connection, provider: str, medium: str, rows: Sequence[DeliveryEvent]
) -> tuple[list[DeliveryEvent], _Known]:
    keys = {address_key(event.address) for event in rows}
    told = provider_accounts.addresses_told(connection, provider, keys)
    known = _Known(
        sent=provider_accounts.sent_to(connection, provider, keys),
        people=addresses.people_by_address(connection, medium, keys),
        stopped=frozenset(provider_accounts.stopped_addresses(connection, medium, keys)),
    )
    heard = provider_accounts.heard_before(connection, provider, {event.event_id for event in rows})

    def is_fresh(event: DeliveryEvent) -> bool:
        key = address_key(event.address)
        comes_back = event.kind is EventKind.UNSUBSCRIBED and key in told  # what we have told them
        return event.event_id not in heard and not comes_back and (key in known.sent or key in known.people)

    return [event for event in rows if is_fresh(event)], known


def _of_messages(event: DeliveryEvent, known: _Known) -> Iterator[DeliveryEvent]:
    """The message that the row came of, and those that were sent afterwards: the provider has dropped them."""
    key = address_key(event.address)
    sent = known.sent.get(key, ())
    before = [one for one in sent if one.sent_at <= event.at + SLACK]
    if before and _is_news(event, before[-1], is_stopped=key in known.stopped):
        yield replace(event, message_id=before[-1].id)
    if not (event.permanent or event.kind in {EventKind.COMPLAINED, EventKind.UNSUBSCRIBED}):
        return
    for one in sent[len(before) :]:
        if one.state in _UNHEARD:
            yield replace(
                event,
                event_id=f"{event.event_id}/{one.id}",
                kind=EventKind.REJECTED,
                at=one.sent_at,
                message_id=one.id,
                opted_out=not event.permanent,
                reason=f"the provider drops mail to this address: {event.raw.get('list')}",
            )


def _is_news(event: DeliveryEvent, newest: Sent, *, is_stopped: bool) -> bool:
    """A webhook may have told it before under another id."""
    means = meaning_of(event, newest.state)
    return means.after is not newest.state or (means.opted_out and not is_stopped)


def _of_people(
    connection: Connection, event: DeliveryEvent, medium: str, known: _Known, now: datetime
) -> Iterator[str]:
    """Keep the row as heard; close the address, or stop it, for everybody there."""
    key = address_key(event.address)
    row = provider_events.event_row(event, message_id=None, kind=event.kind.value, received_at=now)
    provider_events.keep(connection, [row])
    people = known.people.get(key, ())
    addresses.lock(connection, people)
    means = meaning_of(event, State.ACCEPTED)
    if means.opted_out and _stop(connection, event, medium, key):
        yield event.kind.value
        _tell(connection, Event.OPTED_OUT, people, event, medium, now)
    if means.close_address and people:
        yield event.kind.value
        reason = " ".join(filter(None, (event.kind.value, event.code, event.reason)))
        for debtor_id in people:
            addresses.close(connection, debtor_id, medium, event.address, at=now, reason=reason)
        _tell(connection, Event.ADDRESS_CLOSED, people, event, medium, now)


def _stop(connection: Connection, event: DeliveryEvent, medium: str, key: str) -> bool:
    if provider_accounts.stopped_addresses(connection, medium, {key}):
        return False
    return addresses.opt_out(
        connection,
        debtor_id=None,
        address=key,
        medium=medium,
        at=event.at,
        raw=event.reason,
        source=event.provider,
        scope="address",
    )


def _tell(
    connection: Connection,
    word: Event,
    people: Sequence[int],
    event: DeliveryEvent,
    medium: str,
    now: datetime,
) -> None:
    by_list = str(event.raw.get("list", ""))
    details = (
        {"reason": f"{event.provider}: {by_list} {event.code}".strip()}
        if word is Event.ADDRESS_CLOSED
        else {"scope": "address", "medium": medium, "source": event.provider, "because": by_list}
    )
    entries = []
    for debtor_id in people:
        person, creditor, reference = confirmations.full_reference(connection, debtor_id)
        values = {"debtor": reference, "debts": [], "address": event.address}
        [kept] = delivery_log.keep_personal(connection, [(person, values)])
        entries.append(
            LogEntry(
                event=word,
                at=now,
                actor=event.provider,
                person=person,
                creditor=creditor,
                channel=medium,
                provider=event.provider,
                personal_id=kept[0],
                commitment=kept[1],
                details=details,
            )
        )
    delivery_log.append(connection, entries)
