"""The one function that turns a compiled template and a debtor's data into the exact bytes that are sent."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, TypeVar

from jinja2 import TemplateError

from channels.kind import ChannelKind
from dispatcher.gate.facts import ContentFindings
from dispatcher.writing.checks import checks
from dispatcher.writing.checks.finding import Finding
from dispatcher.writing.domain.letter_words import LetterWords
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.formats import locale_for
from dispatcher.writing.language.compiled import CompiledTemplate, CompiledText, Part, text_direction
from dispatcher.writing.language.placeholders import View, find
from dispatcher.writing.language.problems import MissingValue
from dispatcher.writing.language.sandbox import MAX_OUTPUT
from dispatcher.writing.language.shared_values import shared_values
from dispatcher.writing.language.syntax import LOCALE
from dispatcher.writing.language.values import (
    Use,
    Variables,
    for_medium,
    html_text,
    plain_text,
    sms_text,
    strings,
    with_single_stops,
)
from dispatcher.writing.letter_text import LetterText
from dispatcher.writing.mime import AddressError, Email, email_bytes
from dispatcher.writing.untrusted import one_line

if TYPE_CHECKING:  # loads the PDF engine: only where letters are written
    from dispatcher.writing.letters.letter import LetterProblem

_log = logging.getLogger(__name__)
_Made = TypeVar("_Made")
_FILE_NAMES = {ChannelKind.EMAIL: "email.md", ChannelKind.SMS: "sms.txt", ChannelKind.LETTER: "letter.md"}
_TRAILING = re.compile(r"[ \t]+\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A finished text. `body` is exactly what is sent; `text` the same words for reading, checking, searching."""

    channel: ChannelKind
    body: bytes
    media_type: str
    subject: str
    preheader: str
    text: str
    html: str
    language: str
    pages: int = 0
    segments: int = 0
    findings: tuple[Finding, ...] = ()
    content: ContentFindings = field(default_factory=ContentFindings)


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderFailure:
    """Why there is no text for this debtor: one sentence, and what to do."""

    rule: str
    reason: str
    advice: str

    def __str__(self) -> str:
        return f"{self.reason} {self.advice}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """The words of a message and what the checks say, without the bytes around them."""

    channel: ChannelKind
    language: str
    parts: Mapping[str, str]
    report: checks.Report
    values: "_Values" = field(repr=False, compare=False)
    letter_words: LetterWords | None = None  # what the page says around it, where it is a letter


class _Failed(Exception):  # noqa: N818  it never leaves this module
    def __init__(self, rule: str, reason: str, advice: str) -> None:
        self.failure = RenderFailure(rule=rule, reason=reason, advice=advice)
        super().__init__(reason)


def render(
    compiled: CompiledTemplate,
    inputs: RenderInputs,
    *,
    message_id: str,
    to: str,
    to_name: str = "",
    now: datetime | None = None,
    from_address: str = "",
) -> Rendered | RenderFailure:
    """Render and check one message. The same arguments give the same bytes; a debtor's data never raises.

    `now` becomes the e-mail's Date (else midnight UTC of the as-of date); `from_address` replaces the sender's.
    """

    def finished() -> Rendered | RenderFailure:
        text = _text_of(compiled, inputs)
        parts = _Values(text, text.uses, inputs).parts()
        return _finished(compiled, text, inputs, parts, _Address(message_id, to, to_name, now, from_address))

    return _caught(finished)


def _caught(make: Callable[[], _Made]) -> _Made | RenderFailure:
    """What `make` makes, or why it cannot: one debtor's bad data holds that message and never the run."""
    try:
        return make()
    except _Failed as failed:
        return failed.failure
    except MissingValue as missing:
        reason = f"The text needs {missing.name}, which is empty for this debtor."
        advice = f"Fill it in, or put it between {{% if {missing.name} %}} and {{% endif %}} in the template."
        return RenderFailure(rule="missing-value", reason=reason, advice=advice)
    except AddressError as error:
        return RenderFailure(
            rule="address", reason=f"{error}.", advice="Correct the address in the portfolio."
        )
    except (
        TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
        MemoryError,
    ) as error:
        _log.warning("a text could not be made", exc_info=error)
        reason = (
            "The text cannot be made from this debtor's data: a value is not of the form its template takes."
        )
        return RenderFailure(
            rule="render-error",
            reason=reason,
            advice="Look at the debtor's row and the template's conditions.",
        )


