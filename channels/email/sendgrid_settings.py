"""SendGrid, as the program knows it before it opens it."""

from channels.account import Account
from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.port import Channel
from channels.settings import ChannelSettings


def _missing(settings: ChannelSettings) -> str | None:
    return None if settings.api_key else "SendGrid needs DISPATCHER_CHANNELS__EMAIL__API_KEY"


def _deaf_without(settings: ChannelSettings) -> str | None:
    return None if settings.webhook_key else "DISPATCHER_CHANNELS__EMAIL__WEBHOOK_KEY"


def _channel(_kind: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.email.sendgrid import SendGridChannel

    return SendGridChannel(settings)


def _account(settings: ChannelSettings) -> Account:
    from channels.email.sendgrid_account import SendGridAccount

    return SendGridAccount(settings)


SENDGRID = Adapter(
    name="sendgrid",
    kinds=(ChannelKind.EMAIL,),
    channel=_channel,
    account=_account,
    missing=_missing,
    deaf_without=_deaf_without,
)
