"""Opens the adapter that the settings name; each provider's library is imported only when it is used."""

from collections.abc import Callable, Mapping
from typing import Final

from channels.kind import ChannelKind
from channels.port import Channel
from channels.settings import ChannelSettings


class UnknownProviderError(ValueError):
    """The settings name a provider that does not serve this kind of channel."""


def open_channel(kind: ChannelKind, settings: ChannelSettings) -> Channel:
    """The adapter for one kind. Raises UnknownProviderError, and ValueError for an address that is none."""
    openers = PROVIDERS[kind]
    if (opener := openers.get(settings.provider)) is None:
        raise UnknownProviderError(
            f"DISPATCHER_CHANNELS__{kind.name}__PROVIDER is {settings.provider!r}; "
            f"for {kind} it can be {', '.join(openers)}"
        )
    return opener(kind, settings)


def _folder(kind: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.folder import FolderChannel

    return FolderChannel(kind, settings)


def _smtp(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.email.smtp import SmtpChannel

    return SmtpChannel(settings)


def _sendgrid(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.email.sendgrid import SendGridChannel

    return SendGridChannel(settings)


def _twilio(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.sms.twilio import TwilioChannel

    return TwilioChannel(settings)


def _spool(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.letter.spool import SpoolChannel

    return SpoolChannel(settings)


def _lob(_: ChannelKind, settings: ChannelSettings) -> Channel:
    from channels.letter.lob import LobChannel

    return LobChannel(settings)


Opener = Callable[[ChannelKind, ChannelSettings], Channel]
PROVIDERS: Final[Mapping[ChannelKind, Mapping[str, Opener]]] = {
    ChannelKind.EMAIL: {"folder": _folder, "smtp": _smtp, "sendgrid": _sendgrid},
    ChannelKind.SMS: {"folder": _folder, "twilio": _twilio},
    ChannelKind.LETTER: {"folder": _folder, "spool": _spool, "lob": _lob},
}
