"""Renders planned messages, checks their text, and puts them into the outbox with their exact bytes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple, Protocol

from channels.kind import ChannelKind
from channels.message import PostalAddress
from dispatcher.agreements.domain.offered_before import SettlementOffer
from dispatcher.agreements.storage import arrangements, sent_offers
from dispatcher.agreements.storage.sent_offers import SentOffer
from dispatcher.database import statistics
from dispatcher.database.engine import Connection, Database
from dispatcher.gate.decision import Outcome, own_reason
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.clearance import Clearance
from dispatcher.messages.domain.envelope import Envelope
from dispatcher.messages.domain.message import Message, State, entry_of
from dispatcher.messages.storage import outbox
from dispatcher.messages.storage.contents import Content, keep
from dispatcher.messages.storage.planned import (
    count_planned,
    planned_ids,
    planned_reasons,
    runs_with_planned,
    still_planned,
)
from dispatcher.people.domain.person import PersonFile
from dispatcher.planning.domain.strategy import STANDARD_POST
from dispatcher.planning.policy import Policy
from dispatcher.values.postal_address import AddressProblem, normalise_address
from dispatcher.values.sender import Sender
from dispatcher.writing.checks.checks import Report
from dispatcher.writing.checks.suited import unsuited
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.compiled import CompiledTemplate
from dispatcher.writing.message_files import MessageFiles, gather
from dispatcher.writing.render import Rendered, RenderFailure, render
from dispatcher.writing.untrusted import one_line

CHUNK = 200
SETTLEMENT_TEMPLATE = "settlement-offer"  # the one text that offers a settlement
MANY = 3_000  # messages from which the start of helping processes, a second of work each, pays

_DECISIONS = {State.DEFERRED: "defer", State.HELD: "hold"}

FindTemplate = Callable[[str], CompiledTemplate | None]
ClearOne = Callable[
    [Message, Report], Clearance | None
]  # a message as its row will say, and its text's checks
Clear = Callable[
    [Connection, Sequence[Message], MessageFiles, datetime], ClearOne
]  # called in the transaction in which the files were read
Remember = Callable[
    [str, str, int, Report], None
]  # body's digest, inputs' digest, template version, what was found


@dataclass(frozen=True, kw_only=True, slots=True)
class Offering:
    """The offers that a text shows, for which debts."""

    inputs: RenderInputs
    debts: tuple[int, ...]
    discount: SettlementOffer | None = None


class Prepared(NamedTuple):
    """What became of one message: its new columns, its content if there is one, its log entry."""

    message: Message
    state: State
    columns: Mapping[str, Any]
    reasons: tuple[dict[str, Any], ...] = ()
    content: Content | None = None
    template_sha256: str = ""
    report: Report | None = None  # what the checks said of the content's bytes
    offering: Offering | None = None  # what its text offers


Chunk = Sequence[str]  # ids of messages that are prepared together


class Spread(Protocol):
    """Prepares chunks in several processes."""

    def expect(self, count: int) -> None:
        """Hear that about so many messages will want their texts."""

    def __call__(self, chunks: Iterable[Chunk]) -> Iterator[list[Prepared]]:
        """Yield what became of each chunk, in order; nothing is written."""

    def close(self) -> None:
        """Give the processes back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preparing:
    """What preparing needs: the desk, the templates in force, a channel's own from-address.

    `remember` is told what the checks said, so that the second gate of the same process need not ask again.
    """

    policy: Policy
    find_template: FindTemplate
    from_address: str = ""
    actor: str = "dispatcher"
    remember: Remember = lambda _body, _inputs, _version, _report: None
    clear: Clear = lambda _connection, _messages, _files, _now: lambda _message, _report: None


