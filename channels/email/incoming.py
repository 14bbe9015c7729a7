"""What a mail that came in is: words of a person, a mail of ours that came back, or an answer of a machine.

RFC 3464 and the forms of providers that keep to nothing are read by flufl.bounce; automatic answers are told by
RFC 3834 and by the headers that programs used before it.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr
from enum import StrEnum
from html.parser import HTMLParser

_OURS = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@")
_ANSWERED = re.compile(r"^\s*(?:(?:re|aw|rv|res|ref|fw|fwd|tr|wg|enc)\s*:\s*)+", re.IGNORECASE)
_STATUS = re.compile(r"^Status:\s*(\d\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_DIAGNOSIS = re.compile(r"^Diagnostic-Code:\s*([^\n]{1,300})", re.IGNORECASE | re.MULTILINE)
_MACHINES = re.compile(r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", re.IGNORECASE)


class IncomingKind(StrEnum):
    """What came in."""

    WORDS = "words"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """One mail. `event_id` is the same for the same mail, wherever and however often it is read.

    `ours`: ids of messages of ours that it names, the nearest first. `failed` and `delayed`: addresses that a bounce
    speaks of. `text`: what was written, and the subject where it says something of its own.
    """

    kind: IncomingKind
    event_id: str
    at: datetime
    sender: str
    to: str
    text: str
    ours: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    delayed: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""


def read_mail(raw: bytes, at: datetime) -> Incoming:
    """Read a mail; whatever stands in it, something comes out."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 that policy makes no other
    whole = raw.decode("utf-8", "replace")
    delayed, failed = _failures(mail)
    kind = _kind(mail, bool(failed or delayed))
    status, diagnosis = _STATUS.search(whole), _DIAGNOSIS.search(whole)
    return Incoming(
        kind=kind,
        event_id=_event_id(mail, raw),
        at=at,
        sender=parseaddr(_header(mail, "From"))[1],
        to=parseaddr(_header(mail, "To"))[1],
        text=_text(mail) if kind is IncomingKind.WORDS else "",
        ours=tuple(dict.fromkeys(_ours(mail, whole if kind is IncomingKind.BOUNCE else ""))),
        failed=failed if kind is IncomingKind.BOUNCE else (),
        delayed=delayed if kind is IncomingKind.BOUNCE else (),
        code=status[1] if status and kind is IncomingKind.BOUNCE else "",
        reason=diagnosis[1].strip() if diagnosis and kind is IncomingKind.BOUNCE else "",
    )


def _kind(mail: EmailMessage, bounced: bool) -> IncomingKind:  # noqa: FBT001 what was found
    if bounced:
        return IncomingKind.BOUNCE
    return IncomingKind.AUTOMATIC if _is_automatic(mail) else IncomingKind.WORDS


def _failures(mail: EmailMessage) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(delayed, failed) addresses; what no detector can read is no bounce."""
    from flufl.bounce import all_failures  # forty detectors: only where a mail is read

    try:
        found = all_failures(mail)
    except (MessageError, ValueError, LookupError, AttributeError, TypeError):
        return (), ()
    delayed, failed = (
        tuple(sorted(each.decode("ascii", "replace").lower() for each in part)) for part in found
    )
    return delayed, failed


def _is_automatic(mail: EmailMessage) -> bool:
    """RFC 3834, 2 and 5; before it programs said so in many ways."""
    auto = _header(mail, "Auto-Submitted").split(";")[0].strip().lower()
    if auto:
        return auto != "no"
    if _header(mail, "Precedence").strip().lower() in {"bulk", "junk", "list", "auto_reply"}:
        return True
    if any(_header(mail, name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From", "List-Id")):
        return True
    if _header(mail, "Return-Path").strip() == "<>" or mail.get_content_type() == "multipart/report":
        return True
    return bool(_MACHINES.match(parseaddr(_header(mail, "From"))[1]))


def _ours(mail: EmailMessage, whole: str) -> Iterator[str]:
    """In-Reply-To first, then References from the newest back, then what a bounce encloses."""
    yield from _OURS.findall(_header(mail, "In-Reply-To"))
    yield from reversed(_OURS.findall(_header(mail, "References")))
    yield from _OURS.findall(whole)


def _header(mail: EmailMessage, name: str) -> str:
    try:
        return str(mail.get(name, ""))
    except (
        MessageError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
    ):  # headers that break the parser
        return ""


def _event_id(mail: EmailMessage, raw: bytes) -> str:
    """Of its own id and its body: two copies of a mail differ in the lines that servers add on the way."""
    body = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1]
    named = _header(mail, "Message-ID").strip().encode("utf-8", "replace")
    return hashlib.sha256(named + b"\n" + hashlib.sha256(body).digest()).hexdigest()


def _text(mail: EmailMessage) -> str:
    subject = _header(mail, "Subject").strip()
    own = "" if _ANSWERED.match(subject) else subject
    return "\n".join(part for part in (own, _body(mail).strip()) if part)


def _body(mail: EmailMessage) -> str:
    try:
        part = mail.get_body(("plain", "html"))
        if part is None:
            return ""
        content = part.get_content()
    except (MessageError, ValueError, LookupError, AttributeError, TypeError):  # charsets that nobody knows
        payload = mail.get_payload(decode=True)
        return payload.decode("latin-1") if isinstance(payload, bytes) else ""
    text = content if isinstance(content, str) else ""
    return _plain(text) if part.get_content_type() == "text/html" else text


class _Words(HTMLParser):
    """The words of an HTML mail, without what it quotes."""

    _BREAKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3"})
    _SILENT = frozenset({"blockquote", "style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        quoted = "gmail_quote" in (dict(attrs).get("class") or "")
        if self._silent:
            self._silent += [tag] if tag == self._silent[0] else []
        elif tag in self._SILENT or quoted:
            self._silent.append(tag)
        if tag in self._BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def _plain(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.words).splitlines())
    return "\n".join(line for line in lines if line)
