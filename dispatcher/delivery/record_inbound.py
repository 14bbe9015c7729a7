"""Records what a debtor wrote: a stop at once with its one confirmation, a start, or a question."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from channels.event import InboundMessage
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.storage import confirmations, provider_events
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import entry_of
from dispatcher.messages.storage import outbox
from dispatcher.people.domain.optout_words import ReplyMeaning
from dispatcher.people.storage import addresses, people_facts, tasks
from dispatcher.people.take_care import take_care
from dispatcher.values.message_id import RandomBytes
from dispatcher.values.written_address import written_address

CHANNEL = "sms"
CONFIRMATION_VALID = {
    "sms": timedelta(minutes=5),  # 47 CFR 64.1200(a)(12): later it may count as a message after the opt-out
    "email": timedelta(days=1),  # a mailbox is read now and then
}
_BY = {"sms": "SMS", "email": "e-mail"}
UNCLEAR, WRONG = "unclear_reply", "wrong_number"
REPLY, HELP_TEMPLATE = "reply_to_consumer", "reply-help"
HELP_VALID = timedelta(days=1)

Read = Callable[[str], ReplyMeaning]
Whom = Callable[[Connection], tuple[list[int], str]]
"""Who wrote, and the address that a stop of theirs means."""
_PERSON_SCOPES = {"all": "", "call": "call", "email": "email", "letter": "letter"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What was understood: stop, start, help or unclear; `new` is false for a text that was heard before."""

    kind: str
    new: bool = True
    people: int = 0
    confirmation: str = ""  # the message that will answer


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hearing:
    connection: Connection
    inbound: InboundMessage
    meaning: ReplyMeaning
    now: datetime
    random_bytes: RandomBytes
    channel: str = CHANNEL

    @property
    def source(self) -> str:
        """Where a stop came from: a later START re-opens only what came from there."""
        return f"inbound {self.channel}"

    @property
    def of_care(self) -> bool:
        """Whether somebody in need wrote it: its words stand apart, and everything is held already."""
        return self.meaning.care is not None

    @property
    def words(self) -> str:
        """What everybody may read of it: nothing of somebody in need."""
        return "" if self.of_care else self.inbound.text

    def log(self, event: Event, debtor_id: int | None, **details: object) -> tuple[int, str]:
        """Write an entry; the words and the number stand aside, where they can be erased."""
        person, creditor, reference = (
            confirmations.full_reference(self.connection, debtor_id)
            if debtor_id is not None
            else (None, None, "")
        )
        values = {"debtor": reference, "debts": [], "address": self.inbound.sender}
        values |= {"text": self.words} if self.words else {}
        [kept] = delivery_log.keep_personal(self.connection, [(person, values)])
        entry = LogEntry(
            event=event,
            at=self.now,
            actor=self.inbound.provider,
            person=person,
            creditor=creditor,
            channel=self.channel,
            provider=self.inbound.provider,
            provider_id=self.inbound.event_id,
            zones=people_facts.known_zones(self.connection, debtor_id) if debtor_id is not None else (),
            personal_id=kept[0],
            commitment=kept[1],
            details=details,
        )
        delivery_log.append(self.connection, [entry])
        return kept


def record_inbound(
    database: Database, inbound: InboundMessage, *, read: Read, now: datetime, random_bytes: RandomBytes,
    channel: str = CHANNEL, whom: Whom | None = None,
) -> Heard:  # fmt: skip
    """Record one inbound text; hearing it twice changes nothing. `now` is the business clock.

    `whom` finds who wrote where the address alone does not say it.
    """
    inbound = replace(inbound, sender=written_address(inbound.sender))
    with database.writing() as connection:
        meaning = read(inbound.text)
        find = whom or (lambda open_: (addresses.people_at(open_, inbound.sender), inbound.sender))
        people, address = find(connection)
        hearing = _Hearing(
            connection=connection,
            inbound=replace(inbound, sender=written_address(address)),
            meaning=meaning,
            now=now,
            random_bytes=random_bytes,
            channel=channel,
        )
        addresses.lock(connection, people)
        row = provider_events.event_row(inbound, message_id=None, kind="inbound", received_at=now)
        row |= {"raw": {}} if meaning.care is not None else {}
        if not provider_events.keep(connection, [row]):
            return Heard(kind=meaning.kind, new=False, people=len(people))
        _note(hearing, people)
        _take_care(hearing, people)
        return _act(hearing, people)


