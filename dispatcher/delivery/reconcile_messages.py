"""Finds out what became of unknown ends: by receipts, by asking the provider, else by a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.kind import ChannelKind
from channels.outcome import Accepted, Outcome, Rejected, TryLater
from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.channel_delivery import OpenProvider
from dispatcher.delivery.log_offers import log_offers
from dispatcher.delivery.storage import attempts, provider_events
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, entry_of
from dispatcher.messages.storage import contents, outbox
from dispatcher.people.storage import tasks
from dispatcher.planning.storage import ladder

UNKNOWN_END = "unknown_end"  # the kind of task that asks a person


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What was found out about one message; `outcome` None: nobody can say but a person."""

    message: Message
    outcome: Outcome | None
    source: str  # receipt, look_up, ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """How many were found accepted, found not sent, refused for good, and are left to a person."""

    accepted: int = 0
    not_sent: int = 0
    rejected: int = 0
    left: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Book:
    """An open transaction about one unknown message, and who acts when."""

    connection: Connection
    message: Message
    source: str
    now: datetime
    actor: str

    def move(self, event: Event, row: dict[str, Any], **details: str) -> None:
        """Change the row, log why, close the question that was put to a person."""
        outbox.change(self.connection, [{"id": self.message.id, "updated_at": self.now, **row}])
        entry = entry_of(
            self.message,
            event,
            at=self.now,
            actor=self.actor,
            provider_id=row.get("provider_id") or None,
            details={"found_by": self.source, **details},
        )
        delivery_log.append(self.connection, [entry])
        tasks.finish_for_message(
            self.connection, self.message.id, kind=UNKNOWN_END, by=self.actor, at=self.now, outcome=event
        )


def reconcile_messages(
    database: Database,
    channels: OpenProvider,
    *,
    now: datetime,
    actor: str = "dispatcher",
) -> Reconciled:
    """Look at every unknown message once. Providers are asked outside of any transaction."""
    with database.reading() as connection:
        unknown = outbox.in_state(connection, State.UNKNOWN)
        receipts = provider_events.evidence(connection, [m.id for m in unknown])
        begun = attempts.newest(connection, [m.id for m in unknown])
        bodies = contents.bodies(connection, {m.content_sha256 for m in unknown if m.content_sha256})
    findings = [
        _by_receipt(m, receipts[m.id])
        if m.id in receipts
        else _by_look_up(m, channels, begun.get(m.id), bodies.get(m.content_sha256 or "", b""))
        for m in unknown
    ]
    for finding in findings:
        with database.writing() as connection:
            _apply(connection, finding, now, actor)
    return _summary(findings)


def _by_receipt(message: Message, provider_id: str) -> Finding:
    return Finding(message=message, outcome=Accepted(provider_id=provider_id), source="receipt")


def _by_look_up(message: Message, channels: OpenProvider, attempt: Any, body: bytes) -> Finding:
    channel = channels(ChannelKind(message.channel), message.provider)
    if attempt is None or not channel.can_look_up or channel.provider != message.provider:
        return Finding(message=message, outcome=None, source="")
    outcome = channel.look_up(message.id, to=message.address, attempted_at=attempt["began_at"], body=body)
    return Finding(message=message, outcome=outcome, source="look_up")


def _apply(connection: Connection, finding: Finding, now: datetime, actor: str) -> None:
    outbox.lock_people(connection, [finding.message.id])
    (message,) = outbox.read(connection, [finding.message.id], lock=True)
    if message.state is not State.UNKNOWN:  # a receipt or a person came first
        return
    book = _Book(connection=connection, message=message, source=finding.source, now=now, actor=actor)
    match finding.outcome:
        case Accepted(provider_id=provider_id):
            row = {"state": State.ACCEPTED, "provider_id": provider_id or message.provider_id}
            book.move(Event.ACCEPTED, row)
            log_offers(connection, [(message, now)], actor=actor)
        case TryLater(reason=reason):
            _free(book, reason)
        case Rejected(reason=reason):
            book.move(Event.REJECTED, {"state": State.FAILED, "sent_at": None}, reason=reason)
            ladder.give_back(connection, [message.id])
        case _:
            _ask_a_person(connection, message, now)


def _free(book: _Book, reason: str) -> None:
    """It never arrived: it may go again while it is valid, and the gate is asked first."""
    expired = book.message.expires_at <= book.now
    row = {"state": State.EXPIRED if expired else State.QUEUED, "sent_at": None, "next_try_at": None}
    book.move(Event.EXPIRED if expired else Event.RETRY, row, reason=reason)
    if expired:
        ladder.give_back(book.connection, [book.message.id])


def _ask_a_person(connection: Connection, message: Message, now: datetime) -> None:
    if tasks.open_for_messages(connection, UNKNOWN_END, [message.id]):
        return
    who = message.provider or "the machine that was lost"
    text = (
        f"whether {who} sent this {message.channel} is not known: look there, then "
        f"`dispatcher messages resolve {message.id} --sent` or `--not-sent`"
    )
    tasks.add(
        connection, UNKNOWN_END, at=now, text=text, debtor_id=message.recipient_id, message_id=message.id
    )


def _summary(findings: Sequence[Finding]) -> Reconciled:
    return Reconciled(
        accepted=sum(isinstance(f.outcome, Accepted) for f in findings),
        not_sent=sum(isinstance(f.outcome, TryLater) for f in findings),
        rejected=sum(isinstance(f.outcome, Rejected) for f in findings),
        left=tuple(
            f.message.id for f in findings if not isinstance(f.outcome, Accepted | TryLater | Rejected)
        ),
    )