def lacks_needs(compiled: CompiledTemplate, inputs: RenderInputs) -> bool:
    """Whether a value is empty without which, as its `needs` say, the template is never sent."""
    text = compiled.text_for(inputs)
    if text is None:
        return False
    view = View(inputs, text.wording, locale_for(text.language, inputs.debtor.country))
    found = (find(name) for name in compiled.meta.needs)
    return any(placeholder is not None and not placeholder.get(view) for placeholder in found)


def render_words(compiled: CompiledTemplate, inputs: RenderInputs) -> Draft | RenderFailure:
    """Render and check the words alone: for rehearsals, where nobody gets the message."""

    def words() -> Draft:
        text = _text_of(compiled, inputs)
        values = _Values(text, text.uses, inputs)
        parts = values.parts()
        segments = compiled.meta.sms_segments if text.channel is ChannelKind.SMS else 0
        report = checks.check(parts, text=text, inputs=inputs, max_segments=segments)
        return Draft(
            channel=text.channel,
            language=text.language,
            parts=parts,
            report=report,
            letter_words=text.letter_words,
            values=values,
        )

    return _caught(words)


def says_the_same(compiled: CompiledTemplate, inputs: RenderInputs, draft: Draft) -> bool:
    """Whether a template makes exactly a draft's parts from the same inputs; False where it makes none.

    Shorter parts are compared first.
    """

    def same() -> bool:
        text = _text_of(compiled, inputs)
        parts = draft.parts
        return text.parts.keys() == parts.keys() and all(
            _part(text, name, inputs, draft.values) == parts[name]
            for name in sorted(parts, key="html".__eq__)
        )

    return _caught(same) is True


def _part(text: CompiledText, name: str, inputs: RenderInputs, before: "_Values") -> str:
    part = text.parts[name]
    values = _Values(text, part.uses, inputs, before)
    return _tidied({name: values.rendered(part)})[name]


@dataclass(frozen=True, slots=True)
class _Address:
    message_id: str
    to: str
    to_name: str
    now: datetime | None
    from_address: str


def _text_of(compiled: CompiledTemplate, inputs: RenderInputs) -> CompiledText:
    text = compiled.text_for(inputs)
    if text is None:
        raise _Failed(
            "no-text",
            f"Template {compiled.name} has no {inputs.channel} text in {inputs.debtor.language or 'any language'}.",
            f"Add a file such as en/{_FILE_NAMES[inputs.channel]}.",
        )
    if inputs.kind not in compiled.meta.kinds:
        kinds = ", ".join(sorted(compiled.meta.kinds))
        raise _Failed(
            "kind",
            f"Template {compiled.name} serves {kinds}, not a {inputs.kind} step.",
            "Use another template for this step, or widen `kinds` in its template.yaml.",
        )
    if compiled.meta.notice and inputs.notice != compiled.meta.notice:
        raise _Failed(
            "notice",
            f"Template {compiled.name} is the notice {compiled.meta.notice}, and this step is none.",
            f"Write `notice: {compiled.meta.notice}` at the step, or use another template for it.",
        )
    if not inputs.debts and inputs.asks:
        raise _Failed("no-debt", "There is no debt to write about.", "Plan the message again.")
    return text


class _Values:
    """The values of some placeholders for one message, for HTML and for plain text."""

    def __init__(
        self, text: CompiledText, uses: tuple[Use, ...], inputs: RenderInputs, before: "_Values | None" = None
    ) -> None:
        """`before`: another text's values from the same inputs; what it has in the same language is not made anew."""
        self.text = text
        self._locale = locale_for(text.language, inputs.debtor.country)
        self._names = inputs.names
        self._write = sms_text if text.channel is ChannelKind.SMS else plain_text
        self._shared = shared_values(uses, inputs, text.wording, self._locale, self._write)
        self._uses = self._shared.own
        known: Variables = before.values if before and before.text.wording is text.wording else {}
        self.values: Variables = strings(
            self._uses, View(inputs, text.wording, self._locale), self._locale, known
        )
        self._plain: Variables = {}

    def parts(self) -> dict[str, str]:
        """Every part of the text, rendered from values computed once."""
        return _tidied({name: self.rendered(part) for name, part in self.text.parts.items()})

    def rendered(self, part: Part) -> str:
        """One part of the text; too long a one is a failure."""
        output = part.render(self._for_html() if part.html else self._for_plain())
        if len(output) > MAX_OUTPUT:
            raise _Failed(
                "too-long",
                f"The text has {len(output)} characters.",
                f"{MAX_OUTPUT} are the limit; write about fewer debts.",
            )
        return with_single_stops(output, self._names, html=part.html)

    def _for_plain(self) -> Variables:
        if not self._plain:
            own = for_medium(self._uses, self.values, self._write)
            self._plain = {**self._shared.plain, **own, LOCALE: self._locale}
        return self._plain

    def _for_html(self) -> Variables:
        own = for_medium(self._uses, self.values, html_text)
        return {**self._shared.html, **own, LOCALE: self._locale}


