"""The checks of a rendered text, a list of named steps, run before it is queued and again on the bytes at send."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from babel import Locale
from markupsafe import escape

from channels.kind import ChannelKind
from channels.sms.segments import count_segments
from dispatcher.domain.facts import ContentFindings
from dispatcher.domain.money import Money
from dispatcher.domain.render_inputs import DebtView, RenderInputs
from dispatcher.rendering.compile import CompiledTemplate, CompiledText, applies
from dispatcher.rendering.finding import Finding
from dispatcher.rendering.formats import date_text, locale_for, money_text
from dispatcher.rendering.mime import read_email
from dispatcher.rendering.placeholders import View
from dispatcher.rendering.scan import AMOUNT, DATA, Hit, Scanner, Verdict, scanner_for
from dispatcher.rendering.syntax import LOCALE
from dispatcher.rendering.untrusted import one_line
from dispatcher.rendering.values import for_medium, plain_text, sms_text, strings

_HREF = re.compile(r'href="([^"]*)"')
_SPACES = re.compile(r"\s+")
SUBJECT_LENGTH = 150
COLLECTORS = frozenset({"third_party", "third_party_collector", "debt_buyer", "law_firm"})
CONFIRMATION = "optout_confirmation"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """All findings, the same as the gate's facts, and an SMS's segments."""

    findings: tuple[Finding, ...]
    content: ContentFindings
    segments: int = 0


@dataclass(slots=True)
class _Checked:
    """What the steps look at, and what they gather for the gate."""

    parts: Mapping[str, str]
    text: CompiledText
    inputs: RenderInputs
    locale: Locale
    scanner: Scanner
    max_segments: int
    words: str  # the reading text on one line
    segments: int = 0
    missing: list[str] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)
    handover: bool = False
    says_no_court: bool = False
    facts: dict[str, object] = field(default_factory=dict)


def check(
    parts: Mapping[str, str], *, text: CompiledText, inputs: RenderInputs, max_segments: int = 0
) -> Report:
    """Run every step over the parts of a text (text, html, subject, preheader, title)."""
    checked = _Checked(
        parts=parts,
        text=text,
        inputs=inputs,
        locale=locale_for(text.language, inputs.debtor.country),
        scanner=scanner_for(text.wording),
        max_segments=max_segments,
        words=_SPACES.sub(" ", parts["text"]),
    )
    findings = tuple(finding for _, step in STEPS for finding in step(checked))
    return Report(findings=findings, content=_content(checked, findings), segments=checked.segments)


def check_bytes(body: bytes, *, compiled: CompiledTemplate, inputs: RenderInputs) -> Report:
    """The same steps over the exact bytes that are about to leave."""
    text = compiled.text(inputs.channel, inputs.debtor.language, inputs.sender.language)
    if text is None:
        finding = Finding(
            rule="no-text", phrase="", advice=f"Template {compiled.name} has no text for this channel."
        )
        return Report(findings=(finding,), content=ContentFindings(sender_identified=False))
    try:
        parts = _parts_of(body, inputs.channel)
    except (ValueError, KeyError) as error:
        finding = Finding(
            rule="bytes", phrase=str(error)[:80], advice="The stored body cannot be read: prepare it again."
        )
        return Report(findings=(finding,), content=ContentFindings(sender_identified=False))
    return check(parts, text=text, inputs=inputs, max_segments=compiled.meta.sms_segments)


def _parts_of(body: bytes, channel: ChannelKind) -> Mapping[str, str]:
    if channel is ChannelKind.EMAIL:
        return read_email(body)
    if channel is ChannelKind.SMS:
        return {"text": body.decode("utf-8")}
    from dispatcher.rendering.letters.reading import (
        read_letter,
    )  # loads the PDF reader: only where letters are

    return {"text": read_letter(body).text, "read_from": "pdf"}


def _not_empty(checked: _Checked) -> Iterator[Finding]:
    if sum(character.isalpha() for character in checked.words) < 20:
        yield Finding(rule="empty", phrase="", advice="The text is empty: write what the message is for.")


def _subject(checked: _Checked) -> Iterator[Finding]:
    for part in ("subject", "preheader"):
        value = checked.parts.get(part)
        if value is None:
            continue
        if not value.strip():
            yield Finding(rule="subject", phrase="", part=part, advice=f"The {part} is empty: write one.")
        if len(value) > SUBJECT_LENGTH:
            yield Finding(rule="subject", phrase=value[:60], part=part, line=1,
                          advice=f"The {part} has {len(value)} characters; {SUBJECT_LENGTH} are the limit.")  # fmt: skip


def _wording(checked: _Checked) -> Iterator[Finding]:
    """Every line of every part, with the message's own data masked."""
    mask = _Mask(checked)
    for part, content in checked.parts.items():
        where = _WHERE.get(part)
        if where is None:
            continue
        if where == "text" and checked.text.channel is ChannelKind.SMS:
            where = "neutral"
        lines = mask(content, html=part == "html").split("\n")
        if checked.parts.get("read_from") == "pdf" and part == "text":
            lines = [" ".join(lines)]
        for number, line in enumerate(lines, start=1):
            if line:
                yield from _judged(checked, checked.scanner.judge(line, where), part, number)


