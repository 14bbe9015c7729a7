"""Gathers, for a batch of messages, the files of their people and debts and the inputs of their texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dispatcher.messages.domain.message import Message
from dispatcher.people.domain.person import ContactPoint, DebtFile, PersonFile
from dispatcher.people.storage import people
from dispatcher.planning.policy import Policy
from dispatcher.writing.domain.message_inputs import message_inputs
from dispatcher.writing.domain.render_inputs import RenderInputs


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageFiles:
    """Everything on file about some messages, read in one transaction."""

    people: Mapping[int, PersonFile]
    debts_of: Mapping[str, tuple[DebtFile, ...]]  # by message id, oldest due date first
    steps_of: Mapping[str, tuple[str, ...]]  # by message id, the step of each of these debts
    first_sent: Mapping[tuple[int, int], date]

    def person(self, message: Message) -> PersonFile:
        """Who the message is for."""
        return self.people[message.recipient_id]

    def debts_in(self, message: Message) -> tuple[DebtFile, ...]:
        """What it speaks of, oldest due date first."""
        return self.debts_of.get(message.id, ())

    def dues(self, message: Message) -> tuple[tuple[DebtFile, str], ...]:
        """What it speaks of, each debt with the name of its own step."""
        return tuple(zip(self.debts_in(message), self.steps_of.get(message.id, ()), strict=True))

    def point(self, message: Message) -> ContactPoint | None:
        """The address it goes to; None for a letter, or when the address has gone from the file."""
        return next(
            (p for p in self.person(message).contact_points if p.id == message.contact_point_id), None
        )

    def inputs(self, message: Message, desk: Policy) -> RenderInputs | None:
        """What its text is made from now; None when the creditor has no sender."""
        sender = desk.senders.get(message.creditor)
        if sender is None:
            return None
        person = self.person(message)
        return message_inputs(
            message,
            person,
            self.debts_in(message),
            sender,
            first_sent=self.first_sent,
            optout_url=desk.optout_url(person.person, message.channel, message.contact_point_id or 0),
        )


def gather(connection: Any, messages: Sequence[Message], *, now: datetime) -> MessageFiles:
    """Read the files in a fixed number of queries."""
    debts_of = people.debts_of_messages(connection, [message.id for message in messages])
    debt_ids = {debt_id for rows in debts_of.values() for debt_id, _ in rows}
    debts: dict[int, DebtFile] = {}
    for as_of in {message.as_of for message in messages}:
        ids = {d for m in messages if m.as_of == as_of for d, _ in debts_of.get(m.id, ())}
        debts |= people.load_debts(connection, ids, as_of=as_of)
    return MessageFiles(
        people=people.load_people(connection, {message.recipient_id for message in messages}, now=now),
        debts_of={key: tuple(debts[debt_id] for debt_id, _ in rows) for key, rows in debts_of.items()},
        steps_of={key: tuple(step for _, step in rows) for key, rows in debts_of.items()},
        first_sent=people.first_sent(connection, debt_ids),
    )