def _tidied(parts: dict[str, str]) -> dict[str, str]:
    for name, value in parts.items():
        if name == "text":
            parts[name] = _paragraphs(value)
        elif name != "html":
            parts[name] = " ".join(value.split())
    return parts


def _paragraphs(text: str) -> str:
    """No spaces at the ends of lines, one empty line between paragraphs."""
    if " \n" in text or "\t\n" in text:
        text = _TRAILING.sub("\n", text)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip() + "\n"


def _finished(
    compiled: CompiledTemplate, text: CompiledText, inputs: RenderInputs, parts: dict[str, str], to: _Address
) -> Rendered | RenderFailure:
    match text.channel:
        case ChannelKind.EMAIL:
            return _email(text, inputs, parts, to)
        case ChannelKind.SMS:
            return _sms(compiled, text, inputs, parts)
        case ChannelKind.LETTER:
            return _letter(text, inputs, parts, to)


def _email(text: CompiledText, inputs: RenderInputs, parts: dict[str, str], to: _Address) -> Rendered:
    sender = inputs.sender
    body = email_bytes(
        Email(
            message_id=to.message_id,
            to=to.to,
            to_name=one_line(to.to_name),
            sender=to.from_address or sender.email,
            sender_name=one_line(sender.name),
            reply_to=sender.reply_to,
            subject=parts["subject"],
            text=parts["text"],
            html=parts["html"],
            language=text.language,
            sent_at=to.now or datetime.combine(inputs.as_of, time(), UTC),
            unsubscribe_url=inputs.optout_url,
            logo=sender.logo,
        )
    )
    report = checks.check(parts, text=text, inputs=inputs)
    return Rendered(
        channel=text.channel,
        body=body,
        media_type="message/rfc822",
        subject=parts["subject"],
        preheader=parts["preheader"],
        text=parts["text"],
        html=parts["html"],
        language=text.language,
        findings=report.findings,
        content=report.content,
    )


def _sms(
    compiled: CompiledTemplate, text: CompiledText, inputs: RenderInputs, parts: dict[str, str]
) -> Rendered:
    words = parts["text"].strip()
    report = checks.check({"text": words}, text=text, inputs=inputs, max_segments=compiled.meta.sms_segments)
    return Rendered(
        channel=text.channel,
        body=words.encode("utf-8"),
        media_type="text/plain; charset=utf-8",
        subject="",
        preheader="",
        text=words,
        html="",
        language=text.language,
        segments=report.segments,
        findings=report.findings,
        content=report.content,
    )


def _letter(
    text: CompiledText, inputs: RenderInputs, parts: dict[str, str], to: _Address
) -> Rendered | RenderFailure:
    from dispatcher.writing.letters.letter import (  # loads the PDF engine: only where letters are written
        LetterProblem,
        render_letter,
    )

    printed = render_letter(_letter_text(text, parts), inputs, message_id=to.message_id)
    if isinstance(printed, LetterProblem):
        return _held_letter(printed)
    report = checks.check(parts, text=text, inputs=inputs)
    return Rendered(
        channel=text.channel,
        body=printed.pdf,
        media_type="application/pdf",
        subject=parts["title"],
        preheader="",
        text=parts["text"],
        html=parts["html"],
        language=text.language,
        pages=printed.pages,
        findings=report.findings,
        content=report.content,
    )


def letter_failure(draft: Draft, inputs: RenderInputs, *, printed: bool) -> RenderFailure | None:
    """Why a letter of these words would be held; what only its pages can show is looked for where `printed`."""
    from dispatcher.writing.letters.letter import (  # loads the PDF engine: only where letters are written
        LetterPdf,
        check_letter,
        render_letter,
    )

    found = (render_letter if printed else check_letter)(
        _letter_text(draft, draft.parts), inputs, message_id="sample"
    )
    return None if found is None or isinstance(found, LetterPdf) else _held_letter(found)


def _letter_text(of: CompiledText | Draft, parts: Mapping[str, str]) -> LetterText:
    return LetterText(
        title=parts["title"],
        body_html=parts["html"],
        language=of.language,
        direction=text_direction(of.language),
        words=of.letter_words,
    )


def _held_letter(problem: "LetterProblem") -> RenderFailure:
    reason = problem.message[:1].upper() + problem.message[1:]
    return RenderFailure(rule=problem.rule, reason=reason, advice="")
