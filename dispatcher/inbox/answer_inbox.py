"""What a person makes of words: confirms or corrects the reading, dismisses it, or takes that back.

Confirming writes the fact down through the table of facts, then ends the pause. Should the program die between the
two, the words stand in the list as before, and confirming again adds nothing twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.delivery.work_on_tasks import finish_tasks
from dispatcher.inbox.domain.reading import Reading
from dispatcher.inbox.read_inbox import InboxItem, Propose, show_item
from dispatcher.inbox.storage import items
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Recorded, Said
from dispatcher.people.storage import tasks

Fields = dict[str, tuple[str, ...]]  # of a fact, as a form sends them
Record = Callable[[str, str, Said, Mapping[str, Any]], Recorded]
"""Writes a fact of the table down: (fact, debtor, said, given)."""

WAIT_DAYS = 10  # so long "I have paid", and what a person must answer, keeps reminders back


class InboxError(ValueError):
    """The words cannot be answered like this; the text says what is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """How a person answers words: `reading` empty takes the proposal; `sure` is the second key of a grave one."""

    reading: str = ""
    sure: bool = False
    given: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # fields of the fact, as a form sends them
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What became of the words: the reading that holds, the facts written down."""

    item: int
    reading: Reading
    facts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbox:
    """What answering works with."""

    database: Database
    propose: Propose
    record: Record
    actor: str
    now: datetime


def confirm(inbox: Inbox, key: int, answer: Answer) -> Answered:
    """Write down what the words mean and end the pause; raises InboxError and RecordError saying what to mend."""
    item = _open_item(inbox, key)
    reading = Reading(answer.reading) if answer.reading else item.reading
    if reading is Reading.UNCLEAR:
        raise InboxError(
            "the words are unclear: say with --as how they are to be read, or dismiss them with --why"
        )
    if reading.needs_second_key and not answer.sure:
        raise InboxError(f"{reading.value} ends all contact: confirm it a second time (--sure)")
    if not item.debtor:
        raise InboxError(f"nobody with the address {item.address} is known: dismiss it with --why")
    facts = _facts(item, reading, answer, inbox.now)
    said = Said(
        now=inbox.now,
        actor=inbox.actor,
        source=f"inbox {item.id}",
        note=answer.note or f"wrote: {item.text}",
    )
    written = [inbox.record(fact, item.debtor, said, given) for fact, given in facts]
    _keep(inbox, item, reading, [(fact, given.get("kind", ())) for fact, given in facts])
    _close(inbox, item, f"read as {reading.value}" + (f"; {answer.note}" if answer.note else ""))
    return Answered(item=item.id, reading=reading, facts=tuple(recorded.fact for recorded in written))


def dismiss(inbox: Inbox, key: int, *, why: str) -> None:
    """End the pause without a fact: the words ask for nothing, and somebody says why."""
    if not why.strip():
        raise InboxError("say why with --why: the log keeps who decided that these words ask for nothing")
    item = _open_item(inbox, key)
    _close(inbox, item, f"dismissed: {why}")


def undo(inbox: Inbox, key: int, *, why: str) -> None:
    """Take a confirmation back: the holds and stops that it wrote end, and the words wait to be read again."""
    if not why.strip():
        raise InboxError("say why with --why")
    item = show_item(inbox.database, key, inbox.propose)
    if item.done_at is None:
        raise InboxError(f"{key} was not answered yet")
    with inbox.database.reading() as connection:
        confirmed = items.item(connection, key).details.get("confirmed", {})
    said = Said(now=inbox.now, actor=inbox.actor, source=f"inbox {key}", note=why)
    for fact, kind in confirmed.get("facts", ()):
        _end(inbox, item.debtor, fact, kind, said)
    with inbox.database.writing() as connection:
        row = items.item(connection, key)
        details = {name: value for name, value in row.details.items() if name != "confirmed"}
        tasks.keep_details(connection, key, details)
        tasks.reopen(connection, key)
        _log(connection, inbox, Event.READING_UNDONE, {"item": key, "was": confirmed.get("reading", "")})
    inbox.record("hold", item.debtor, said, {"kind": ("unclear_reply",)})


def _open_item(inbox: Inbox, key: int) -> InboxItem:
    item = show_item(inbox.database, key, inbox.propose)
    if item.done_at is not None:
        raise InboxError(f"{key} was answered on {item.done_at:%Y-%m-%d} by {item.done_by}: {item.outcome}")
    return item


def _facts(item: InboxItem, reading: Reading, answer: Answer, now: datetime) -> list[tuple[str, Fields]]:
    """The facts of the table that a reading comes to, with their fields."""
    form = {"email": "email", "letter": "letter"}.get(
        item.channel, "oral" if item.channel == "call" else "email"
    )
    hold: Fields = {"kind": ("manual",), "until": ((now + timedelta(days=WAIT_DAYS)).date().isoformat(),)}
    since = (
        item.at.date().isoformat(),
    )  # laws count from the day on which it reached us, not from its reading
    offer = (str(item.offer),) if item.offer else ()
    table: dict[Reading, list[tuple[str, Fields]]] = {
        Reading.DECEASED: [("hold", {"kind": ("deceased",), "since": since})],
        Reading.BANKRUPTCY: [("hold", {"kind": ("bankruptcy",), "since": since})],
        Reading.ATTORNEY: [("hold", {"kind": ("attorney",), "since": since})],
        Reading.STOP: [("opt_out", _reached(item))],
        Reading.NOT_MINE: [("opt_out", _reached(item))],
        Reading.DISPUTE: [("dispute", {"form": (form,), "since": since})],
        Reading.PROOF: [("hold", hold)],
        Reading.HARDSHIP: [("hold", hold)],
        Reading.REMITTANCE: [("hold", hold)],
        Reading.PAID: [("hold", hold)],
        Reading.ACCEPT: [("plan", {"offer": offer})],
        Reading.COUNTER_OFFER: [("hold", hold)],
        Reading.PROMISE: [("promise", {})],
    }
    facts = table.get(
        reading, []
    )  # a call back, another address, help: a person does it, nothing is kept back
    return [(fact, {**fields, **answer.given}) for fact, fields in facts]


def _reached(item: InboxItem) -> Fields:
    """The address they wrote from, else the medium."""
    words: Fields = {"words": (item.text,)}
    if item.address:
        return {**words, "address": (item.address,)}
    return {**words, "medium": (item.channel,)} if item.channel else words


def _keep(inbox: Inbox, item: InboxItem, reading: Reading, facts: list[tuple[str, Any]]) -> None:
    with inbox.database.writing() as connection:
        row = items.item(connection, item.id)
        kept = {"reading": reading.value, "facts": [[fact, "".join(kind)] for fact, kind in facts]}
        tasks.keep_details(connection, item.id, {**row.details, "confirmed": kept})
        proposed = {"item": item.id, "reading": reading.value, "proposed": item.reading.value}
        _log(connection, inbox, Event.READING_CONFIRMED, proposed)


def _close(inbox: Inbox, item: InboxItem, outcome: str) -> None:
    finish_tasks(
        inbox.database, [item.id], outcome=outcome, release_quiet=True, actor=inbox.actor, now=inbox.now
    )


def _end(inbox: Inbox, debtor: str, fact: str, kind: str, said: Said) -> None:
    what = {"opt_out": "opt_out", "dispute": "dispute", "promise": "promise"}.get(fact, kind)
    if not what:
        raise InboxError(f"a {fact} is taken back where it was agreed: `dispatcher arrangements cancel`")
    try:
        inbox.record("release", debtor, said, {"kind": (what,)})
    except RecordError:
        return  # it has ended already


def _log(connection: Any, inbox: Inbox, event: Event, details: Mapping[str, Any]) -> None:
    entry = LogEntry(event=event, at=inbox.now, actor=inbox.actor, details=details)
    delivery_log.append(connection, [entry])