_WHERE: Mapping[str, str] = {
    "subject": "neutral",
    "preheader": "neutral",
    "title": "heading",
    "text": "text",
    "html": "html",
}


def _judged(checked: _Checked, verdict: Verdict, part: str, number: int) -> Iterator[Finding]:
    checked.says_no_court |= verdict.says_no_court
    if part == "text":
        checked.topics |= verdict.topics
    for phrase in verdict.handovers:
        checked.handover = True
        yield from _handover(checked, phrase, part, number)
    for hit in verdict.hits:
        yield _found(checked, hit, part, number)


def _found(checked: _Checked, hit: Hit, part: str, number: int) -> Finding:
    lines = checked.parts[part].split("\n")
    line = lines[number - 1] if number <= len(lines) else ""
    offset = max(line.lower().find(hit.phrase.lower()), 0)
    return Finding(rule=hit.rule, phrase=hit.phrase, advice=hit.advice, part=part, line=number, offset=offset,
                   fact=hit.fact, topic=hit.topic)  # fmt: skip


def _handover(checked: _Checked, phrase: str, part: str, number: int) -> Iterator[Finding]:
    """Saying that another firm takes over is true where that was decided, and a threat where it was not."""
    inputs = checked.inputs
    if inputs.handover_on is None or not inputs.handover_firm:
        advice = "Nobody decided to pass this account on: leave it out, or record the decision first."
    elif one_line(inputs.handover_firm) not in checked.words:
        advice = f"Name the firm that takes over: {inputs.handover_firm}."
    elif (
        date_text(inputs.handover_on, checked.locale) not in checked.words
        or inputs.handover_on <= inputs.as_of
    ):
        advice = "Give the true date on which the account is passed on: {{ handover.on }}."
    else:
        return
    yield Finding(
        rule="handover",
        phrase=phrase,
        advice=advice,
        part=part,
        line=number,
        fact="threatening",
        topic="handover",
    )


def _no_court(checked: _Checked) -> Iterator[Finding]:
    if checked.handover and not checked.says_no_court:
        yield Finding(rule="no-court-sentence", phrase="",
                      advice="A final notice must say that it is not a court document.")  # fmt: skip


def _identity(checked: _Checked) -> Iterator[Finding]:
    """Who writes, for whom, about what, and how to reach a person."""
    for element, wanted, advice in _wanted(checked):
        if not any(value and _SPACES.sub(" ", value) in checked.words for value in wanted):
            checked.missing.append(element)
            yield Finding(rule=f"missing-{element.replace('_', '-')}", phrase="", advice=advice)


