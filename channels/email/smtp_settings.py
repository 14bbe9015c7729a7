"""SMTP, as the program knows it before it opens it."""

from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.loopback import is_loopback
from channels.settings import ChannelSettings


def _missing(settings: ChannelSettings) -> str | None:
    if not settings.host:
        return "SMTP needs DISPATCHER_CHANNELS__EMAIL__HOST"
    if settings.oauth_token_url and not (settings.username and settings.oauth_client_id):
        return "SMTP with OAUTH_TOKEN_URL needs DISPATCHER_CHANNELS__EMAIL__USERNAME and __OAUTH_CLIENT_ID"
    return None


SMTP = Adapter(
    name="smtp",
    kinds=(ChannelKind.EMAIL,),
    missing=_missing,
    stays_here=lambda settings: is_loopback(settings.host),
)
