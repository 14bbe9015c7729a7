"""Opens, keeps and lends sessions with one SMTP relay."""

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from channels.deadline import DeadlineReader, buffered
from channels.email.oauth_token import TokenError, TokenSource
from channels.email.smtp_outcomes import Stage
from channels.settings import ChannelSettings

IDLE_SECONDS = 30.0
MOST_MESSAGES = 100  # relays commonly close a session after about this many
_PASSWORDS = frozenset({"PLAIN", "LOGIN", "CRAM-MD5"})  # what the standard library's log-in speaks
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class RefusedError(Exception):
    """The relay answered, and not with consent."""

    def __init__(self, stage: Stage, code: int, reply: bytes) -> None:
        super().__init__(f"{stage} {code}")
        self.stage = stage
        self.code = code
        self.reply = reply


class _Client(smtplib.SMTP):
    """The standard client with a connect time-out of its own, and TLS from the first byte if asked."""

    def __init__(self, settings: ChannelSettings, context: ssl.SSLContext, hostname: str) -> None:
        self._settings = settings
        self._context = context
        self._latest = 0.0
        super().__init__(settings.host, _port(settings), local_hostname=hostname, timeout=settings.timeout)

    def begin(self) -> None:
        """What follows, up to the next such moment, shares one deadline: also replies that drip or do not end."""
        self._latest = time.monotonic() + self._settings.timeout

    def left(self) -> float:
        """Seconds until the deadline; raises TimeoutError when it is over."""
        left = self._latest - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def getreply(self) -> tuple[int, bytes]:
        """The next reply. Raises TimeoutError when it does not end in time."""
        if self.file is None and self.sock is not None:
            self._reader = DeadlineReader(self.sock, self._latest)
            self.file = buffered(self._reader)
        if self.file is not None:
            self._reader.latest = self._latest
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:  # in place of the TimeoutError that it was
            if isinstance(error.__context__, TimeoutError):
                raise error.__context__ from None
            raise

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = socket.create_connection((host, port), self._settings.connect_timeout)
        self.begin()
        connection.settimeout(timeout)
        # Else the last piece of a content waits for the receipt of the one before, up to 40 ms on a real network.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._settings.tls != "tls":
            return connection
        return self._context.wrap_socket(connection, server_hostname=host)


