"""A relay that takes, refuses or drops mail by what the recipient's address says."""

import asyncio
import re
import ssl
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

# rcpt-550-5.1.1@..., data-552-5.3.4@..., drop@... (cut before the data), lost@... (taken, then cut), slow-3@...
_SCRIPTED = re.compile(r"(rcpt|data)-(\d{3})(?:-([\d.]+))?@")
_SLOW = re.compile(r"slow-([\d.]+)@")


class Relay:
    """Keeps each taken message as `<number>.eml` in its folder, byte for byte, beside its envelope; or nothing."""

    def __init__(self, folder: Path | None, *, pipelining: bool) -> None:
        self._folder = folder
        self._pipelining = pipelining
        self._count = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        more = ["250-PIPELINING"] if self._pipelining else []
        return [*responses[:-1], *more, *responses[-1:]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("drop@"):
            server.transport.abort()
        if (found := _SCRIPTED.match(address)) and found[1] == "rcpt":
            return f"{found[2]} {found[3] or ''} refused for {address}".replace("  ", " ")
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        to = envelope.rcpt_tos[0]
        if (found := _SCRIPTED.match(to)) and found[1] == "data":
            return f"{found[2]} {found[3] or ''} refused".replace("  ", " ")
        self._keep(envelope)
        if slow := _SLOW.match(to):
            await asyncio.sleep(float(slow[1]))
        if to.startswith("lost@"):
            server.transport.abort()
        return f"250 2.0.0 OK: queued as Q{self._count:06d}"

    def _keep(self, envelope: Envelope) -> None:
        self._count += 1
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        content = envelope.original_content or b""
        card = f"{envelope.mail_from}\n{envelope.rcpt_tos[0]}\n{' '.join(envelope.mail_options)}\n"
        (self._folder / f"{self._count:06d}.envelope").write_text(card, encoding="utf-8")
        (self._folder / f"{self._count:06d}.eml").write_bytes(content)


async def serve_smtp(
    folder: Path | None,
    *,
    context: ssl.SSLContext,
    mode: str,
    password: str = "",
    utf8: bool = True,
    pipelining: bool = False,
) -> tuple[asyncio.Server, int]:
    """Start a relay on loopback: `mode` is starttls, tls or none; with a password it wants a log-in."""

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=data.password == password.encode(), handled=False)

    relay = Relay(folder, pipelining=pipelining)

    def connection() -> SMTP:
        return SMTP(
            relay,
            hostname="relay.localhost",
            tls_context=context if mode == "starttls" else None,
            require_starttls=mode == "starttls",
            authenticator=authenticate if password else None,
            auth_required=bool(password),
            auth_require_tls=mode == "starttls",
            enable_SMTPUTF8=utf8,
        )

    loop = asyncio.get_running_loop()
    tls = context if mode == "tls" else None
    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=tls)
    return server, server.sockets[0].getsockname()[1]
