"""Shows what one debtor gets, through the very function that delivery calls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

from channels.kind import ChannelKind
from dispatcher.authoring.imagined_messages import Wanted, imagine
from dispatcher.authoring.storage import template_use
from dispatcher.database.engine import Database
from dispatcher.messages.domain.message import Message
from dispatcher.messages.storage import contents, outbox
from dispatcher.people.domain.person import PersonFile
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.compiled import CompiledTemplate
from dispatcher.writing.message_files import gather
from dispatcher.writing.prepare_messages import Preparing, render_for
from dispatcher.writing.render import Rendered, RenderFailure, render
from dispatcher.writing.samples import samples


class NothingToShow(ValueError):  # noqa: N818  it reads as the sentence it is
    """The debtor could get no such message; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What would be, or was, delivered. `basis` says what it was made from."""

    rendered: Rendered | RenderFailure
    inputs: RenderInputs
    message_id: str
    version: int
    basis: str  # "message ID", "today's balance", "a sample"
    is_stored: bool | None = None  # of a message with a body: whether these are its bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewRequest:
    """Whose message, on which channel (None: the newest message's, else the first that reaches them)."""

    debtor: str
    as_of: date
    now: datetime
    channel: ChannelKind | None = None
    # None: the version given, whatever was sent
    version_of: Callable[[str, int], CompiledTemplate | None] | None = None


def preview_for_debtor(
    database: Database, press: Preparing, compiled: CompiledTemplate, request: PreviewRequest
) -> Preview:
    """The message this debtor has from the template, else the one they would get; raises NothingToShow."""
    with database.reading() as connection:
        debtor_id = find_debtor(connection, request.debtor).id
        channel = request.channel.value if request.channel else None
        found = template_use.newest_message(connection, debtor_id, compiled.name, channel)
    if found:
        return _of_message(database, press, compiled, found, request)
    return _of_today(database, press, compiled, debtor_id, request)


def _of_message(
    database: Database, press: Preparing, compiled: CompiledTemplate, message_id: str, request: PreviewRequest
) -> Preview:
    with database.reading() as connection:
        (message,) = outbox.read(connection, [message_id])
        files = gather(connection, [message], now=request.now, segments=press.policy.segments)
        digest = message.content_sha256 or ""
        body = contents.bodies(connection, {digest}).get(digest) if digest else None
    compiled = _version_sent(message, compiled, request)
    inputs = files.inputs(message, press.policy)
    if inputs is None:
        raise NothingToShow(f"creditor {message.creditor!r} has no entry in config/senders.yaml")
    rendered = _as_delivered(message, inputs, compiled, press, files.person(message), body, request.now)
    same = None if body is None else isinstance(rendered, Rendered) and rendered.body == body
    return Preview(
        rendered=rendered,
        inputs=inputs,
        message_id=message.id,
        version=compiled.version,
        basis=f"message {message.id}",
        is_stored=same,
    )


def _version_sent(message: Message, compiled: CompiledTemplate, request: PreviewRequest) -> CompiledTemplate:
    """A message that has its text is shown with the version it was made from."""
    number = message.template_version
    if request.version_of is None or number in (None, compiled.version):
        return compiled
    return request.version_of(message.template, number) or compiled


def _as_delivered(
    message: Message,
    inputs: RenderInputs,
    compiled: CompiledTemplate,
    press: Preparing,
    person: PersonFile,
    body: bytes | None,
    now: datetime,
) -> Rendered | RenderFailure:
    """Render as delivery does; an e-mail that has its bytes keeps the date written in them."""
    if body is not None and message.channel == ChannelKind.EMAIL:
        written = BytesHeaderParser().parsebytes(body)["Date"]
        now = parsedate_to_datetime(written).astimezone(UTC) if written else now
    return render_for(message, inputs, compiled, press, person, now)


def _of_today(
    database: Database, press: Preparing, compiled: CompiledTemplate, debtor_id: int, request: PreviewRequest
) -> Preview:
    wanted = Wanted(
        template=compiled.name,
        kinds=compiled.meta.kinds,
        as_of=request.as_of,
        now=request.now,
        channel=request.channel,
    )
    with database.reading() as connection:
        made = next(imagine(connection, press.policy, [debtor_id], wanted), None)
    if made is None:
        on = f" by {request.channel}" if request.channel else ""
        raise NothingToShow(
            f"{request.debtor} has no open debt on {request.as_of}, or cannot be reached{on}: "
            "choose another date with --as-of, or another channel"
        )
    rendered = render_for(made.message, made.inputs, compiled, press, made.person, request.now)
    return Preview(
        rendered=rendered,
        inputs=made.inputs,
        message_id=made.message.id,
        version=compiled.version,
        basis=f"the ledger on {request.as_of}",
    )


def preview_sample(
    compiled: CompiledTemplate, channel: ChannelKind, language: str
) -> list[tuple[str, Preview]]:
    """Every sample debtor's message, with what is odd about each."""
    return [
        (
            name,
            Preview(
                rendered=render(
                    compiled, inputs, message_id="sample", to=inputs.debtor.email, to_name=inputs.debtor.name
                ),
                inputs=inputs,
                message_id="sample",
                version=compiled.version,
                basis=f"a sample: {name}",
            ),
        )
        for name, inputs in samples(compiled.meta, channel, language)
    ]
