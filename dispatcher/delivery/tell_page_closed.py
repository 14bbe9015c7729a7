"""Tells a person, at the addresses on file, that their own page was closed over wrong answers."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from channels.kind import ChannelKind
from dispatcher.database.engine import Connection
from dispatcher.delivery.storage import confirmations
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import entry_of
from dispatcher.messages.storage import outbox
from dispatcher.people.domain.person import PersonFile
from dispatcher.people.storage.people import load_people
from dispatcher.planning.domain.intended import reachable_points
from dispatcher.values.message_id import RandomBytes

TEMPLATE, KIND = "own-page-closed", "reply_to_consumer"
VALID = timedelta(days=7)


def tell_page_closed(random_bytes: RandomBytes) -> Callable[[Connection, int, datetime], None]:
    """What plans those messages, in the transaction that closes the page; the gate judges each before it goes."""

    def tell(connection: Connection, debtor_id: int, now: datetime) -> None:
        person = load_people(connection, [debtor_id], now=now)[debtor_id]
        keys = [
            _plan(connection, person, channel, address, now, random_bytes)
            for channel, address in _addresses(person)
        ]
        entries = [
            entry_of(message, Event.PLANNED, at=now, actor="debtors' page")
            for message in outbox.read(connection, keys)
        ]
        delivery_log.append(connection, entries)

    return tell


def _addresses(person: PersonFile) -> Iterator[tuple[ChannelKind, str]]:
    """Every mailbox and the postal address; a number only where there is neither."""
    written = [(ChannelKind.EMAIL, point) for point in reachable_points(person, ChannelKind.EMAIL)]
    written += [(ChannelKind.LETTER, point) for point in reachable_points(person, ChannelKind.LETTER)]
    numbers = [(ChannelKind.SMS, point) for point in reachable_points(person, ChannelKind.SMS)]
    for channel, point in written or numbers:
        yield channel, point.address if point else ""


def _plan(
    connection: Connection, person: PersonFile, channel: ChannelKind, address: str, now: datetime,
    random_bytes: RandomBytes,
) -> str:  # fmt: skip
    values = {"debtor": person.full_reference, "debts": [], "address": address or person.postal_text}
    [kept] = delivery_log.keep_personal(connection, [(person.person, values)])
    return confirmations.plan(
        connection,
        debtor_id=person.id,
        address=address,
        channel=channel.value,
        now=now,
        valid=VALID,
        random_bytes=random_bytes,
        personal=kept,
        template=TEMPLATE,
        kind=KIND,
    )