def _wanted(checked: _Checked) -> Iterator[tuple[str, tuple[str, ...], str]]:
    inputs, sender = checked.inputs, checked.inputs.sender
    yield "sender", (sender.name, sender.legal_name), "Say who writes: {{ sender.name }}."
    if inputs.kind == CONFIRMATION:
        return
    yield (
        "callback",
        (sender.phone, sender.email, inputs.payment_url),
        "Say how to reach a person: {{ sender.phone }}.",
    )
    if checked.text.channel is ChannelKind.SMS:
        return
    yield "creditor", (sender.creditor_name,), "Name the creditor: {{ creditor.name }}."
    yield "contact_person", (sender.contact_person,), "Name a person: {{ sender.contact_person }}."
    for debt in inputs.debts:
        yield (
            "debt_reference",
            (_shown(checked, debt.reference),),
            "Give the debt's reference: {{ debt.reference }}.",
        )
    total = money_text(inputs.total, checked.locale)
    yield "amount", (total,), "Say what is open: {{ debt.balance }}, {{ total }} or {{ tables.debts }}."


def _shown(checked: _Checked, value: str) -> str:
    return plain_text(one_line(value)) if checked.text.channel is not ChannelKind.SMS else one_line(value)


def _disclosures(checked: _Checked) -> Iterator[Finding]:
    """What the law wants said, in the message's own language, in the first message or in later ones."""
    inputs = checked.inputs
    for disclosure, first, later in checked.text.disclosures:
        for part, is_first in ((first, True), (later, False)):
            if part is None or not applies(disclosure, inputs, first=is_first):
                continue
            expected = (
                part.template.render(_variables(checked, part.uses)) if part.uses else part.template.render()
            )
            said = all(_SPACES.sub(" ", line) in checked.words for line in expected.split("\n"))
            if disclosure.name == "us_collector":
                checked.facts["initial_disclosure" if is_first else "subsequent_disclosure"] = said
                checked.facts["disclosure_language"] = checked.text.wording.language
            if not said:
                checked.missing.append(disclosure.name)
                yield Finding(rule="missing-disclosure", phrase=expected.split("\n")[0],
                              advice=f"The law wants this sentence ({disclosure.source}): put it back into the layout.")  # fmt: skip


def _variables(checked: _Checked, uses: tuple[object, ...]) -> dict[str, object]:
    view = View(checked.inputs, checked.text.wording, checked.locale)
    values = strings(uses, view, checked.locale)  # type: ignore[arg-type]  # uses of a Part are Use values
    write = sms_text if checked.text.channel is ChannelKind.SMS else plain_text
    return {**for_medium(uses, values, write), LOCALE: checked.locale}  # type: ignore[arg-type]  # the same


def _optout(checked: _Checked) -> Iterator[Finding]:
    """A way to stop this medium that is reasonable and simple: a link, or a word to reply."""
    channel, url = checked.text.channel, checked.inputs.optout_url
    if checked.inputs.kind == CONFIRMATION or channel is ChannelKind.LETTER:
        return
    plain = _folded_words(checked)
    said = next(
        (m[0] for p in checked.text.wording.optout[channel.value] for m in [p.search(plain)] if m), ""
    )
    linked = bool(url) and url in checked.words and str(escape(url)) in checked.parts.get("html", url)
    way = linked if channel is ChannelKind.EMAIL else True
    checked.facts["optout_notice"] = bool(said) and way
    checked.facts["optout_text"] = said or None
    checked.facts["optout_methods"] = (
        (("link",) if channel is ChannelKind.EMAIL else ("reply_stop",)) if said and way else ()
    )
    if not said or not way:
        checked.missing.append("optout")
        yield Finding(rule="missing-optout", phrase="",
                      advice="Say how to stop this medium with one reply or one link; the layout does.")  # fmt: skip


@lru_cache(maxsize=64)
def _folded(text: str) -> str:
    from dispatcher.domain.wording import folded

    return folded(text)


def _folded_words(checked: _Checked) -> str:
    return _folded(checked.words[-400:])


