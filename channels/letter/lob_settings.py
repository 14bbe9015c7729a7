"""Lob, as the program knows it before it opens it."""

from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.settings import ChannelSettings


def _missing(settings: ChannelSettings) -> str | None:
    return None if settings.api_key else "Lob needs DISPATCHER_CHANNELS__LETTER__API_KEY"


def _deaf_without(settings: ChannelSettings) -> str | None:
    return None if settings.webhook_secret else "DISPATCHER_CHANNELS__LETTER__WEBHOOK_SECRET"


LOB = Adapter(
    name="lob",
    kinds=(ChannelKind.LETTER,),
    missing=_missing,
    deaf_without=_deaf_without,
)