def prepare_messages(
    database: Database,
    press: Preparing,
    *,
    clock: Callable[[], datetime],
    run_id: int | None = None,
    progress: Callable[[int], None] | None = None,
    spread: Spread | None = None,
) -> Counter[State]:
    """Prepare every planned message of released runs (or of one run). Returns how many came to which state.

    Rendering happens outside any transaction; a message that changed meanwhile is left as it is. MANY messages are
    prepared by `spread`, if there is one.
    """
    counts: Counter[State] = Counter()
    found = _planned(database, run_id)
    chunks = (ids for run in found for ids in _chunks(database, run))
    if sum(found.values()) < MANY:
        spread = None
    for prepared in spread(chunks) if spread else _here(database, press, chunks, clock):
        counts += _store(database, prepared, press, clock())
        if progress:
            progress(len(prepared))
    statistics.renew(database, statistics.TEXTS, counts.total())
    return counts


def _planned(database: Database, run_id: int | None) -> Mapping[int | None, int]:
    with database.reading() as connection:
        if run_id is not None:
            return {run_id: count_planned(connection, run_id)}
        return runs_with_planned(connection)


def _chunks(database: Database, run_id: int | None) -> Iterator[Chunk]:
    done = ""
    while True:
        with database.reading() as connection:
            ids = planned_ids(connection, run_id, after=done, limit=CHUNK)
        if not ids:
            return
        done = ids[-1]
        yield ids


def _here(
    database: Database, press: Preparing, chunks: Iterable[Chunk], clock: Callable[[], datetime]
) -> Iterator[list[Prepared]]:
    for ids in chunks:
        yield prepare_chunk(database, press, ids, clock())


def prepare_chunk(database: Database, press: Preparing, ids: Chunk, now: datetime) -> list[Prepared]:
    """Render what of these messages still waits for its text; nothing is written."""
    with database.reading() as connection:
        messages = outbox.read(connection, ids)
        files = gather(connection, messages, now=now, segments=press.policy.segments)
        clear = press.clear(connection, messages, files, now)
    return [_with_clearance(prepare_one(message, files, press, now), clear) for message in messages]


def _as_stored(prepared: Prepared) -> Message:
    """The message as its row will say: without what only other readers of the row want."""
    names = ("content_sha256", "inputs_digest", "template_version", "balance_minor")
    columns = {name: prepared.columns[name] for name in names}
    kept = Envelope.read(prepared.columns["envelope"])
    return prepared.message._replace(state=prepared.state, envelope=kept, **columns)


def _with_clearance(prepared: Prepared, clear: ClearOne) -> Prepared:
    """With what it may go by; whatever is prepared loses what it was cleared by before."""
    clearance = None if prepared.report is None else clear(_as_stored(prepared), prepared.report)
    kept = None if clearance is None else clearance.as_json()
    return prepared._replace(columns={**prepared.columns, "clearance": kept})


def prepare_one(message: Message, files: MessageFiles, press: Preparing, now: datetime) -> Prepared:
    """Render one message; a failure or a finding holds it, with a sentence that says what to do."""
    inputs = files.inputs(message, press.policy)
    compiled = press.find_template(message.template)
    if inputs is None:
        return _held(
            message, "no-sender", f"creditor {message.creditor!r} has no entry in config/senders.yaml"
        )
    if compiled is None:
        return _held(
            message, "no-template", f"there is no published version of template {message.template!r}"
        )
    if against := unsuited(compiled.meta, inputs):
        return _held(message, against[0].rule, str(against[0]), template_version=compiled.version)
    rendered = render_for(message, inputs, compiled, press, files.person(message), now)
    if isinstance(rendered, RenderFailure):
        return _held(message, rendered.rule, str(rendered), template_version=compiled.version)
    if rendered.findings:
        return _held_by_findings(message, rendered, compiled)
    ready = _ready(message, inputs, rendered, compiled, files.person(message), press, now)
    return ready._replace(offering=_offering(message, inputs, compiled, files))


def _offering(
    message: Message, inputs: RenderInputs, compiled: CompiledTemplate, files: MessageFiles
) -> Offering | None:
    text = compiled.text_for(inputs)
    if text is None or not text.shows_plans or not inputs.plans:
        return None
    debts = tuple(debt.id for debt in files.debts_in(message))
    return Offering(inputs=inputs, debts=debts, discount=inputs.discount if text.shows_discount else None)


