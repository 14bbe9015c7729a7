"""Records what came by e-mail: words of people, mails of ours that came back, and nothing of answering machines."""

from collections.abc import Iterable
from datetime import datetime

from channels.email.incoming import Incoming, IncomingKind
from channels.event import DeliveryEvent, EventKind, InboundMessage
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.delivery.record_inbound import Read, Whom, record_inbound
from dispatcher.delivery.storage import provider_events
from dispatcher.messages.domain.message import Message
from dispatcher.messages.storage import outbox
from dispatcher.people.storage import addresses
from dispatcher.people.storage.people_facts import people_named
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.values.message_id import RandomBytes

PROVIDER, CHANNEL = "mailbox", "email"
AUTOMATIC = "automatic"


def record_mail(
    database: Database,
    mail: Incoming,
    *,
    read: Read,
    now: datetime,
    random_bytes: RandomBytes,
    strategies: Iterable[Strategy] = (),
) -> str:
    """Record one mail in one transaction of its own; a mail that was recorded before changes nothing.

    Returns what it was: a kind of words, bounced, delayed, automatic, or repeated. `now` is the business clock.
    """
    match mail.kind:
        case IncomingKind.BOUNCE:
            return _came_back(database, mail, now, strategies)
        case IncomingKind.AUTOMATIC:
            return _automatic(database, mail, now)
        case IncomingKind.WORDS:
            inbound = _inbound(mail)
            heard = record_inbound(
                database, inbound, read=read, now=now, random_bytes=random_bytes, channel=CHANNEL, whom=_whom(mail)
            )  # fmt: skip
            return heard.kind if heard.new else "repeated"


def _came_back(database: Database, mail: Incoming, now: datetime, strategies: Iterable[Strategy]) -> str:
    kind = EventKind.BOUNCED if mail.failed else EventKind.DEFERRED
    event = DeliveryEvent(
        provider=PROVIDER,
        event_id=mail.event_id,
        kind=kind,
        at=mail.at,
        message_id=mail.ours[0] if mail.ours else "",
        address=next(iter(mail.failed or mail.delayed), ""),
        permanent=bool(mail.failed),
        code=mail.code,
        reason=mail.reason,
    )
    counts = record_delivery_events(database, [event], now=now, strategies=strategies)
    return "repeated" if counts["repeated"] else kind.value


def _automatic(database: Database, mail: Incoming, now: datetime) -> str:
    """Kept as an event alone: a machine agrees to nothing, stops nothing, and quiets nobody."""
    with database.writing() as connection:
        row = provider_events.event_row(_inbound(mail), message_id=None, kind=AUTOMATIC, received_at=now)
        return AUTOMATIC if provider_events.keep(connection, [row]) else "repeated"


def _inbound(mail: Incoming) -> InboundMessage:
    return InboundMessage(
        provider=PROVIDER,
        event_id=mail.event_id,
        at=mail.at,
        sender=mail.sender,
        to=mail.to,
        text=mail.text,
    )


def _whom(mail: Incoming) -> Whom:
    """Who wrote: by the message of ours that they answer, by a reference that they name, by their address.

    Where they write from an address that is not on file, a stop means the one that we wrote to.
    """

    def find(connection: Connection) -> tuple[list[int], str]:
        answered = _answered(connection, mail)
        at_address = addresses.people_at(connection, mail.sender) if mail.sender else []
        if answered is not None:
            people = sorted({answered.recipient_id, *at_address})
            known = answered.recipient_id in at_address or not answered.address
            return people, mail.sender if known else answered.address
        if at_address:
            return at_address, mail.sender
        return people_named(connection, mail.text), mail.sender

    return find


def _answered(connection: Connection, mail: Incoming) -> Message | None:
    messages = {message.id: message for message in outbox.read(connection, list(mail.ours))}
    return next((messages[key] for key in mail.ours if key in messages), None)