def _plans(checked: _Checked) -> Iterator[Finding]:
    """Plans add up to what is owed, and say until when they stand."""
    inputs = checked.inputs
    if not any(use.variable == "t_plans" and use.fields for use in checked.text.uses):
        return
    for plan in inputs.plans:
        added = sum(instalment.amount.minor for instalment in plan.instalments)
        if added != plan.total.minor or plan.total != inputs.total:
            yield Finding(rule="plan-total", phrase=f"option {plan.number}",
                          advice="The plan does not add up to what is owed: compute it again.")  # fmt: skip
    until = inputs.plans_valid_until
    if inputs.plans and (until is None or date_text(until, checked.locale) not in checked.words):
        yield Finding(
            rule="plan-expiry", phrase="", advice="Say until when the offer stands: {{ plans_valid_until }}."
        )


def _links(checked: _Checked) -> Iterator[Finding]:
    """Links lead to the sender, to us, or to the bodies the message names; debtor data never makes one."""
    html = checked.parts.get("html")
    if html is None:
        return
    for href in dict.fromkeys(_HREF.findall(html)):
        if not _is_known(href, checked.inputs):
            yield Finding(rule="link", phrase=href[:120], part="html", line=html.count("\n", 0, html.find(href)) + 1,
                          advice="Link only to the sender's own pages, or write the address as text.")  # fmt: skip


def _is_known(href: str, inputs: RenderInputs) -> bool:
    if href.startswith(("mailto:", "tel:")):
        return True
    sender = inputs.sender
    ours = (inputs.payment_url, inputs.optout_url, sender.website, sender.dispute_url)
    if href in ours:
        return True
    host = urlsplit(href.replace("&amp;", "&")).hostname
    return host is not None and host in {urlsplit(url).hostname for url in ours if url}


def _length(checked: _Checked) -> Iterator[Finding]:
    if checked.text.channel is not ChannelKind.SMS:
        return
    counted = count_segments(checked.parts["text"])
    checked.segments = counted.segments
    if checked.max_segments and counted.segments > checked.max_segments:
        offending = f" ({', '.join(counted.offending)} need more room)" if counted.offending else ""
        yield Finding(rule="sms-length", phrase=f"{counted.segments} segments",
                      advice=f"At most {checked.max_segments} are allowed for this template: shorten it{offending}.")  # fmt: skip


def _markup(checked: _Checked) -> Iterator[Finding]:
    """Data with angle brackets must stand escaped in HTML."""
    html = checked.parts.get("html", "")
    for value in (checked.inputs.debtor.name, *(debt.reference for debt in checked.inputs.debts)):
        if "<" in value and one_line(value) in html:
            yield Finding(
                rule="markup",
                phrase=value[:80],
                part="html",
                advice="Data became markup: report this; the message is held.",
            )


STEPS: tuple[tuple[str, Callable[[_Checked], Iterator[Finding]]], ...] = (
    ("there is a text", _not_empty),
    ("there are a subject and a preview", _subject),
    (
        "no wording that threatens, hurries, hides, shouts or was left over; every amount is the ledger's",
        _wording,
    ),
    ("a true final notice says that it is no court document", _no_court),
    ("sender, creditor, reference, amount and a person to reach", _identity),
    ("what the law wants said, first and later", _disclosures),
    ("a simple way to stop", _optout),
    ("plans add up", _plans),
    ("links lead home", _links),
    ("an SMS is short", _length),
    ("data is not markup", _markup),
)


class _Mask:
    """Takes the message's own data out of a text: names that look like words, and amounts that are the ledger's."""

    def __init__(self, checked: _Checked) -> None:
        inputs, sender = checked.inputs, checked.inputs.sender
        own = [inputs.debtor.name, inputs.debtor.reference, *(debt.reference for debt in inputs.debts)]
        own += [sender.name, sender.legal_name, sender.creditor_name, inputs.handover_firm]
        self._urls = [url for url in (inputs.optout_url, inputs.payment_url) if url]
        self._words = sorted({one_line(value) for value in own if value}, key=len, reverse=True)
        self._amounts = _amounts(checked)
        self._dates = [date_text(day, checked.locale) for day in _dates(inputs)]

    def __call__(self, content: str, *, html: bool) -> str:
        for url in self._urls:
            content = content.replace(str(escape(url)) if html else url, DATA)
        for amount in self._amounts:
            content = content.replace(amount, AMOUNT)
        for day in self._dates:
            content = content.replace(day, DATA)
        for word in self._words:
            shown = str(escape(word)) if html else word
            if shown in content:
                content = _without_word(content, shown)
        return content