def render_for(
    message: Message,
    inputs: RenderInputs,
    compiled: CompiledTemplate,
    press: Preparing,
    person: PersonFile,
    now: datetime,
) -> Rendered | RenderFailure:
    """The one call that preview and delivery share."""
    return render(
        compiled,
        inputs,
        message_id=message.id,
        to=message.address,
        to_name=person.name,
        now=max(now, message.not_before) if message.not_before else now,
        from_address=press.from_address,
    )


def _ready(
    message: Message,
    inputs: RenderInputs,
    rendered: Rendered,
    compiled: CompiledTemplate,
    person: PersonFile,
    press: Preparing,
    now: datetime,
) -> Prepared:
    logo = inputs.sender.logo if inputs.channel is ChannelKind.EMAIL else None
    content = Content.of(rendered.body, rendered.media_type, rendered.text, logo)
    later = message.not_before is not None and message.not_before > now
    # What stands on the paper is read there, by the second gate.
    on_paper = inputs.channel is ChannelKind.LETTER
    columns = {
        "content_sha256": content.sha256,
        "inputs_digest": inputs.digest(),
        "template_version": compiled.version,
        "balance_minor": inputs.total.minor,
        "said": list(rendered.content.said),
        "envelope": envelope(message, inputs, rendered, person, press).as_json(),
    }
    return Prepared(
        message=message,
        state=State.DEFERRED if later else State.QUEUED,
        columns=columns,
        content=content,
        template_sha256=compiled.files_sha256,
        report=None if on_paper else Report(findings=(), content=rendered.content),
    )


def _post_of(message: Message, policy: Policy) -> str:
    """As what its step wants a letter posted."""
    strategies = (strategy for strategy in policy.strategies if strategy.name == message.strategy)
    steps = (step for strategy in strategies for step in strategy.written() if step.name == message.step)
    return next((step.post for step in steps), STANDARD_POST)


def envelope(
    message: Message, inputs: RenderInputs, rendered: Rendered, person: PersonFile, press: Preparing
) -> Envelope:
    """What an adapter needs besides the body."""
    sender = inputs.sender
    common = partial(
        Envelope,
        to=message.address,
        to_name=one_line(person.name),
        sender_name=sender.name,
        subject=rendered.subject,
        postage_class=_post_of(message, press.policy),
    )
    match inputs.channel:
        case ChannelKind.EMAIL:
            return common(
                sender=press.from_address or sender.email,
                reply_to=sender.reply_to,
                unsubscribe_url=inputs.optout_url,
            )
        case ChannelKind.LETTER:
            return common(
                postal_address=_postal_address(person, inputs),
                address_text=person.postal_text,
                return_address=_return_address(sender),
                pages=rendered.pages,
            )
        case ChannelKind.SMS:
            return common()


def _postal_address(person: PersonFile, inputs: RenderInputs) -> PostalAddress:
    """The address as the letter prints it: the print house's list and the paper say the same."""
    from dispatcher.writing.letters.address import window_lines  # measures type: only where letters are

    printed = window_lines(inputs.debtor, inputs.sender.country)
    lines = person.address_lines
    return PostalAddress(
        name=one_line(person.name),
        lines=() if isinstance(printed, AddressProblem) else printed[1:],
        address_line_1=one_line(lines[0]) if lines else "",
        address_line_2=one_line(", ".join(lines[1:])),
        city=one_line(person.city),
        region=person.region,
        postal_code=person.postal_code,
        country=person.country,
    )


def _return_address(sender: Sender) -> PostalAddress:
    lines = sender.address_lines
    address = normalise_address(lines, sender.postal_code, sender.city, sender.region, sender.country)
    return PostalAddress(
        name=sender.name,
        lines=lines if isinstance(address, AddressProblem) else (*address.lines, *address.town_lines),
        address_line_1=lines[0] if lines else "",
        address_line_2=", ".join(lines[1:]),
        city=sender.city,
        region=sender.region,
        postal_code=sender.postal_code,
        country=sender.country,
    )


