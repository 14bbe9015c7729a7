"""Answers what somebody wrote, once, by the medium they used: from a reviewed text, through both gates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from channels.kind import ChannelKind
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.storage import confirmations
from dispatcher.gate.decision import Decision, Outcome
from dispatcher.inbox.answer_inbox import InboxError
from dispatcher.inbox.domain.reading import Reading
from dispatcher.inbox.read_inbox import InboxItem, Propose, show_item
from dispatcher.inbox.storage import items
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import entry_of
from dispatcher.messages.storage import outbox
from dispatcher.people.domain.person import ContactPoint, PersonFile
from dispatcher.people.storage import addresses, tasks
from dispatcher.people.storage.people import load_people
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import IntendedContact, reachable_points, zones_of
from dispatcher.planning.policy import Policy
from dispatcher.values.message_id import RandomBytes
from dispatcher.values.written_address import address_key

KIND, PREFIX = "reply_to_consumer", "reply-"
UNVERIFIED = "reply-unverified"
DOUBTED = frozenset({Reading.DISPUTE.value, Reading.PROOF.value})
VALID = timedelta(days=3)
_ELSEWHERE = {  # what is answered by itself, by another text
    Reading.STOP: "a stop is confirmed by itself",
    Reading.ACCEPT: "what was agreed is confirmed by itself",
    Reading.PROMISE: "what was agreed is confirmed by itself",
    Reading.UNCLEAR: "say first how the words are to be read",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Replying:
    """What answering works with."""

    database: Database
    policy: Policy
    propose: Propose
    actor: str
    now: datetime
    random_bytes: RandomBytes


def template_for(reading: Reading) -> str:
    """The text that answers a reading; raises InboxError where it is answered by itself."""
    if reading in _ELSEWHERE:
        raise InboxError(f"{reading.value}: {_ELSEWHERE[reading]}")
    return PREFIX + reading.value.replace("_", "-")


def reply(desk: Replying, key: int, *, unverified: bool = False) -> str:
    """Plan the answer to words that somebody has read; returns the message's id.

    It goes once, to the address that they came from, else where letters go. `unverified`: a further answer, once and in
    writing, that the disputed debt could not be verified and is given up. Raises InboxError where the gate refuses it,
    with the gate's reasons; the second gate asks again when it leaves.
    """
    item = show_item(desk.database, key, desk.propose)
    if not item.confirmed:
        raise InboxError(f"{key} was not read yet: confirm the reading first")
    if unverified and item.confirmed not in DOUBTED:
        raise InboxError(f"{key} disputes nothing and asks for no proof: there is nothing to verify")
    template, kept = (
        (UNVERIFIED, "unverified") if unverified else (template_for(Reading(item.confirmed)), "reply")
    )
    with desk.database.writing() as connection:
        row = items.item(connection, key)
        if row.debtor_id is None:
            raise InboxError("nobody known wrote this: there is nobody to answer")
        addresses.lock(connection, [row.debtor_id])
        if row.details.get(kept):
            raise InboxError(f"{key} was answered already, by message {row.details[kept]}")
        person = load_people(connection, [row.debtor_id], now=desk.now)[row.debtor_id]
        channel, point = _way(item, person, in_writing=unverified)
        _refuse(_decide(desk, person, channel, point))
        message = _plan(connection, desk, person, channel, point, template)
        tasks.keep_details(connection, key, {**row.details, kept: message})
        return message


def _way(
    item: InboxItem, person: PersonFile, *, in_writing: bool = False
) -> tuple[ChannelKind, ContactPoint | None]:
    """The medium and address that they used; who spoke to us, or used their page, is answered in writing."""
    wanted: Sequence[ChannelKind] = (ChannelKind.EMAIL, ChannelKind.LETTER)
    if item.channel in (ChannelKind.EMAIL, ChannelKind.LETTER) or (
        item.channel == ChannelKind.SMS and not in_writing
    ):
        wanted = (ChannelKind(item.channel),)
    for channel in wanted:
        for point in reachable_points(person, channel):
            if not item.address or point is None or address_key(point.address) == address_key(item.address):
                return channel, point
    raise InboxError(f"{person.full_reference} cannot be reached the way they wrote: answer by hand")


def _decide(desk: Replying, person: PersonFile, channel: ChannelKind, point: ContactPoint | None) -> Decision:
    sender = desk.policy.senders.get(person.creditor)
    if sender is None:
        raise InboxError(f"creditor {person.creditor!r} has no entry in config/senders.yaml")
    contact = IntendedContact(
        person=person,
        debts=(),
        channel=channel,
        kind=KIND,
        point=point,
        relation="debtor",
        sender_role=sender.role,
        employer_domains=sender.employer_domains,
        as_of=desk.now.date(),
    )
    zones = zones_of(person, point, desk.policy.places)
    return desk.policy.judge(contact, contact_facts(contact, now=desk.now, zones=zones))


def _refuse(decision: Decision) -> None:
    if decision.outcome in (Outcome.BLOCK, Outcome.HOLD):
        raise InboxError("; ".join(f"{reason.detail} [{reason.rule}]" for reason in decision.reasons))


def _plan(
    connection: Connection, desk: Replying, person: PersonFile, channel: ChannelKind, point: ContactPoint | None,
    template: str,
) -> str:  # fmt: skip
    address = point.address if point else ""
    values: dict[str, Any] = {
        "debtor": person.full_reference,
        "debts": [],
        "address": address or person.postal_text,
    }
    [kept] = delivery_log.keep_personal(connection, [(person.person, values)])
    key = confirmations.plan(
        connection,
        debtor_id=person.id,
        address=address,
        channel=channel.value,
        now=desk.now,
        valid=VALID,
        random_bytes=desk.random_bytes,
        personal=kept,
        template=template,
        kind=KIND,
    )
    [message] = outbox.read(connection, [key])
    delivery_log.append(connection, [entry_of(message, Event.PLANNED, at=desk.now, actor=desk.actor)])
    return key
