"""The checks of a rendered text, a list of named steps, run before it is queued and on its bytes before it leaves."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import escape

from channels.kind import ChannelKind
from channels.sms.segments import count_segments
from dispatcher.gate.facts import ContentFindings
from dispatcher.values.validation_period import VALIDATION
from dispatcher.writing.checks.checked import CONFIRMATION, Checked, on_one_line, read_from_paper
from dispatcher.writing.checks.content_facts import content_facts
from dispatcher.writing.checks.finding import Finding
from dispatcher.writing.checks.intent import Hit
from dispatcher.writing.checks.mask import Mask
from dispatcher.writing.checks.scan import CLEAN, Verdict, scanner_for
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.domain.wording import Disclosure, folded
from dispatcher.writing.formats import date_text, locale_for, money_text
from dispatcher.writing.language.compiled import CompiledTemplate, CompiledText, Part, applies
from dispatcher.writing.language.placeholders import View
from dispatcher.writing.language.syntax import LOCALE
from dispatcher.writing.language.values import for_medium, plain_text, sms_text, strings, with_single_stops
from dispatcher.writing.mime import read_email
from dispatcher.writing.untrusted import one_line

SUBJECT_LENGTH = 150
HEAVIEST_HTML = 100_000  # bytes
_HREF = re.compile(r'href="([^"]*)"')
_TWENTY_LETTERS = re.compile(r"(?:[\W\d_]*[^\W\d_]){20}")
_WHERE: Mapping[str, str] = {
    "subject": "neutral",
    "preheader": "neutral",
    "title": "heading",
    "text": "text",
    "html": "html",
}
_END = 400  # characters at the end of a text, where the way to stop stands

Steps = Iterator[Finding]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """All findings, the same as the gate's facts, and an SMS's segments."""

    findings: tuple[Finding, ...]
    content: ContentFindings
    segments: int = 0


def check(
    parts: Mapping[str, str],
    *,
    text: CompiledText,
    inputs: RenderInputs,
    max_segments: int = 0,
    from_paper: bool = False,
) -> Report:
    """Run every step over the parts of a text (text, html, subject, preheader, title)."""
    checked = Checked(
        parts=parts,
        text=text,
        inputs=inputs,
        locale=locale_for(text.language, inputs.debtor.country),
        scanner=scanner_for(text.wording),
        max_segments=max_segments,
        words=read_from_paper(parts["text"]) if from_paper else on_one_line(parts["text"]),
        from_paper=from_paper,
    )
    findings = _once(finding for _, step in STEPS for finding in step(checked))
    return Report(findings=findings, content=content_facts(checked, findings), segments=checked.segments)


def check_words(parts: Mapping[str, str], *, text: CompiledText, inputs: RenderInputs) -> tuple[Finding, ...]:
    """Judge the wording alone of some parts: for a branch of a text, which is no whole message."""
    words = parts.get("text", next(iter(parts.values()), ""))
    checked = Checked(
        parts=parts,
        text=text,
        inputs=inputs,
        locale=locale_for(text.language, inputs.debtor.country),
        scanner=scanner_for(text.wording),
        max_segments=0,
        words=on_one_line(words),
    )
    return _once(_wording(checked))


def check_bytes(body: bytes, *, compiled: CompiledTemplate, inputs: RenderInputs) -> Report:
    """The same steps over the exact bytes that are about to leave."""
    text = compiled.text_for(inputs)
    if text is None:
        return _unusable("no-text", "", f"Template {compiled.name} has no text for this channel.")
    try:
        parts = _parts_of(body, inputs.channel)
    except ValueError as error:
        return _unusable("bytes", str(error)[:80], "The stored body cannot be read: prepare it again.")
    limit = compiled.meta.sms_segments if inputs.channel is ChannelKind.SMS else 0
    on_paper = inputs.channel is ChannelKind.LETTER
    return check(parts, text=text, inputs=inputs, max_segments=limit, from_paper=on_paper)


def _unusable(rule: str, phrase: str, advice: str) -> Report:
    finding = Finding(rule=rule, phrase=phrase, advice=advice)
    return Report(findings=(finding,), content=ContentFindings(sender_identified=False))


def _parts_of(body: bytes, channel: ChannelKind) -> Mapping[str, str]:
    match channel:
        case ChannelKind.EMAIL:
            return read_email(body)
        case ChannelKind.SMS:
            return {"text": body.decode("utf-8")}
        case ChannelKind.LETTER:
            from dispatcher.writing.letters import reading  # loads the PDF reader: only where letters are

            return {"text": reading.read_letter(body).text}


def _once(found: Steps) -> tuple[Finding, ...]:
    """Each finding once: what the HTML says, the plain text says too."""
    findings = tuple(found)
    elsewhere = {(finding.rule, finding.phrase) for finding in findings if finding.part != "html"}
    return tuple(f for f in findings if f.part != "html" or (f.rule, f.phrase) not in elsewhere)


def _not_empty(checked: Checked) -> Steps:
    if not _TWENTY_LETTERS.match(checked.words):
        yield Finding(rule="empty", phrase="", advice="The text is empty: write what the message is for.")


def _subject(checked: Checked) -> Steps:
    for part in ("subject", "preheader", "title"):
        value = checked.parts.get(part)
        if value is not None and not value.strip():
            yield Finding(rule="subject", phrase="", part=part, advice=f"The {part} is empty: write one.")
        elif value is not None and len(value) > SUBJECT_LENGTH:
            advice = f"The {part} has {len(value)} characters; {SUBJECT_LENGTH} are the limit."
            yield Finding(rule="subject", phrase=value[:60], part=part, line=1, advice=advice)


def _wording(checked: Checked) -> Steps:
    """Judge every line of every part, with the message's own data masked."""
    mask = Mask(checked)
    laws = list(_law_lines(checked))
    for part, content in checked.parts.items():
        where = _WHERE[part]
        if where == "text" and checked.text.channel is ChannelKind.SMS:
            where = "neutral"  # a screen shows it to whoever is near
        shown = checked.words if checked.from_paper else content
        start = (
            max(shown.find("<body"), 0) if part == "html" else 0
        )  # its head holds style, and the subject again
        for line in laws:
            shown = shown.replace(str(escape(line)) if part == "html" else line, "")
        verdicts = checked.scanner.lines(where)
        lines = mask(shown[start:], html=part == "html").split("\n")
        for number, line in enumerate(lines, start=1 + shown.count("\n", 0, start)):
            verdict = verdicts[line]
            if verdict is not CLEAN and (part != "html" or verdict.tells_in_html):
                yield from _judged(checked, verdict, part, number)