def _note(hearing: _Hearing, people: list[int]) -> None:
    """The text itself, as a contact that the debtor made."""
    inbound = hearing.inbound
    for debtor_id in _known(people):
        hearing.log(
            Event.INBOUND,
            debtor_id,
            channel=hearing.channel,
            direction="inbound",
            outcome="inbound_from_consumer",
            kind="reply",
            made_at=inbound.at.isoformat(),
            meaning="held" if hearing.of_care else hearing.meaning.kind,
            matched="" if hearing.of_care else hearing.meaning.matched,
        )
        if debtor_id is not None:
            people_facts.add_contact(
                hearing.connection,
                {
                    "debtor_id": debtor_id,
                    "at": inbound.at,
                    "channel": hearing.channel,
                    "direction": "inbound",
                    "kind": "reply",
                    "address": inbound.sender,
                    "details": {"text": hearing.words} if hearing.words else {},
                    "source": inbound.provider,
                    "external_id": f"{inbound.event_id}/{debtor_id}",
                    "recorded_at": hearing.now,
                },
            )


def _take_care(hearing: _Hearing, people: list[int]) -> None:
    """Words of self-harm come before anything else that a text may mean."""
    meaning = hearing.meaning
    if meaning.care is None:
        return
    for debtor_id in _known(people):
        source = hearing.inbound.provider
        if take_care(
            hearing.connection, debtor_id, hearing.inbound.text, meaning.care, at=hearing.now, source=source
        ):
            hearing.log(Event.HOLD_RECORDED, debtor_id, hold="held")


def _known(people: list[int]) -> list[int | None]:
    """The people behind a number; nobody we know is one that has no id."""
    return [*people] or [None]


def _act(hearing: _Hearing, people: list[int]) -> Heard:
    answer = ""
    match hearing.meaning.kind:
        case "stop":
            return _stop(hearing, people)
        case "start":
            return _start(hearing, people)
        case "help" | "unclear" | "wrong_number" if hearing.of_care:
            pass  # the urgent task is there, and everything is held; an empty text is no word of care
        case "wrong_number":
            _wrong_number(hearing, people)
        case "help":
            answer = _answer_help(hearing, people)
            _task(
                hearing, people, "help_wanted", f"asks for help by {_BY[hearing.channel]}: call or write back"
            )
        case _:
            _quiet(hearing, people)
            _task(
                hearing,
                people,
                UNCLEAR,
                f"wrote by {_BY[hearing.channel]}: read it, then release the hold or record what it means",
            )
    return Heard(kind=hearing.meaning.kind, people=len(people), confirmation=answer)


def _wrong_number(hearing: _Hearing, people: list[int]) -> None:
    """Whoever reads there is somebody else: that address alone is closed to everybody, and a person looks."""
    for debtor_id in _known(people):
        _opt_out(hearing, debtor_id, hearing.inbound.sender, "", "address")
        hearing.log(
            Event.OPTED_OUT,
            debtor_id,
            scope="address",
            medium="any",
            matched=hearing.meaning.matched,
            language=hearing.meaning.language,
            because="wrong number",
        )
    by = _BY[hearing.channel]
    _task(hearing, people, WRONG, f"says by {by} that it is somebody else's: find out whose it is")


def _answer_help(hearing: _Hearing, people: list[int]) -> str:
    """The one lawful answer to HELP, once a day and address: a machine that asks for help is not kept talking."""
    since = hearing.now - HELP_VALID
    if not people or confirmations.answered_since(
        hearing.connection, hearing.inbound.sender, HELP_TEMPLATE, since
    ):
        return ""
    return _plan(hearing, people, valid=HELP_VALID, template=HELP_TEMPLATE, kind=REPLY)


