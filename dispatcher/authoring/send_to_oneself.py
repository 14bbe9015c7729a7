"""Sends one e-mail of a template's version to the person who tries it, with a sample debtor's data."""

from dataclasses import replace
from datetime import datetime

from channels.kind import ChannelKind
from channels.message import OutboundMessage
from channels.outcome import Accepted, Outcome
from channels.port import Channel
from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.users.domain.user import User
from dispatcher.values.message_id import RandomBytes, new_message_id
from dispatcher.writing.language.compiled import CompiledTemplate
from dispatcher.writing.render import Rendered, render
from dispatcher.writing.samples import samples


class CannotTestError(ValueError):
    """Nothing was sent; the text says why."""


def send_to_oneself(
    database: Database,
    channel: Channel,
    compiled: CompiledTemplate,
    user: User,
    *,
    language: str,
    now: datetime,
    random_bytes: RandomBytes,
) -> Outcome:
    """Render the ordinary sample, send it to the user's own address, log that it was done."""
    if "@" not in user.email:
        raise CannotTestError("your account has no e-mail address: somebody with the role admin can add one")
    message = _message(compiled, user, language, now, random_bytes)
    outcome = channel.send(message, now=now)
    entry = LogEntry(
        event=Event.TEST_SENT,
        at=now,
        actor=f"user:{user.name}",
        channel=ChannelKind.EMAIL.value,
        provider=channel.provider,
        template=compiled.name,
        template_version=compiled.version,
        details={"outcome": type(outcome).__name__.lower(), "message": message.message_id},
    )
    with database.writing() as connection:
        delivery_log.append(connection, [entry])
    return outcome


def was_accepted(outcome: Outcome) -> bool:
    """Whether the provider took it."""
    return isinstance(outcome, Accepted)


def _message(
    compiled: CompiledTemplate, user: User, language: str, now: datetime, random_bytes: RandomBytes
) -> OutboundMessage:
    found = next(samples(compiled.meta, ChannelKind.EMAIL, language), None)
    if found is None:
        raise CannotTestError(f"{compiled.name} has no e-mail in {language}")
    key = new_message_id(now, random_bytes)
    inputs = replace(found[1], debtor=replace(found[1].debtor, email=user.email))
    rendered = render(compiled, inputs, message_id=key, to=user.email, to_name=user.name, now=now)
    if not isinstance(rendered, Rendered):
        raise CannotTestError(str(rendered))
    return OutboundMessage(
        message_id=key,
        channel=ChannelKind.EMAIL,
        body=rendered.body,
        to=user.email,
        to_name=user.name,
        sender=inputs.sender.email,
        sender_name=inputs.sender.name,
        reply_to=inputs.sender.reply_to,
        subject=rendered.subject,
        unsubscribe_url=inputs.optout_url,
        categories=("test",),
    )