def _law_lines(checked: Checked) -> Iterator[str]:
    """What a notice says word for word as its law has it: nobody judges the law's wording."""
    for disclosure, first, _ in checked.text.disclosures:
        if disclosure.in_text and checked.inputs.notice in disclosure.notices and first is not None:
            yield from filter(None, map(on_one_line, _written(checked, first).split("\n")))


def _judged(checked: Checked, verdict: Verdict, part: str, number: int) -> Steps:
    checked.says_no_court |= verdict.says_no_court
    checked.traits |= {hit.fact for hit in verdict.hits}
    checked.topics |= {hit.topic for hit in verdict.hits if hit.topic}
    if part == "text":
        checked.topics |= verdict.topics
    for phrase in verdict.handovers:
        checked.announces_handover = True
        yield from _handover(checked, phrase, part, number)
    for hit in verdict.distinct():
        yield _found(checked, hit, part, number)
    for address in verdict.addresses if part != "html" else ():
        if not _is_known(address, checked.inputs) and not _in_law(address, checked):
            advice = "Link only to the sender's own pages; a shortened address hides where it leads."
            yield Finding(rule="link", phrase=address[:120], part=part, line=number, advice=advice)
    if checked.text.channel is ChannelKind.SMS:
        for mark in verdict.marks:
            advice = "An SMS is plain text: write the words without marks, and the address alone."
            yield Finding(rule="leftover", phrase=mark, part=part, line=number, advice=advice)