def _without_word(content: str, word: str) -> str:
    """Replace a name; a short one only where it stands alone, lest it hide the words around it."""
    if len(word) >= 6:
        return content.replace(word, DATA)
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", DATA, content)


def _amounts(checked: _Checked) -> list[str]:
    """Every amount the ledger knows, as this reader sees it; longest first, so that none hides in another."""
    inputs = checked.inputs
    amounts = {inputs.total}
    for debt in inputs.debts:
        amounts |= set(_debt_amounts(debt))
    for plan in inputs.plans:
        amounts |= {plan.total, *(instalment.amount for instalment in plan.instalments)}
    # A reader of PDFs gives plain spaces back, and an SMS has no others.
    write = sms_text if checked.text.channel is ChannelKind.SMS or "read_from" in checked.parts else str
    return sorted({write(money_text(amount, checked.locale)) for amount in amounts}, key=len, reverse=True)


def _debt_amounts(debt: DebtView) -> Iterator[Money]:
    for amount in (debt.balance, debt.original, debt.paid, debt.interest, debt.fees, debt.credit):
        if amount is not None:
            yield amount


def _dates(inputs: RenderInputs) -> Iterator[object]:
    days = {inputs.as_of, inputs.first_message_on, inputs.plans_valid_until, inputs.handover_on}
    for debt in inputs.debts:
        days |= {debt.due_date, debt.issued_on}
    for plan in inputs.plans:
        days |= {instalment.due_on for instalment in plan.instalments}
    return (day for day in days if day is not None)


def _content(checked: _Checked, findings: tuple[Finding, ...]) -> ContentFindings:
    """The findings as the gate's facts."""
    traits = {finding.fact for finding in findings if finding.fact}
    if "threatens_suit" in traits:
        traits.add("threatening")
    inputs, facts = checked.inputs, checked.facts
    scope = checked.topics | {finding.topic for finding in findings if finding.topic}
    confirmation = inputs.kind == CONFIRMATION
    return ContentFindings(
        optout_notice=facts.get("optout_notice"),  # type: ignore[arg-type]  # written by _optout alone
        optout_text=facts.get("optout_text"),  # type: ignore[arg-type]  # the same
        optout_methods=facts.get("optout_methods"),  # type: ignore[arg-type]  # the same
        sender_identified="sender" not in checked.missing,
        missing=tuple(dict.fromkeys(name for name in checked.missing if name != "sender")),
        initial_disclosure=facts.get("initial_disclosure"),  # type: ignore[arg-type]  # written by _disclosures alone
        subsequent_disclosure=facts.get("subsequent_disclosure"),  # type: ignore[arg-type]  # the same
        disclosure_language=facts.get("disclosure_language"),  # type: ignore[arg-type]  # the same
        language=checked.text.language,
        resembles_court_document="resembles_court_document" in traits,
        threatening="threatening" in traits,
        threatens_suit="threatens_suit" in traits,
        disguised_purpose="disguised_purpose" in traits,
        asks_reason_for_default="asks_reason_for_default" in traits,
        marketing="marketing" in traits,
        first_contact_scope=tuple(sorted(scope))
        if inputs.first_contact and inputs.kind == "collection"
        else None,
        only_confirms_optout=not findings and not _speaks_of_money(checked) if confirmation else None,
    )


def _speaks_of_money(checked: _Checked) -> bool:
    return any(amount in checked.words for amount in _amounts(checked)) or (
        bool(checked.inputs.payment_url) and checked.inputs.payment_url in checked.words
    )
