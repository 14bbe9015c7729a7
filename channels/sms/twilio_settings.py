"""Twilio, as the program knows it before it opens it."""

from channels.adapter import Adapter
from channels.kind import ChannelKind
from channels.settings import ChannelSettings


def _missing(settings: ChannelSettings) -> str | None:
    if not (settings.account_sid and settings.auth_token):
        return "Twilio needs DISPATCHER_CHANNELS__SMS__ACCOUNT_SID and __AUTH_TOKEN"
    if not (settings.sender or settings.messaging_service_sid):
        return "Twilio needs DISPATCHER_CHANNELS__SMS__FROM or __MESSAGING_SERVICE_SID"
    return None


TWILIO = Adapter(
    name="twilio",
    kinds=(ChannelKind.SMS,),
    missing=_missing,
)