def _stop(hearing: _Hearing, people: list[int]) -> Heard:
    """Close the number for everybody there, and the person's other media where the words say so."""
    before = confirmations.stopped_at(hearing.connection, hearing.inbound.sender, hearing.source)
    hint = hearing.meaning.scope_hint or hearing.channel
    medium = "" if hint in {"address", "all"} else hearing.channel
    for debtor_id in _known(people):
        _opt_out(hearing, debtor_id, hearing.inbound.sender, medium, "address")
        scope = _of_the_person(hearing)
        if debtor_id is not None and scope is not None:
            _opt_out(hearing, debtor_id, "", scope, "medium" if scope else "all")
        hearing.log(
            Event.OPTED_OUT,
            debtor_id,
            scope=hint,
            medium=medium or "any",
            matched=hearing.meaning.matched,
            language=hearing.meaning.language,
        )
    in_time = (
        hearing.inbound.at + CONFIRMATION_VALID[hearing.channel] > hearing.now
    )  # not where a webhook was lost and we asked later
    confirmation = _confirm(hearing, people) if before is None and people and in_time else ""
    return Heard(kind="stop", people=len(people), confirmation=confirmation)


def _of_the_person(hearing: _Hearing) -> str | None:
    """The medium that the words name ("" for all); None where they mean the address that they came from alone."""
    named = hearing.meaning.scope_hint or ""
    scopes = _PERSON_SCOPES if hearing.channel == CHANNEL else {**_PERSON_SCOPES, CHANNEL: CHANNEL}
    return scopes.get(named)


def _opt_out(hearing: _Hearing, debtor_id: int | None, address: str, medium: str, scope: str) -> None:
    addresses.opt_out(
        hearing.connection,
        debtor_id=debtor_id,
        address=address,
        medium=medium,
        at=hearing.inbound.at,
        raw=hearing.words,
        source=hearing.source,
        scope=scope,
    )


def _confirm(hearing: _Hearing, people: list[int]) -> str:
    """The one answer, to the number and not to each person behind it."""
    return _plan(hearing, people, valid=CONFIRMATION_VALID[hearing.channel])


def _plan(hearing: _Hearing, people: list[int], *, valid: timedelta, **what: str) -> str:
    person, _, reference = confirmations.full_reference(hearing.connection, people[0])
    values = {"debtor": reference, "debts": [], "address": hearing.inbound.sender}
    [kept] = delivery_log.keep_personal(hearing.connection, [(person, values)])
    key = confirmations.plan(
        hearing.connection,
        debtor_id=people[0],
        address=hearing.inbound.sender,
        channel=hearing.channel,
        now=hearing.now,
        valid=valid,
        random_bytes=hearing.random_bytes,
        personal=kept,
        **what,
    )
    (message,) = outbox.read(hearing.connection, [key])
    entry = entry_of(message, Event.PLANNED, at=hearing.now, actor=hearing.inbound.provider)
    delivery_log.append(hearing.connection, [entry])
    return key


def _start(hearing: _Hearing, people: list[int]) -> Heard:
    reopened = addresses.reopen(
        hearing.connection,
        address=hearing.inbound.sender,
        source=hearing.source,
        at=hearing.now,
        by=hearing.inbound.provider,
    )
    for debtor_id in _known(people):
        hearing.log(Event.OPTED_IN, debtor_id, reopened=reopened, matched=hearing.meaning.matched)
    return Heard(kind="start", people=len(people))


def _quiet(hearing: _Hearing, people: list[int]) -> None:
    """Nothing more goes to these people until somebody has read what they wrote."""
    for debtor_id in people:
        if people_facts.standing_hold(hearing.connection, debtor_id, None, UNCLEAR, None) is not None:
            continue
        people_facts.add_hold(
            hearing.connection,
            {
                "debtor_id": debtor_id,
                "debt_id": None,
                "kind": UNCLEAR,
                "starts_on": hearing.now.date(),
                "until": None,
                "details": {"address": hearing.inbound.sender, "channel": hearing.channel},
                "source": hearing.inbound.provider,
                "note": "",
                "recorded_at": hearing.now,
            },
        )
        hearing.log(Event.HOLD_RECORDED, debtor_id, hold=UNCLEAR)


def _task(hearing: _Hearing, people: list[int], kind: str, what: str) -> None:
    for debtor_id in _known(people):
        tasks.add(
            hearing.connection,
            kind,
            at=hearing.now,
            text=f"{hearing.inbound.sender} {what}: {hearing.inbound.text}",
            debtor_id=debtor_id,
            details={
                "channel": hearing.channel,
                "address": hearing.inbound.sender,
                "text": hearing.inbound.text,
                "at": hearing.inbound.at.isoformat(),
            },
        )
