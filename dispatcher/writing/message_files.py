"""Gathers, for a batch of messages, the files of their people and debts and the inputs of their texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.follow_ups import On
from dispatcher.agreements.domain.offered_before import OfferedBefore, Past, past_among
from dispatcher.agreements.storage import arrangements, sent_offers
from dispatcher.messages.domain.message import Message
from dispatcher.messages.domain.spoken import ASKED_FOR, How
from dispatcher.people.domain.person import ContactPoint, DebtFile, PersonFile
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.papers import Paper, papers_of
from dispatcher.people.storage.people import load_people
from dispatcher.people.storage.told import debts_of_messages, first_sent
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import follow_ups
from dispatcher.treatment.domain.segments import Segments
from dispatcher.treatment.find_segments import with_segments
from dispatcher.writing.domain.arrangement_view import ArrangementView, arrangement_view
from dispatcher.writing.domain.message_inputs import Offered, message_inputs
from dispatcher.writing.domain.render_inputs import PaperView, RenderInputs

ANSWER = "reply_to_consumer"  # the kind of message that answers a person


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A debt of a message: how it is spoken of and, where its ladder moved, at which step of which strategy."""

    debt: DebtFile
    how: How = How.DUE
    step: str = ""
    strategy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowedUp:
    """An arrangement as it stands now, and which of its events a message tells; `instalment` 0: the whole."""

    agreed: Agreed | None
    on: On
    instalment: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageFiles:
    """Everything on file about some messages, read in one transaction."""

    people: Mapping[int, PersonFile]
    spoken: Mapping[str, tuple[Spoken, ...]]  # by message id, oldest due date first
    first_sent: Mapping[tuple[int, int], date]
    follow_ups: Mapping[str, FollowedUp] = field(default_factory=dict)  # by message id
    settlements: Mapping[int, Sequence[OfferedBefore]] = field(default_factory=dict)  # by person
    papers: Mapping[int, Sequence[Paper]] = field(default_factory=dict)  # by person who is answered

    def follow_up(self, message: Message) -> FollowedUp | None:
        """The arrangement's event that it tells of; None for a step of a ladder."""
        return self.follow_ups.get(message.id)

    def person(self, message: Message) -> PersonFile:
        """Who the message is for."""
        return self.people[message.recipient_id]

    def asked_in(self, message: Message) -> tuple[Spoken, ...]:
        """What it asks for, oldest due date first."""
        return tuple(each for each in self.spoken.get(message.id, ()) if each.how in ASKED_FOR)

    def debts_in(self, message: Message) -> tuple[DebtFile, ...]:
        """The debts it asks for."""
        return tuple(each.debt for each in self.asked_in(message))

    def hows(self, message: Message) -> dict[int, How]:
        """How each of its debts is spoken of, by the debt's id."""
        return {each.debt.id: each.how for each in self.spoken.get(message.id, ())}

    def disputed_in(self, message: Message) -> tuple[DebtFile, ...]:
        """What it names with nothing to pay."""
        return tuple(each.debt for each in self.spoken.get(message.id, ()) if each.how is How.DISPUTED)

    def point(self, message: Message) -> ContactPoint | None:
        """The address it goes to; None for a letter, or when the address has gone from the file."""
        return next(
            (p for p in self.person(message).contact_points if p.id == message.contact_point_id), None
        )

    def past(self, message: Message) -> Past:
        """The last settlement that another message offered this person before."""
        before = self.settlements.get(message.recipient_id, ())
        return past_among(before, message.as_of, without=message.id)

    def _arrangement(self, message: Message) -> ArrangementView | None:
        told = self.follow_up(message)
        return arrangement_view(told.agreed, told.instalment) if told and told.agreed else None

    def _papers(self, message: Message) -> tuple[PaperView, ...]:
        if message.kind != ANSWER:
            return ()
        found = self.papers.get(message.recipient_id, ())
        return tuple(PaperView(title=one.title, url=one.url) for one in found)

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
            hows=self.hows(message),
            at_a_step=[each.debt.id for each in self.asked_in(message) if each.step],
            disputed=self.disputed_in(message),
            first_sent=self.first_sent,
            optout_url=desk.optout_url(person.person, message.channel, message.contact_point_id or 0),
            offered=Offered(terms=desk.offers, past=self.past(message)),
            arrangement=self._arrangement(message),
            papers=self._papers(message),
        )


def gather(
    connection: Any, messages: Sequence[Message], *, now: datetime, segments: Segments = ()
) -> MessageFiles:
    """Read the files in a fixed number of queries."""
    debts_of = debts_of_messages(connection, [message.id for message in messages])
    debt_ids = {row.debt_id for rows in debts_of.values() for row in rows}
    debts: dict[int, DebtFile] = {}
    for as_of in {message.as_of for message in messages}:
        ids = {row.debt_id for m in messages if m.as_of == as_of for row in debts_of.get(m.id, ())}
        debts |= with_segments(connection, load_debts(connection, ids, as_of=as_of), segments, as_of)
    return MessageFiles(
        people=load_people(connection, {message.recipient_id for message in messages}, now=now),
        spoken={
            key: tuple(
                Spoken(debt=debts[row.debt_id], how=row.how, step=row.step, strategy=row.strategy)
                for row in rows
            )
            for key, rows in debts_of.items()
        },
        first_sent=first_sent(
            connection, debt_ids, without={message.id for message in messages if message.sent_at}
        ),
        follow_ups=_follow_ups(connection, [message.id for message in messages]),
        settlements=sent_offers.settlements_sent(
            connection, {message.recipient_id for message in messages if message.kind == "collection"}
        ),
        papers=papers_of(connection, {one.recipient_id for one in messages if one.kind == ANSWER}),
    )


def _follow_ups(connection: Any, message_ids: Sequence[str]) -> Mapping[str, FollowedUp]:
    planned = follow_ups.of_messages(connection, message_ids)
    ids = {one.arrangement_id for one in planned.values()}
    agreed = {one.id: one for one in arrangements.read(connection, ids)}
    return {
        key: FollowedUp(agreed=agreed.get(one.arrangement_id), on=On(one.event), instalment=one.instalment)
        for key, one in planned.items()
    }