@dataclass(kw_only=True, slots=True)
class Session:
    """One open conversation; `fresh` until its first message has gone through."""

    client: _Client
    fresh: bool = True
    messages: int = 0
    used_at: float = field(default_factory=time.monotonic)

    def write(self, data: bytes) -> None:
        """Give all of it to the network. Raises OSError or SMTPServerDisconnected: then its end has not gone."""
        if self.client.sock is None:
            raise smtplib.SMTPServerDisconnected("closed")
        self.client.sock.settimeout(self.client.left())
        self.client.sock.sendall(data)

    def close(self) -> None:
        """Say goodbye if the other side still listens."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.client.begin()
            self.client.quit()
        self.client.close()


class SessionPool:
    """Sessions that wait for their next message. Thread-safe; holds at most `concurrency` idle ones."""

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._context = ssl.create_default_context()
        self._hostname = _hostname()
        self._tokens = TokenSource(settings)
        self._idle: list[Session] = []
        self._lock = threading.Lock()

    def take(self, *, fresh: bool = False) -> Session:
        """A kept session, or a new one, whose conversation begins now.

        Raises OSError, smtplib.SMTPException or RefusedError.
        """
        stale: list[Session] = []
        found = None if fresh else self._pop(stale)
        for session in stale:
            session.close()
        session = found or self._open()
        session.client.begin()
        return session

    def _pop(self, stale: list[Session]) -> Session | None:
        with self._lock:
            while self._idle:
                session = self._idle.pop()
                if time.monotonic() - session.used_at < IDLE_SECONDS:
                    return session
                stale.append(session)
        return None

    def give_back(self, session: Session) -> None:
        """Keep the session for the next message, unless it has served long enough."""
        session.fresh = False
        session.used_at = time.monotonic()
        with self._lock:
            if session.messages < MOST_MESSAGES and len(self._idle) < self._settings.concurrency:
                self._idle.append(session)
                return
        session.close()

    def close(self) -> None:
        """End every waiting session."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    def _open(self) -> Session:
        with _refusals(Stage.CONNECT):
            client = _Client(self._settings, self._context, self._hostname)
        try:
            self._secure(client)
            self._log_in(client)
        except BaseException:
            client.close()
            raise
        return Session(client=client)

    def _secure(self, client: _Client) -> None:
        with _refusals(Stage.CONNECT):
            client.ehlo_or_helo_if_needed()
            if self._settings.tls != "starttls":
                return
            if not client.has_extn("starttls"):
                reply = b"the relay offers no STARTTLS; use TLS=tls, or TLS=none on a trusted network only"
                raise RefusedError(Stage.CONNECT, 530, reply)
            code, reply = client.starttls(context=self._context)
            if code != 220:
                raise RefusedError(Stage.CONNECT, code, reply)
            client.ehlo_or_helo_if_needed()

    def _log_in(self, client: _Client) -> None:
        if not self._settings.username:
            return
        offered = client.esmtp_features.get("auth", "").upper().split()
        if not self._settings.oauth_token_url and not _PASSWORDS & set(offered):
            raise RefusedError(Stage.AUTH, 538, _no_log_in(offered))
        try:
            with _refusals(Stage.AUTH):
                if self._settings.oauth_token_url:
                    self._log_in_by_token(client, offered)
                else:
                    client.login(self._settings.username, self._settings.password)
        except ValueError:  # the standard library speaks ASCII alone, and reads only challenges in base64
            words = b"the log-in holds letters beyond ASCII, or the relay's challenge cannot be read"
            raise RefusedError(Stage.AUTH, 535, words) from None

    def _log_in_by_token(self, client: _Client, offered: Sequence[str]) -> None:
        if "XOAUTH2" not in offered:
            raise RefusedError(Stage.AUTH, 538, _no_log_in(offered))
        try:
            token = self._tokens.token()
        except TokenError as error:
            raise RefusedError(Stage.AUTH, error.code, str(error).encode()) from None
        first = f"user={self._settings.username}\x01auth=Bearer {token}\x01\x01"
        # A refusal comes as a challenge, to be answered with an empty line (Google's and Microsoft's description).
        try:
            client.auth("XOAUTH2", lambda challenge=None: first if challenge is None else "")
        except smtplib.SMTPAuthenticationError:
            self._tokens.forget()
            raise


def _no_log_in(offered: Sequence[str]) -> bytes:
    if not offered:
        return b"the relay offers no log-in; leave the user name empty, or look at TLS and PORT"
    way_out = "set DISPATCHER_CHANNELS__EMAIL__OAUTH_TOKEN_URL, __OAUTH_CLIENT_ID and __OAUTH_CLIENT_SECRET"
    if "XOAUTH2" not in offered:
        way_out = "none of which we know"
    return f"the relay offers {', '.join(offered)} alone: {way_out}".encode()


@contextlib.contextmanager
def _refusals(stage: Stage) -> Iterator[None]:
    """Turn the standard library's reply exceptions into ours, with the stage."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < 100:  # the library's sign for words that are no SMTP
            raise smtplib.SMTPServerDisconnected("no reply") from None
        reply = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        raise RefusedError(stage, error.smtp_code, reply) from None


def _port(settings: ChannelSettings) -> int:
    return settings.port or _PORTS.get(settings.tls, 587)


def _hostname() -> str:
    """Our name for EHLO; getfqdn, the library's default, may wait for DNS."""
    name = socket.gethostname()
    return name if name.isascii() and "." in name else "localhost"
