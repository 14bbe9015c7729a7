"""Access tokens for relays that take no passwords (RFC 6749): by client credentials, or by a refresh token."""

import threading
import time
from urllib.parse import urlencode, urlsplit

from channels.http import NoAnswerError, NotWrittenError, Transport
from channels.settings import ChannelSettings

_EARLIER = 60.0  # seconds: a token is not used up to its last moment
_SHORTEST = 60.0


class TokenError(Exception):
    """No token was to be had; `code` is an SMTP reply code: 454 for a passing fault, 535 for a refusal."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


class TokenSource:
    """One token at a time, kept for as long as it lives. Thread-safe."""

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def token(self) -> str:
        """A token that lives; raises TokenError."""
        with self._lock:
            if not self._token or time.monotonic() >= self._until:
                self._token, lives = self._ask()
                self._until = time.monotonic() + max(lives - _EARLIER, _SHORTEST)
            return self._token

    def forget(self) -> None:
        """The relay refused it: the next one is asked for anew."""
        with self._lock:
            self._token = ""

    def _ask(self) -> tuple[str, float]:
        parts = urlsplit(self._settings.oauth_token_url)
        origin = f"{parts.scheme}://{parts.netloc}"
        transport = Transport(
            origin,
            connect_timeout=self._settings.connect_timeout,
            timeout=self._settings.timeout,
            concurrency=1,
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            answer = transport.request("POST", path, headers, urlencode(self._fields()).encode())
        except (NotWrittenError, NoAnswerError) as error:
            raise TokenError(f"no access token: {error}", 454) from None
        finally:
            transport.close()
        token, lives = answer.said.get("access_token"), answer.said.get("expires_in")
        if answer.status == 200 and isinstance(token, str) and token.isascii() and token.isprintable():
            return token, float(lives) if isinstance(lives, int | float) else 0.0
        raise TokenError(
            f"{parts.netloc} gives no access token: {answer.said.get('error') or f'HTTP {answer.status}'}",
            454 if answer.status >= 500 or answer.status == 429 else 535,
        )

    def _fields(self) -> dict[str, str]:
        settings = self._settings
        grant = {"grant_type": "client_credentials"}
        if settings.oauth_refresh_token:
            grant = {"grant_type": "refresh_token", "refresh_token": settings.oauth_refresh_token}
        scope = {"scope": settings.oauth_scope} if settings.oauth_scope else {}
        return {
            **grant,
            **scope,
            "client_id": settings.oauth_client_id,
            "client_secret": settings.oauth_client_secret,
        }