def _found(checked: Checked, hit: Hit, part: str, number: int) -> Finding:
    lines = checked.parts[part].split("\n")
    line = lines[number - 1] if number <= len(lines) else ""
    return Finding(
        rule=hit.rule,
        phrase=hit.phrase,
        advice=hit.advice,
        part=part,
        line=number,
        offset=max(line.lower().find(hit.phrase.lower()), 0),
        fact=hit.fact,
        topic=hit.topic,
    )


def _handover(checked: Checked, phrase: str, part: str, number: int) -> Steps:
    """Saying that another firm takes over is true where that was decided, and a threat where it was not."""
    inputs = checked.inputs
    if inputs.first_contact:
        advice = "The first message about a debt does not announce another firm: send a reminder first."
    elif inputs.handover_on is None or not inputs.handover_firm:
        advice = "Nobody decided to pass this account on: leave it out, or record the decision first."
    elif not checked.says(one_line(inputs.handover_firm)):
        advice = f"Name the firm that takes over: {inputs.handover_firm}."
    elif (
        not checked.says(date_text(inputs.handover_on, checked.locale)) or inputs.handover_on <= inputs.as_of
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


def _no_court(checked: Checked) -> Steps:
    if checked.announces_handover and not checked.says_no_court:
        advice = "A final notice must say that it is not a court document."
        yield Finding(rule="no-court-sentence", phrase="", advice=advice)


def _identity(checked: Checked) -> Steps:
    """Who writes, for whom, about what, and how to reach a person."""
    for element, wanted, advice in _wanted(checked):
        checked.looked_for.append(element)
        if not any(checked.says(value) for value in wanted):
            checked.missing.append(element)
            yield Finding(rule=f"missing-{element.replace('_', '-')}", phrase="", advice=advice)


def _wanted(checked: Checked) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(element, values of which one must be there, what to do)."""
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
    for debt in inputs.asked:
        yield (
            "debt_reference",
            (one_line(debt.reference),),
            "Give the debt's reference: {{ debt.reference }}.",
        )
    if inputs.arrangement is not None:
        amounts = tuple(money_text(money, checked.locale) for money in inputs.arrangement.moneys)
        yield "amount", amounts, "Say what was agreed: {{ arrangement.amount }} or {{ tables.schedule }}."
        return
    if not inputs.asks:
        return
    if inputs.notice == VALIDATION:
        yield from _itemization(checked)
    total = money_text(inputs.total, checked.locale)
    yield "amount", (total,), "Say what is open: {{ debt.balance }}, {{ total }} or {{ tables.debts }}."


def _itemization(checked: Checked) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each figure of each debt's itemization, and the day on which its period ends."""
    for debt in checked.inputs.asked:
        item = debt.itemization
        figures = (item.amount, item.interest, item.fees, item.credited) if item else ()
        said = [money_text(figure, checked.locale) for figure in figures]
        said += [date_text(item.on, checked.locale), one_line(item.creditor)] if item else [""]
        for value in said:
            yield "itemization", (value,), "Say what the debt is made of: {{ tables.itemization }}."
    ends = checked.inputs.validation_ends_on
    until = date_text(ends, checked.locale) if ends else ""
    yield "validation_period_end", (until,), "Say until when it may be disputed: {{ validation_ends_on }}."


def _disclosures(checked: Checked) -> Steps:
    """What the law wants said, in the message's own language, in the first message or in later ones."""
    for disclosure, first, later in checked.text.disclosures:
        for part, is_first in ((first, True), (later, False)):
            if part is not None and applies(disclosure, checked.inputs, first=is_first):
                yield from _disclosure(checked, disclosure, part, is_first=is_first)


def _disclosure(checked: Checked, disclosure: Disclosure, part: Part, *, is_first: bool) -> Steps:
    expected = _written(checked, part)
    checked.looked_for.append(disclosure.name)
    lines = [line for line in expected.split("\n") if line.strip()]  # a list of debts may end it
    said = bool(lines) and all(map(checked.says, lines))
    if disclosure.is_collector_statement:
        checked.disclosure_language = checked.text.wording.language
        if is_first:
            checked.initial_disclosure = said
        else:
            checked.subsequent_disclosure = said
    if said:
        checked.said.append(disclosure.name)
    else:
        checked.missing.append(disclosure.name)
        advice = f"The law wants this sentence ({disclosure.source}): put it back into the layout."
        yield Finding(rule="missing-disclosure", phrase=next(iter(lines), ""), advice=advice)


def _written(checked: Checked, part: Part) -> str:
    view = View(checked.inputs, checked.text.wording, checked.locale)
    write = sms_text if checked.from_paper or checked.text.channel is ChannelKind.SMS else plain_text
    variables = for_medium(part.uses, strings(part.uses, view, checked.locale), write)
    text = part.render({**variables, LOCALE: checked.locale})
    return with_single_stops(text, checked.inputs.names, html=False)


def _optout(checked: Checked) -> Steps:
    """A way to stop this medium that is reasonable and simple: a link, or a word to reply."""
    channel, url = checked.text.channel, checked.inputs.optout_url
    if checked.inputs.kind == CONFIRMATION or channel is ChannelKind.LETTER:
        return
    end = folded(checked.words[-_END:])
    matches = (pattern.search(end) for pattern in checked.text.wording.optout[channel.value])
    checked.optout_text = next((match[0] for match in matches if match), None)
    linked = bool(url) and url in checked.words and str(escape(url)) in checked.parts.get("html", url)
    if checked.optout_text and (linked or channel is ChannelKind.SMS):
        checked.optout_methods = ("link",) if channel is ChannelKind.EMAIL else ("reply_stop",)
        return
    checked.optout_methods = ()
    checked.missing.append("optout")
    advice = "Say how to stop this medium with one reply or one link; the layout does."
    yield Finding(rule="missing-optout", phrase="", advice=advice)


def _plans(checked: Checked) -> Steps:
    """Plans add up to what is owed and the interest that they bear, and say until when they stand."""
    inputs = checked.inputs
    if not checked.text.shows_plans or not inputs.plans:
        return
    for plan in inputs.plans:
        added = sum(instalment.amount.minor for instalment in plan.instalments)
        if added != plan.total.minor or plan.principal != inputs.total:
            advice = "The plan does not add up to what is owed: compute it again."
            yield Finding(rule="plan-total", phrase=f"option {plan.number}", advice=advice)
    until = inputs.plans_valid_until
    if until is None or not checked.says(date_text(until, checked.locale)):
        advice = "Say until when the offer stands: {{ plans_valid_until }}."
        yield Finding(rule="plan-expiry", phrase="", advice=advice)


def _discount(checked: Checked) -> Steps:
    """A discount says its last day, and stands beside the whole and a plan."""
    inputs = checked.inputs
    if not checked.text.shows_discount or inputs.discount is None:
        return
    until = inputs.discount.valid_until
    if until is None or not checked.says(date_text(until, checked.locale)):
        advice = "Say until when the discount stands: {{ discount.pay_by }}."
        yield Finding(rule="discount-expiry", phrase="", advice=advice)
    if not checked.text.shows_plans or not checked.says(money_text(inputs.total, checked.locale)):
        advice = "Show the whole and a plan beside the discount: {{ total }} and {{ tables.plans }}."
        yield Finding(rule="discount-alone", phrase="", advice=advice)


def _links(checked: Checked) -> Steps:
    """Links lead to the sender or to us; debtor data never makes one."""
    html = checked.parts.get("html", "")
    for href in dict.fromkeys(_HREF.findall(html)):
        if not _is_known(href, checked.inputs):
            line = html.count("\n", 0, html.find(href)) + 1
            advice = "Link only to the sender's own pages, or write the address as text."
            yield Finding(rule="link", phrase=href[:120], part="html", line=line, advice=advice)


def _in_law(address: str, checked: Checked) -> bool:
    """Whether a sentence of the law names that address: whoever writes it says no more than that."""
    said = (part for law, _, _ in checked.text.disclosures if law.in_text for part in (law.first, law.later))
    return any(address in text.split() for text in said)


_TRACKS = re.compile(r"[?&](?:utm_\w+|fbclid|gclid|mc_[ce]id|_hs\w+|mkt_tok)=", re.IGNORECASE)


def _is_known(href: str, inputs: RenderInputs) -> bool:
    sender = inputs.sender
    bodies = (sender.advice.get(inputs.debtor.country), sender.complaints.get(inputs.debtor.country))
    ours = [inputs.payment_url, inputs.optout_url, sender.website, sender.dispute_url]
    ours += [body.website for body in bodies if body]
    if href.replace("&amp;", "&") in {one.url for one in inputs.papers}:
        return True  # the creditor has provided it for this very person
    if href in ours or href.startswith(("mailto:", "tel:")):
        return True
    host = _host(href.replace("&amp;", "&"))
    if host is None or _TRACKS.search(href):
        return False
    own = _host(sender.website)
    return host in {_host(url) for url in ours if url} or (own is not None and host.endswith("." + own))


def _host(url: str) -> str | None:
    """The host of an address, with or without its scheme; `www.` says nothing."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def _weight(checked: Checked) -> Steps:
    """Gmail shows the first 102 kB of an e-mail's HTML and hides the rest, the way to stop with it."""
    size = len(checked.parts.get("html", "").encode())
    if checked.text.channel is ChannelKind.EMAIL and size > HEAVIEST_HTML:
        advice = (
            f"Mail programs cut off what is longer than {HEAVIEST_HTML // 1000} kB: write about fewer debts."
        )
        yield Finding(rule="email-weight", phrase=f"{size // 1000} kB", part="html", advice=advice)


def _length(checked: Checked) -> Steps:
    if checked.text.channel is not ChannelKind.SMS or not checked.parts["text"].strip():
        return  # an empty text has no segment; that it is empty is said elsewhere
    counted = count_segments(checked.parts["text"])
    checked.segments = counted.segments
    if checked.max_segments and counted.segments > checked.max_segments:
        offending = f" ({', '.join(counted.offending)} need more room)" if counted.offending else ""
        advice = f"At most {checked.max_segments} are allowed for this template: shorten it{offending}."
        yield Finding(rule="sms-length", phrase=f"{counted.segments} segments", advice=advice)


def _markup(checked: Checked) -> Steps:
    """Data with angle brackets must stand escaped in HTML."""
    html = checked.parts.get("html", "")
    for value in (checked.inputs.debtor.name, *(debt.reference for debt in checked.inputs.asked)):
        if "<" in value and one_line(value) in html:
            advice = "Data became markup: the message is held; report this."
            yield Finding(rule="markup", phrase=value[:80], part="html", advice=advice)


STEPS: tuple[tuple[str, Callable[[Checked], Steps]], ...] = (
    ("there is a text", _not_empty),
    ("there are a subject, a preview, a title", _subject),
    (
        "no wording that threatens, hurries, hides, shouts or was left over; every amount is the ledger's",
        _wording,
    ),
    ("a true final notice says that it is no court document", _no_court),
    ("sender, creditor, reference, amount and a person to reach", _identity),
    ("what the law wants said, first and later", _disclosures),
    ("a simple way to stop", _optout),
    ("plans add up", _plans),
    ("discounts have a choice", _discount),
    ("links lead home", _links),
    ("an e-mail is light", _weight),
    ("an SMS is short", _length),
    ("data is not markup", _markup),
)
