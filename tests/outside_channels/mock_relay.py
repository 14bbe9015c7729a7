"""A mail relay that keeps what it takes, and refuses, drops or loses what it is told to."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "acme-relay-user", "relay-pass-3f9c"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One message as it was taken."""

    sender: str
    to: str
    content: bytes


class MockRelay:
    """`script` holds what happens to the next messages: ok, rcpt:<reply>, data:<reply>, drop, lost or hang."""

    def __init__(self) -> None:
        self.taken: list[Mail] = []
        self.script: list[str] = []
        self.port = 0
        self.log_ins_fail = False

    def forget(self) -> None:
        self.taken, self.script, self.log_ins_fail = [], [], False

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.script and self.script[0] == "drop":
            self.script.pop(0)
            server.transport.abort()
        if self.script and self.script[0].startswith("rcpt:"):
            return self.script.pop(0).removeprefix("rcpt:")
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        told = self.script.pop(0) if self.script else "ok"
        if told.startswith("data:"):
            return told.removeprefix("data:")
        content = envelope.original_content
        assert content is not None
        self.taken.append(Mail(sender=str(envelope.mail_from), to=envelope.rcpt_tos[0], content=content))
        if told == "lost":
            server.transport.abort()
        if told == "hang":
            await asyncio.sleep(5)
        return "250 2.0.0 OK: queued as 4Bx9"

    def _log_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        right = data.login == USER.encode() and data.password == PASSWORD.encode()
        return AuthResult(success=right and not self.log_ins_fail, handled=False)

    def _conversation(self) -> SMTP:
        return SMTP(
            self,
            hostname="relay.localhost",
            authenticator=self._log_in,
            auth_required=True,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
        )

    @contextmanager
    def listening(self) -> Iterator["MockRelay"]:
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(loop.create_server(self._conversation, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            server.close()
            loop.close()
