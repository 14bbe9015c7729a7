"""Twilio, as the program knows it before it opens it."""

from channels.account import Account
from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.port import Channel
from channels.settings import ChannelSettings


def _missing(settings: ChannelSettings) -> str | None:
    if not (settings.account_sid and settings.auth_token):
        return "Twilio needs DISPATCHER_CHANNELS__SMS__ACCOUNT_SID and __AUTH_TOKEN"
    if not (settings.sender or settings.messaging_service_sid):
        return "Twilio needs DISPATCHER_CHANNELS__SMS__FROM or __MESSAGING_SERVICE_SID"
    return None


def _channel(_kind: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.sms.twilio import TwilioChannel

    return TwilioChannel(settings)


def _account(settings: ChannelSettings) -> Account:
    from channels.sms.twilio_account import TwilioAccount

    return TwilioAccount(settings)


TWILIO = Adapter(
    name="twilio",
    kinds=(ChannelKind.SMS,),
    channel=_channel,
    account=_account,
    missing=_missing,
)
