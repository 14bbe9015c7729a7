"""Sends finished e-mail through an SMTP relay, byte for byte, over kept sessions."""

import contextlib
import re
import smtplib
import ssl
from datetime import datetime

from channels.email.smtp_outcomes import Stage, refusal
from channels.email.smtp_session import RefusedError, Session, SessionPool
from channels.kind import ChannelKind
from channels.message import OutboundMessage
from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater, Unknown
from channels.privacy import without
from channels.settings import ChannelSettings, missing

_QUEUED_AS = re.compile(r"queued as (\S+)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")
_BARE_NEWLINE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")


class SmtpChannel:
    """E-mail by a relay, which also signs it (DKIM). A lost final answer stays unknown."""

    kind = ChannelKind.EMAIL
    provider = "smtp"
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
        private = (message.to, to, self._settings.password)
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
        if conversation.data_written:
            return Unknown(why=f"the message was handed over; {self._words(error)}")
        return None if was_kept else TryLater(reason=self._words(error))

    def _end_politely(self, session: Session, code: int) -> None:
        if code == 421:
            session.client.close()
            return
        try:
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
        detail = error.strerror if isinstance(error, OSError) else type(error).__name__
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
        return missing(self._settings)

    def close(self) -> None:
        """End the kept sessions."""
        self._sessions.close()


class _Conversation:
    """One message over one session; `data_written` from the moment its content may have left."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client
        self.data_written = False

    def hand_over(self, sender: str, to: str, message: OutboundMessage) -> Outcome:
        """Raises RefusedError, OSError or smtplib.SMTPException."""
        content = _BARE_NEWLINE.sub(b"\r\n", message.body)
        options = self._options(sender, to, content)
        _expect(Stage.MAIL, self._client.mail(sender, options), 250)
        _expect(Stage.RCPT, self._client.rcpt(to), 250, 251)
        _expect(Stage.DATA, self._client.docmd("DATA"), 354)
        self.data_written = True
        self._client.send(_stuffed(content))
        code, reply = self._client.getreply()
        _expect(Stage.DATA, (code, reply), 250)
        self._session.messages += 1
        return _accepted(reply, message.message_id)

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
            self._client.command_encoding = "utf-8"
        else:
            self._client.command_encoding = "ascii"
        return options

    def _need(self, extension: str, reply: bytes) -> None:
        if not self._client.has_extn(extension):
            raise RefusedError(Stage.DATA, 550, reply)


def _expect(stage: Stage, answer: tuple[int, bytes], *wanted: int) -> None:
    code, reply = answer
    if code == -1:
        raise smtplib.SMTPServerDisconnected("no reply")
    if code not in wanted:
        raise RefusedError(stage, code, reply)


def _accepted(reply: bytes, message_id: str) -> Accepted:
    words = reply.decode("utf-8", "replace")
    queued = _QUEUED_AS.search(words)
    return Accepted(provider_id=queued[1] if queued else message_id, note=without(words))


def _stuffed(content: bytes) -> bytes:
    """The content as DATA carries it: leading dots doubled, the end marked (RFC 5321, 4.5.2)."""
    end = b"" if content.endswith(b"\r\n") else b"\r\n"
    return _LEADING_DOT.sub(b"..", content) + end + b".\r\n"


def _on_the_wire(address: str) -> str | None:
    """The address with its domain in ASCII, or None when it is not one."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or _UNSAFE.search(address):
        return None
    with contextlib.suppress(UnicodeError):
        return f"{local}@{domain.encode('idna').decode()}"
    return None
