"""SMTP, as the program knows it before it opens it."""

from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.loopback import is_loopback
from channels.port import Channel
from channels.settings import ChannelSettings


def _missing(settings: ChannelSettings) -> str | None:
    if not settings.host:
        return "SMTP needs DISPATCHER_CHANNELS__EMAIL__HOST"
    if settings.oauth_token_url and not (settings.username and settings.oauth_client_id):
        return "SMTP with OAUTH_TOKEN_URL needs DISPATCHER_CHANNELS__EMAIL__USERNAME and __OAUTH_CLIENT_ID"
    return None


def _channel(_kind: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.email.smtp import SmtpChannel

    return SmtpChannel(settings)


SMTP = Adapter(
    name="smtp",
    kinds=(ChannelKind.EMAIL,),
    channel=_channel,
    missing=_missing,
    stays_here=lambda settings: is_loopback(settings.host),
)
