"""What one channel needs to know, as plain values; the dispatcher's settings fill them."""

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


def missing(settings: ChannelSettings) -> str | None:
    """Which variables the provider cannot be used without, as a sentence, or None."""
    match settings.provider:
        case "sendgrid" if not settings.api_key:
            return "SendGrid needs DISPATCHER_CHANNELS__EMAIL__API_KEY"
        case "smtp":
            return _smtp_misses(settings)
        case "twilio" if not (settings.account_sid and settings.auth_token):
            return "Twilio needs DISPATCHER_CHANNELS__SMS__ACCOUNT_SID and __AUTH_TOKEN"
        case "twilio" if not (settings.sender or settings.messaging_service_sid):
            return "Twilio needs DISPATCHER_CHANNELS__SMS__FROM or __MESSAGING_SERVICE_SID"
        case "lob" if not settings.api_key:
            return "Lob needs DISPATCHER_CHANNELS__LETTER__API_KEY"
    return None


def _smtp_misses(settings: ChannelSettings) -> str | None:
    if not settings.host:
        return "SMTP needs DISPATCHER_CHANNELS__EMAIL__HOST"
    if settings.oauth_token_url and not (settings.username and settings.oauth_client_id):
        return "SMTP with OAUTH_TOKEN_URL needs DISPATCHER_CHANNELS__EMAIL__USERNAME and __OAUTH_CLIENT_ID"
    return None


def deaf_without(settings: ChannelSettings) -> str | None:
    """The variable that is not set and without which the provider's webhooks cannot be believed, or None."""
    match settings.provider:
        case "sendgrid" if not settings.webhook_key:
            return "DISPATCHER_CHANNELS__EMAIL__WEBHOOK_KEY"
        case "lob" if not settings.webhook_secret:
            return "DISPATCHER_CHANNELS__LETTER__WEBHOOK_SECRET"
    return None
