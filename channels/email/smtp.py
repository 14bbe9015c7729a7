"""Sends finished e-mail through an SMTP relay, byte for byte, over kept sessions."""

import contextlib
import re
import smtplib
import ssl
from datetime import datetime

import idna

from channels.email.smtp_outcomes import Stage, refusal
from channels.email.smtp_session import RefusedError, Session, SessionPool
from channels.email.smtp_settings import SMTP
from channels.kind import ChannelKind
from channels.message import OutboundMessage
from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater, Unknown
from channels.privacy import without
from channels.settings import ChannelSettings

_QUEUED_AS = re.compile(r"queued as (\S+)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")
_BARE_NEWLINE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
# By the first digit, which is all that RFC 5321 (4.3.2) lets a client rely on.
_STEPS = ((Stage.MAIL, 2), (Stage.RCPT, 2), (Stage.DATA, 3))


class SmtpChannel:
    """E-mail by a relay, which also signs it (DKIM). A lost final answer stays unknown."""

    kind = ChannelKind.EMAIL
    provider = SMTP.name
    repeat_is_safe = False
    can_look_up = False

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._sessions = SessionPool(settings)

    def send(self, message: OutboundMessage, *, now: datetime) -> Outcome:  # the date is in the bytes
        """Hand over the bytes as they are; a kept session that dies before any data went is replaced."""
        sender, to = _on_the_wire(message.sender or self._settings.sender), _on_the_wire(message.to)
        if to is None:
            return Rejected(reason="the address is not one", scope=Scope.ADDRESS, code="5.1.3")
        if sender is None:
            return Rejected(reason="the sender's address is not one", scope=Scope.CHANNEL, code="5.1.7")
        outcome = self._try(message, sender, to, fresh=False)
        return (
            outcome
            or self._try(message, sender, to, fresh=True)
            or TryLater(reason="the relay closed the session")
        )

    def _try(self, message: OutboundMessage, sender: str, to: str, *, fresh: bool) -> Outcome | None:
        """One conversation; None when a kept session died before any data was sent."""
        private = (message.to, to, self._settings.password, self._settings.oauth_client_secret)
        try:
            session = self._sessions.take(fresh=fresh)
        except RefusedError as error:
            return refusal(error.stage, error.code, error.reply, *private)
        except (OSError, smtplib.SMTPException) as error:
            return TryLater(reason=without(self._words(error), *private))
        conversation = _Conversation(session)
        try:
            outcome = conversation.hand_over(sender, to, message)
        except RefusedError as error:
            self._end_politely(session, error.code)
            return refusal(error.stage, error.code, error.reply, *private)
        except (OSError, smtplib.SMTPException) as error:
            session.client.close()
            return self._broken(error, conversation, was_kept=not session.fresh)
        self._sessions.give_back(session)
        return outcome

    def _broken(self, error: Exception, conversation: "_Conversation", *, was_kept: bool) -> Outcome | None:
        if conversation.handed_over:
            return Unknown(why=f"the message was handed over; {self._words(error)}")
        return None if was_kept and not conversation.begun else TryLater(reason=self._words(error))

    def _end_politely(self, session: Session, code: int) -> None:
        if code == 421:
            session.client.close()
            return
        try:
            session.client.begin()
            session.client.rset()
        except (OSError, smtplib.SMTPException):
            session.client.close()
            return
        self._sessions.give_back(session)

    def _words(self, error: Exception) -> str:
        host = self._settings.host
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"TLS with {host} failed: {error.verify_message} (SSL_CERT_FILE names other authorities)"
        if isinstance(error, TimeoutError):
            return f"no answer from {host} within {self._settings.timeout:g} s"
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return f"the connection to {host} broke off"
        detail = getattr(error, "strerror", None) or type(error).__name__
        return f"no conversation with {host}: {detail}"

    def look_up(
        self, message_id: str, *, to: str, attempted_at: datetime, body: bytes = b""
    ) -> Outcome | None:
        """SMTP cannot say; the relay's log or a person decides."""
        return None

    def check(self) -> str | None:
        """What is missing from the settings, or None."""
        if self._settings.tls not in {"starttls", "tls", "none"}:
            return (
                f"DISPATCHER_CHANNELS__EMAIL__TLS is {self._settings.tls!r}; it can be starttls, tls or none"
            )
        return SMTP.missing(self._settings)

    def log_in(self) -> str | None:
        """Opens a session, logs in, says NOOP."""
        private = (self._settings.password, self._settings.oauth_client_secret)
        try:
            session = self._sessions.take(fresh=True)
        except RefusedError as error:
            words = without(error.reply.decode(errors="replace"), *private)
            return f"the relay refused ({error.stage}, {error.code}): {words}"
        except (OSError, smtplib.SMTPException) as error:
            return without(self._words(error), *private)
        try:
            code, reply = session.client.noop()
        except (OSError, smtplib.SMTPException) as error:
            return without(self._words(error), *private)
        finally:
            session.close()
        return (
            None
            if code == 250
            else f"the relay answers {code} {without(reply.decode(errors='replace'), *private)}"
        )

    def close(self) -> None:
        """End the kept sessions."""
        self._sessions.close()


