"""SendGrid, as the program knows it before it opens it."""

from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.settings import ChannelSettings


def _missing(settings: ChannelSettings) -> str | None:
    return None if settings.api_key else "SendGrid needs DISPATCHER_CHANNELS__EMAIL__API_KEY"


def _deaf_without(settings: ChannelSettings) -> str | None:
    return None if settings.webhook_key else "DISPATCHER_CHANNELS__EMAIL__WEBHOOK_KEY"


SENDGRID = Adapter(
    name="sendgrid",
    kinds=(ChannelKind.EMAIL,),
    missing=_missing,
    deaf_without=_deaf_without,
)