def _held_by_findings(message: Message, rendered: Rendered, compiled: CompiledTemplate) -> Prepared:
    reasons = tuple(
        _reason(
            finding.rule,
            str(finding),
            {"part": finding.part, "line": str(finding.line), "phrase": finding.phrase},
        )
        for finding in rendered.findings
    )
    columns = {"template_version": compiled.version, "reasons": list(reasons)}
    return Prepared(message=message, state=State.HELD, columns=columns, reasons=reasons)


def _held(message: Message, rule: str, detail: str, **columns: Any) -> Prepared:
    reason = _reason(rule, detail)
    return Prepared(
        message=message, state=State.HELD, columns={**columns, "reasons": [reason]}, reasons=(reason,)
    )


def _reason(rule: str, detail: str, inputs: Mapping[str, str] | None = None) -> dict[str, Any]:
    reference = "the checks of the rendered text"
    return own_reason("content", rule, Outcome.HOLD, reference, detail, **(inputs or {})).as_json()


def _store(
    database: Database, prepared: Sequence[Prepared], press: Preparing, now: datetime
) -> Counter[State]:
    with database.writing() as connection:
        still = still_planned(connection, [p.message.id for p in prepared])
        valid = [p for p in prepared if p.message.id in still]
        keep(connection, [p.content for p in valid if p.content], now=now)
        sent_offers.keep(connection, [_sent_offer(connection, p, p.offering) for p in valid if p.offering])
        outbox.change(
            connection,
            [{"id": p.message.id, "state": p.state, "updated_at": now, **p.columns} for p in valid],
        )
        waiting = planned_reasons(connection, [p.message.id for p in valid if p.state is State.DEFERRED])
        delivery_log.append(
            connection, [_entry(p, waiting.get(p.message.id, p.reasons), press.actor, now) for p in valid]
        )
    for p in valid:
        _remember(press, p)
    return Counter(p.state for p in valid)


def _sent_offer(connection: Connection, prepared: Prepared, offering: Offering) -> SentOffer:
    """What its message will have offered, once it has gone out."""
    message, inputs = prepared.message, offering.inputs
    settlement = inputs.settlement
    return SentOffer(
        message_id=message.id,
        debtor_id=message.recipient_id,
        offered_on=message.as_of,
        valid_until=inputs.plans_valid_until or message.as_of,
        total=inputs.total,
        debts=offering.debts,
        plans=inputs.plans,
        settlements=(
            SettlementOffer(
                amount=settlement,
                percent=(100 * settlement.amount / inputs.total.amount).quantize(Decimal("0.01")),
                valid_until=inputs.settlement_until,
            ),
        )
        if settlement and prepared.message.template == SETTLEMENT_TEMPLATE
        else (),
        base=arrangements.base_of(connection, offering.debts, message.as_of),
        discount=offering.discount,
    )


def _remember(press: Preparing, prepared: Prepared) -> None:
    if prepared.content is not None and prepared.report is not None:
        columns = prepared.columns
        digest, version = columns["inputs_digest"], columns["template_version"]
        press.remember(prepared.content.sha256, digest, version, prepared.report)


def _entry(prepared: Prepared, reasons: Sequence[dict[str, Any]], actor: str, now: datetime) -> LogEntry:
    message = prepared.message
    columns = {
        k: v
        for k, v in prepared.columns.items()
        if k in {"content_sha256", "template_version", "balance_minor"}
    }
    details: dict[str, Any] = {}
    if prepared.template_sha256:
        details["template_sha256"] = prepared.template_sha256  # binds the version's text to the message
    if prepared.state is State.DEFERRED and message.not_before:
        details["not_before"] = message.not_before.isoformat()
    return entry_of(
        message._replace(**columns),
        Event(prepared.state.value),
        at=now,
        actor=actor,
        decision=_DECISIONS.get(prepared.state),
        reasons=tuple(reasons),
        details=details,
    )