class _Conversation:
    """One message over one session.

    `begun` from the moment the relay lets its content come, `handed_over` once all of that, with the final dot,
    is on its way: before, no relay may deliver it (RFC 5321, 4.1.1.4).
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client
        self.begun = False
        self.handed_over = False

    def hand_over(self, sender: str, to: str, message: OutboundMessage) -> Outcome:
        """Raises RefusedError, OSError or smtplib.SMTPException."""
        content = _with_whole_line_ends(message.body)
        options = self._options(sender, to, content)
        mail = " ".join((f"MAIL FROM:<{sender}>", *options))
        self._agree(f"{mail}\r\n".encode(), f"RCPT TO:<{to}>\r\n".encode(), b"DATA\r\n")
        self.begun = True
        self._session.write(_stuffed(content))
        self.handed_over = True
        code, reply = self._client.getreply()
        if code // 100 in {1, 3}:
            raise smtplib.SMTPException(f"{code} is no answer to a whole message")
        _expect(Stage.DATA, (code, reply), 2)
        self._session.messages += 1
        return _accepted(reply, message.message_id, message.to, to)

    def _agree(self, *commands: bytes) -> None:
        """Sender, recipient and leave to send; in one write where the relay knows pipelining (RFC 2920)."""
        if self._client.has_extn("pipelining"):
            self._session.write(b"".join(commands))
            self._read_together()
            return
        for command, (stage, wanted) in zip(commands, _STEPS, strict=True):
            self._session.write(command)
            _expect(stage, self._client.getreply(), wanted)

    def _read_together(self) -> None:
        """The first refusal is the one that counts; the others follow from it."""
        refused: list[RefusedError] = []
        for stage, wanted in _STEPS:
            try:
                _expect(stage, self._client.getreply(), wanted)
            except RefusedError as error:
                refused.append(error)
            except (OSError, smtplib.SMTPException):
                if refused:  # it said no and hung up
                    break
                raise
        if not refused:
            return
        if refused[-1].stage is not Stage.DATA:
            self._client.close()  # it waits for a content that must not come
        raise refused[0]

    def _options(self, sender: str, to: str, content: bytes) -> list[str]:
        """The extensions this message needs. Raises RefusedError where the relay lacks one."""
        options = [f"SIZE={len(content)}"] if self._client.has_extn("size") else []
        if not content.isascii():
            self._need("8bitmime", b"5.6.3 the message needs 8BITMIME, which the relay does not offer")
            options.append("BODY=8BITMIME")
        head, _, _ = content.partition(b"\r\n\r\n")
        if not (sender.isascii() and to.isascii() and head.isascii()):
            self._need("smtputf8", b"5.6.7 the address needs SMTPUTF8, which the relay does not offer")
            options.append("SMTPUTF8")
        return options

    def _need(self, extension: str, reply: bytes) -> None:
        if not self._client.has_extn(extension):
            raise RefusedError(Stage.DATA, 550, reply)


def _expect(stage: Stage, answer: tuple[int, bytes], family: int) -> None:
    code, reply = answer
    if code < 100:
        raise smtplib.SMTPServerDisconnected("no reply")
    if code // 100 != family:
        raise RefusedError(stage, code, reply)


def _accepted(reply: bytes, message_id: str, *private: str) -> Accepted:
    words = without(reply.decode("utf-8", "replace"), *private)
    queued = _QUEUED_AS.search(words)
    return Accepted(provider_id=queued[1] if queued else message_id, note=words)


def _with_whole_line_ends(body: bytes) -> bytes:
    """The body with CRLF alone. Counting costs a tenth of looking, and rendering makes nothing else."""
    pairs = body.count(b"\r\n")
    if pairs == body.count(b"\n") == body.count(b"\r"):
        return body
    return _BARE_NEWLINE.sub(b"\r\n", body)


def _stuffed(content: bytes) -> bytes:
    """The content as DATA carries it: leading dots doubled, the end marked (RFC 5321, 4.5.2)."""
    dot = b"." if content.startswith(b".") else b""
    end = b"" if content.endswith(b"\r\n") else b"\r\n"
    return b"".join((dot, content.replace(b"\n.", b"\n.."), end, b".\r\n"))


def _on_the_wire(address: str) -> str | None:
    """The address with its domain in ASCII, or None when it is not one."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or _UNSAFE.search(address):
        return None
    if domain.isascii():
        return address
    with contextlib.suppress(UnicodeError):  # IDNA 2008: the standard library would write ß as ss
        return f"{local}@{idna.encode(domain, uts46=True, transitional=False).decode()}"
    return None
