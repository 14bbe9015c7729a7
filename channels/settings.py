"""What a provider may need to know, as plain values; the dispatcher's settings fill them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelSettings:
    """Settings of one channel. Time-outs in seconds, `rate` in messages a second (0: no limit).

    Secrets are kept out of `repr`.
    """

    provider: str = "folder"
    folder: Path = Path("var/outbox")
    spool: Path = Path("var/spool")
    base_url: str = ""
    connect_timeout: float = 5.0
    timeout: float = 15.0
    concurrency: int = 16
    rate: float = 0.0
    public_url: str = "http://localhost:8000"
    sender: str = ""
    api_key: str = ""
    webhook_key: str = ""
    webhook_secret: str = ""
    host: str = ""
    port: int = 0
    username: str = ""
    password: str = ""
    tls: str = "starttls"
    oauth_token_url: str = ""
    oauth_client_id: str = ""
    oauth_client_secret: str = ""
    oauth_refresh_token: str = ""
    oauth_scope: str = ""
    account_sid: str = ""
    auth_token: str = ""
    messaging_service_sid: str = ""

    def __repr__(self) -> str:
        """Name the provider alone: settings hold secrets."""
        return f"ChannelSettings(provider={self.provider!r})"
