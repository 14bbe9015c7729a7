"""Lob, as the program knows it before it opens it."""

from channels.account import Account
from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.port import Channel
from channels.settings import ChannelSettings


def _missing(settings: ChannelSettings) -> str | None:
    return None if settings.api_key else "Lob needs DISPATCHER_CHANNELS__LETTER__API_KEY"


def _deaf_without(settings: ChannelSettings) -> str | None:
    return None if settings.webhook_secret else "DISPATCHER_CHANNELS__LETTER__WEBHOOK_SECRET"


def _channel(_kind: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.letter.lob import LobChannel

    return LobChannel(settings)


def _account(settings: ChannelSettings) -> Account:
    from channels.letter.lob_account import LobAccount

    return LobAccount(settings)


LOB = Adapter(
    name="lob",
    kinds=(ChannelKind.LETTER,),
    channel=_channel,
    account=_account,
    missing=_missing,
    deaf_without=_deaf_without,
)
